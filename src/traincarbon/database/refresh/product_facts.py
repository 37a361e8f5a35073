"""Facts of products that an edition states: which are new, which are impossible, and the files with them."""

import os
import re
from collections.abc import Mapping, Sequence
from math import isclose

from traincarbon.database.read_files import read_text
from traincarbon.database.records import PRODUCTS, Fact, Row
from traincarbon.database.refresh.upstream import Edition, Upstream
from traincarbon.errors import CarbonError

_SAME = 1e-3
"""Values that are closer than that differ by rounding."""
_MOST = 1e21


def refuse_impossible_facts(upstream: Upstream, edition: Edition, rows: Sequence[Row]) -> None:
    """Refuse an edition with a fact that no product of its kind has, or with a value that is not positive.

    Raises:
        CarbonError: it has one.
    """
    for row in rows:
        what = f"{edition.name}: {row['fact']} of {row['product']} is {row['value']}"
        if row["fact"] not in PRODUCTS[upstream.table][1]:
            raise CarbonError(f"{what}, which the database has no place for", hint="nothing was changed")
        if not 0.0 < float(row["value"]) < _MOST:
            raise CarbonError(f"{what}, not a positive number", hint="nothing was changed: has the upstream changed its form?")


def changed_facts(rows: Sequence[Row], known: Mapping[tuple[str, str], Fact]) -> list[tuple[Row, Row | None]]:
    """Return the *rows* whose value is not the one *known*, each with what is known as a row, None where nothing is."""
    found: list[tuple[Row, Row | None]] = []
    for row in rows:
        fact = known.get((row["product"], row["fact"]))
        if fact is None or not isclose(fact.value, float(row["value"]), rel_tol=_SAME):
            found.append((row, None if fact is None else _as_row(row, fact)))
    return found


def _as_row(row: Row, fact: Fact) -> Row:
    return {**row, "value": f"{fact.value:.12g}", "source": fact.source, "locator": fact.locator, "kind": fact.kind, "dated": fact.dated}


def texts_of_products(upstream: Upstream, folder: str, changes: Sequence[tuple[Row, Row | None]]) -> list[tuple[str, str, str]]:
    """Return the files of the products in *folder*, each with its text before and after the *changes*; only the facts that change are touched."""
    texts: dict[str, tuple[str, str]] = {}
    for row, _ in changes:
        file = os.path.join(folder, upstream.table, f"{row['product']}.toml")
        before, after = texts.get(file) or (text_of(file),) * 2
        texts[file] = (before, _with_fact(after, row))
    return [(file, before, after) for file, (before, after) in sorted(texts.items())]


def _with_fact(text: str, row: Row) -> str:
    """Return the *text* of a product's file with the fact of *row* in place of the one that it had, or at its end."""
    texts = [f"{key} = {_quoted(row[key])}\n" for key in ("dated", "source", "locator", "kind") if row[key]]
    block = f"[{row['fact']}]\nvalue = {float(row['value']):.12g}\n{''.join(texts)}"
    place = re.search(rf"^\[{re.escape(row['fact'])}\]\n(?:[^\n\[][^\n]*\n)*", text, re.MULTILINE)
    if place is not None:
        return text[: place.start()] + block + text[place.end() :]
    return f"{text.rstrip()}\n\n{block}" if text.strip() else block


def _quoted(text: str) -> str:
    """Return *text* as the files of products quote it, which are read without a parser of TOML: without backslashes."""
    plain = "".join(character for character in text if character.isprintable() and character != "\\")
    return f"'{plain}'" if '"' in plain and "'" not in plain else f'"{plain.replace(chr(34), chr(39))}"'


def text_of(file: str) -> str:
    """Return the text of *file*, empty if there is none."""
    return read_text(file) if os.path.exists(file) else ""
