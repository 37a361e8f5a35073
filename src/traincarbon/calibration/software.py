"""How much less a run says after a change of software: another framework, version, number format or revision of the code."""

from collections.abc import Mapping

from traincarbon.database.load import Database
from traincarbon.estimation.software_change import CHANGES, change_sigma
from traincarbon.ledger.run import Run

_CODE = "code"
_OTHER = ("carbon", "traincarbon", "codecarbon", "carbontracker", "joules", "python", "os")
"""Versions in a record that are not those of what trains."""


def software_of(record: Run, precision: str) -> dict[str, str]:
    """Return the software of a run: frameworks with versions, the revision of its ``code``, and the ``precision``, each where it is known."""
    known = {name: version for name, version in record.versions.items() if name not in _OTHER and version}
    return known | ({"precision": precision} if precision else {})


def change_spreads(database: Database) -> dict[str, float]:
    """Return the log-spread that each change of software adds, by what changes; 0 where ``priors.csv`` has none."""
    found = {row["scope"]: float(row["sigma_ln"]) for row in database.rows("priors", "calibration_change") if row["sigma_ln"]}
    return {name: found.get(name, 0.0) for name in CHANGES}


def changes_since(software: list[dict[str, str]], began: list[str], spreads: Mapping[str, float]) -> list[float]:
    """Return the log-spread that the change from each run's software to that of the latest run adds; *began* are their beginnings."""
    if not software:
        return []
    latest = software[max(range(len(began)), key=began.__getitem__)]
    return [change_sigma(each, latest, spreads) for each in software]
