"""The evidence behind an alternative: facts of the database, each with its source and whether it was checked there."""

import math
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.database.select import prior
from traincarbon.errors import DatabaseError
from traincarbon.uncertain import Z_90, Uncertain


class Evidence(NamedTuple):
    """One fact with its source.

    Attributes:
        fact: The table and key of the fact, as ``techniques/gptq``.
        claim: What it states.
        source: Key of the source in the bibliography.
        title: Title of the source.
        locator: Where in the source it stands.
        kind: ``published``, ``measured``, ``derived``, ``assumed`` or ``unverified``.
        is_basis: Whether results were computed from it; otherwise it only supports them.
    """

    fact: str
    claim: str
    source: str
    title: str
    locator: str
    kind: str
    is_basis: bool = True

    @property
    def is_verified(self) -> bool:
        """Whether the fact was checked in its source or is derived."""
        return self.kind in ("published", "measured", "derived")

    def to_dict(self) -> dict[str, object]:
        """Return the evidence fit for JSON."""
        return {**self._asdict(), "is_verified": self.is_verified}


def technique(database: Database, id: str) -> Row | None:
    """Return the row *id* of ``techniques.csv``, or None where the database has none."""
    rows = database.rows("techniques", id)
    return rows[0] if rows else None


def title_of(database: Database, source: str) -> str:
    """Return the title of a *source*, or its key where the bibliography has none."""
    return str(database.sources().get(source, {}).get("title", source))


def evidence_of(database: Database, row: Row, *, table: str, key: str, claim: str = "", is_basis: bool = True) -> Evidence:
    """Return a *row* of *table* as evidence; without a *claim*, that of a technique is built from its cells."""
    source = row["source"]
    return Evidence(f"{table}/{key}", claim or _claim(row), source, title_of(database, source), row["locator"], row["kind"], is_basis)


def effect_of(database: Database, row: Row) -> Uncertain:
    """Return the factor that a technique applies: one over its ratio (unit ``x``), or one less the share saved (``fraction``).

    A published range is a 90 % interval of the ratio or share. Its centre is the typical value, or the middle of the range where the
    typical value is the better end. A single value has the spread ``technique_effect``, a share of the logarithm of a ratio.

    Raises:
        DatabaseError: the row states no typical effect, or the prior is missing.
    """
    if not row["typical"]:
        raise DatabaseError(f"techniques.csv, {row['technique']}: no typical effect", hint="state typical, in the row's unit")
    typical = float(row["typical"])
    low, high = (float(row[column]) if row[column] else None for column in ("low", "high"))
    name = f"effect of {row['technique']}"
    if low and high and low < high:
        middle = math.sqrt(low * high) if typical == high else typical
        stated = Uncertain(middle, {name: math.log(high / low) / (2.0 * Z_90)})
    else:
        found = prior(database, "technique_effect", "*")
        if found is None:
            raise DatabaseError("priors.csv has no technique_effect,*", hint="carbon db check lists missing facts")
        sigma = found[1].sigma
        stated = Uncertain(typical, {name: sigma if row["unit"] == "fraction" else sigma * abs(math.log(typical))})
    return 1.0 - stated if row["unit"] == "fraction" else 1.0 / stated


def _claim(row: Row) -> str:
    is_share = row["unit"].startswith("fraction")
    low, typical, high = (f"{100.0 * float(row[column]):g}" if is_share and row[column] else row[column] for column in ("low", "typical", "high"))
    amount = f"{low} to {high}" if low and high and low != high else typical
    unit = "×" if row["unit"] == "x" else row["unit"].replace("fraction", "%")
    quantity = row["quantity"].partition(" (")[0].removeprefix("fraction ")
    of_what = f", {quantity}" if quantity not in ("x", "ratio", "fraction") else ""
    return f"{row['name']}: {row['effect']}{of_what} {amount} {unit}; {row['conditions']}"
