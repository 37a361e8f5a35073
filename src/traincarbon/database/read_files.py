"""Read one file of the database: a product from TOML, the rows of a table from CSV. What breaks the schema is refused."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from os import path

from traincarbon.database.plain_toml import plain_toml
from traincarbon.database.records import FACT_KEYS, KINDS, PRODUCTS, TABLES, Fact, Row
from traincarbon.database.row_checks import is_date, row_faults
from traincarbon.errors import DatabaseError
from traincarbon.reading import read_limited

_MOST = 1e30
"""No fact comes near this."""
_MOST_B = 100_000_000
"""No file of facts is larger."""


class ProductFile:
    """What the files of one product state; later files add to earlier ones and override them."""

    def __init__(self, folder: str, id: str) -> None:
        self.folder = folder
        self.id = id
        self.keys: dict[str, str] = {}
        self.aliases: tuple[str, ...] = ()
        self.facts: dict[str, Fact] = {}

    def add(self, root: str) -> None:
        """Read the file of the product under *root*, if there is one.

        Raises:
            DatabaseError: it is not TOML or breaks the schema.
        """
        file = path.join(root, self.folder, f"{self.id}.toml")
        if not path.exists(file):
            return
        known_keys, known_facts = PRODUCTS[self.folder]
        for name, content in read_toml(file).items():
            if isinstance(content, dict):
                if name not in known_facts:
                    raise DatabaseError(f"{file}: unknown fact {name!r}", hint=f"known are {', '.join(sorted(known_facts))}")
                self.facts[name] = _fact(file, name, content, root)
            elif name not in known_keys:
                raise DatabaseError(f"{file}: unknown key {name!r}", hint=f"known are {', '.join(sorted(known_keys))}")
            elif name == "aliases":
                self.aliases += tuple(_text(file, name, alias) for alias in (content if isinstance(content, list) else [content]))
            else:
                self.keys[name] = _text(file, name, content)


def read_text(file: str) -> str:
    """Return the text of *file*.

    Raises:
        DatabaseError: it cannot be read, or is not UTF-8.
    """
    try:
        return read_limited(file, most_b=_MOST_B).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DatabaseError(f"cannot read {file}: {reason}", hint="it must be a readable file in UTF-8") from error


def read_toml(file: str) -> dict[str, object]:
    """Return the tables and values of a TOML *file*.

    Raises:
        DatabaseError: it cannot be read, or is not TOML.
    """
    text = read_text(file).replace("\r\n", "\n")
    plain = plain_toml(text)
    if plain is not None:
        return plain
    from traincarbon.toml import parse_toml  # few files need it, and a command that needs none starts sooner

    try:
        return parse_toml(text)
    except ValueError as error:
        raise DatabaseError(f"{file} is not TOML: {error}", hint="is the file cut off?") from error


def read_sources(file: str) -> dict[str, Mapping[str, str]]:
    """Return the entries of a ``sources.toml``, none if there is no such file.

    Raises:
        DatabaseError: it is not TOML, or holds anything but tables of printable text.
    """
    found: dict[str, Mapping[str, str]] = {}
    for key, entry in (read_toml(file) if path.exists(file) else {}).items():
        if not isinstance(entry, dict) or not all(str(text).isprintable() for text in (key, *entry.values())):
            raise DatabaseError(f"{file}: [{key!r}] is no entry of printable texts", hint="an entry has title, publisher, published")
        found[key] = {name: str(text) for name, text in entry.items()}
    return found


def _text(file: str, name: str, content: object) -> str:
    if not isinstance(content, str) or not content.isprintable():
        raise DatabaseError(f"{file}: {name} must be printable text, not {content!r}", hint=f'write {name} = "…"')
    return content


def _fact(file: str, name: str, content: Mapping[str, object], origin: str) -> Fact:
    unknown = content.keys() - FACT_KEYS
    if unknown:
        raise DatabaseError(f"{file}: [{name}] has unknown keys {sorted(unknown)}", hint=f"known are {', '.join(sorted(FACT_KEYS))}")
    value = _positive(file, name, content.get("value"))
    low, high = (_positive(file, name, content[bound]) if bound in content else None for bound in ("low", "high"))
    if not (value if low is None else low) <= value <= (value if high is None else high):
        raise DatabaseError(f"{file}: [{name}] value {value:g} is outside of low and high", hint="low is at most the value, high at least")
    texts: dict[str, str] = {}
    for key in ("source", "locator", "kind"):
        text = content.get(key)
        if not isinstance(text, str) or not text.isprintable() or not text:
            raise DatabaseError(f"{file}: [{name}] has no {key}", hint="every fact names its source, the place in it and its kind")
        texts[key] = text
    if texts["kind"] not in KINDS:
        raise DatabaseError(f"{file}: [{name}] kind {texts['kind']!r} is unknown", hint=f"known are {', '.join(KINDS)}")
    for key in ("as_published", "note"):
        text = content.get(key, "")
        if not isinstance(text, str) or not text.isprintable():
            raise DatabaseError(f"{file}: [{name}] {key} is no printable text", hint=f'write {key} = "…"')
        texts[key] = text
    if texts["kind"] == "derived" and not texts["note"]:
        raise DatabaseError(f"{file}: [{name}] is derived without a note", hint="state the calculation in note")
    if texts["kind"] == "assumed" and (low is None or high is None):
        raise DatabaseError(f"{file}: [{name}] is assumed without low and high", hint="state how wide the assumption is")
    dated = content.get("dated", "")
    if not isinstance(dated, str) or (dated and not is_date(dated)):
        raise DatabaseError(f"{file}: [{name}] dated {dated!r} is no date", hint='write dated = "2026" or "2026-11"')
    return Fact(value=value, origin=origin, low=low, high=high, dated=dated, **texts)


def _positive(file: str, name: str, number: object) -> float:
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0.0 < number < _MOST:
        raise DatabaseError(f"{file}: [{name}] {str(number)[:40]!r} is not a positive number", hint="leave out what is unknown")
    return float(number)


def lines_of(text: str, key: str) -> Iterator[str]:
    """Yield the lines of *text* whose first cell is *key*; the others are not parsed."""
    mark = f"\n{key},"
    start = text.find(mark)
    while start >= 0:
        end = text.find("\n", start + 1)
        yield text[start + 1 : end if end >= 0 else len(text)]
        start = text.find(mark, start + len(mark)) if end < 0 else text.find(mark, end)


def lines_with(text: str, wanted: str) -> Iterator[str]:
    """Yield the lines of *text* after its first that hold *wanted*, which is in lower case."""
    lower = _lower(text)
    at = lower.find(wanted, lower.find("\n") + 1)
    if len(lower) != len(text):  # some letter has no single one in lower case
        yield from (line for line in text.split("\n")[1:] if wanted in line.lower())
        return
    while at >= 0:
        start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
        yield text[start : end if end >= 0 else len(text)]
        at = lower.find(wanted, end) if end >= 0 else -1


@lru_cache(maxsize=16)
def _lower(text: str) -> str:
    return text.lower()


def checked_rows(table: str, origin: str, lines: Iterable[str]) -> list[Row]:
    """Return the rows of *table* in *lines*.

    Raises:
        DatabaseError: a row is not of the schema, or a cell holds what it cannot.
    """
    rows = parse_rows(table, origin, lines)
    for row in rows:
        for fault in row_faults(table, row):
            raise DatabaseError(f"{table}.csv in {origin}, {row[TABLES[table][0]]}: {fault}", hint="carbon db check lists all such faults")
    return rows


def parse_rows(table: str, origin: str, lines: Iterable[str]) -> list[Row]:
    """Return the rows of *table* in *lines*, whatever their cells hold.

    Raises:
        DatabaseError: a quote is not closed, or a row has more or fewer cells than there are columns.
    """
    columns = TABLES[table]
    found: list[Row] = []
    try:
        parsed = list(csv.reader(line.rstrip("\r") for line in lines))
    except csv.Error as error:
        raise DatabaseError(f"{table}.csv in {origin}: {error}", hint="is a quote missing?") from error
    for cells in parsed:
        if len(cells) != len(columns):
            if not cells:
                continue
            what = f"{len(cells)} cells instead of {len(columns)} in the row of {cells[0]!r}"
            raise DatabaseError(f"{table}.csv in {origin}: {what}", hint="is the file cut off?")
        row = dict(zip(columns, cells, strict=True))
        row["origin"] = origin
        found.append(row)
    return found
