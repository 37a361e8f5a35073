"""What an alternative rests on: rows of the database, each with where it stands and whether anybody has read it there."""

import math
from typing import Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.database.select import prior
from traincarbon.errors import DatabaseError
from traincarbon.uncertain import Z_90, Uncertain


class Evidence(NamedTuple):
    """One published or derived fact, and where it stands."""

    fact: str
    """The table and key of the fact, as ``techniques/gptq``."""
    claim: str
    source: str
    """Key of the source in the bibliography."""
    title: str
    locator: str
    kind: str
    """``published``, ``measured``, ``derived``, ``assumed`` or ``unverified``."""
    is_basis: bool = True
    """Whether figures were computed from it; else it supports them."""

    @property
    def is_verified(self) -> bool:
        """Whether somebody has read it in its source, or its arithmetic is stated."""
        return self.kind in ("published", "measured", "derived")

    def to_dict(self) -> dict[str, Any]:
        """Return the evidence fit for JSON."""
        return {**self._asdict(), "is_verified": self.is_verified}


def technique(database: Database, id: str) -> Row | None:
    """Return the row *id* of ``techniques.csv``, or None where the database has none."""
    rows = database.rows("techniques", id)
    return rows[0] if rows else None


def evidence_of(database: Database, row: Row, *, table: str, key: str, claim: str = "", is_basis: bool = True) -> Evidence:
    """Return what *row* of *table* says as evidence; without a *claim* that of a technique is put together from its cells."""
    title = database.sources().get(row["source"], {}).get("title", row["source"])
    return Evidence(f"{table}/{key}", claim or _claim(row), row["source"], str(title), row["locator"], row["kind"], is_basis)


def effect_of(database: Database, row: Row) -> Uncertain:
    """Return the factor that a technique leaves of a figure: one over its ratio (unit ``x``), or the rest of the share saved (``fraction``).

    A published range is taken as an interval of 90 % of the ratio or share, about its typical figure, or about its middle where the typical
    one is its better end; a single figure gets the spread of ``technique_effect``, a share of the logarithm of a ratio.

    Raises:
        DatabaseError: the row states no typical effect, or the prior is not there.
    """
    if not row["typical"]:
        raise DatabaseError(f"techniques.csv, {row['technique']}: has no typical effect", hint="state typical, in the row's unit")
    low, typical, high = (float(row[column]) if row[column] else None for column in ("low", "typical", "high"))
    assert typical is not None
    name = f"effect of {row['technique']}"
    if low and high and low < high:
        middle = math.sqrt(low * high) if typical == high else typical
        stated = Uncertain(middle, {name: math.log(high / low) / (2.0 * Z_90)})
    else:
        found = prior(database, "technique_effect", "*")
        if found is None:
            raise DatabaseError("priors.csv has no technique_effect,*", hint="carbon db check lists what is missing")
        sigma = found[1].sigma
        stated = Uncertain(typical, {name: sigma if row["unit"] == "fraction" else sigma * abs(math.log(typical))})
    return 1.0 - stated if row["unit"] == "fraction" else 1.0 / stated


def _claim(row: Row) -> str:
    figure = f"{row['low']} to {row['high']}" if row["low"] and row["high"] and row["low"] != row["high"] else row["typical"]
    unit = "×" if row["unit"] == "x" else "of it" if row["unit"] == "fraction" else row["unit"]
    quantity = row["quantity"].partition(" (")[0]
    of_what = f", {quantity}" if quantity not in ("x", "ratio", "fraction") else ""
    return f"{row['name']}: {row['effect']}{of_what} {figure} {unit}; {row['conditions']}"
