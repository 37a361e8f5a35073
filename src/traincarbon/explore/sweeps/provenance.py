"""What a file of a sweep says of itself: the grid, the version, the facts and what was asked; and what of that must agree for two files to fit."""

import hashlib
import json
from os import path, walk
from typing import Any

from traincarbon._version import __version__
from traincarbon.database.load import Database, calibrations_folder
from traincarbon.explore.sweeps.evaluation import Asked
from traincarbon.explore.sweeps.grid import Grid
from traincarbon.quantities import QUANTITIES

SCHEMA = "traincarbon/sweep/1"
_COLUMNS = 2
"""Raised when columns change their type or whether they may be null: what an earlier build left unfinished is then of another sweep, and not joined."""
KEY = b"traincarbon"
"""Where the metadata of a Parquet file hold the provenance, as JSON."""


def provenance(grid: Grid, asked: Asked, database: Database, *, objectives: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what the files of a sweep say of themselves, fit for JSON; it holds no time and no name of a file, so that equal sweeps agree.

    Args:
        grid: The plans.
        asked: What is computed of each.
        database: The facts.
        objectives: What the kept plans are not beaten in; empty where all plans are kept.
    """
    stated: dict[str, Any] = {
        "schema": SCHEMA,
        "version": __version__,
        "facts_sha256": database.remember(_digest, "sweep"),
        "grid": grid.to_dict(),
        "plans": grid.count,
        "intervals": asked.intervals,
        "level": asked.level,
        "layouts": asked.layouts,
        "kept": "pareto" if objectives else "all",
        "objectives": list(objectives),
    }
    stated["units"] = {name: QUANTITIES[name].unit for name in asked.columns(grid) if name in QUANTITIES}
    stated["sweep_sha256"] = hashlib.sha256(_text({**stated, "columns": _COLUMNS}).encode("utf-8")).hexdigest()
    return stated


def metadata(stated: dict[str, Any], *, start: int, stop: int) -> dict[bytes, bytes]:
    """Return the metadata of a file that holds the plans from *start* up to *stop*."""
    return {KEY: _text({**stated, "rows": [start, stop]}).encode("utf-8")}


def read_metadata(found: dict[bytes, bytes] | None) -> dict[str, Any]:
    """Return what a file says of itself, empty if that is nothing."""
    try:
        stated = json.loads((found or {}).get(KEY, b"{}"))
    except ValueError:
        return {}
    return stated if isinstance(stated, dict) else {}


def _text(stated: dict[str, Any]) -> str:
    return json.dumps(stated, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _digest(database: Database, _: str) -> str:
    """Return a digest of every file of the database, and of the user's calibrations, which may change an estimate too."""
    digest = hashlib.sha256()
    for root in (*database.roots, calibrations_folder()):
        for folder, folders, names in walk(root):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".toml", ".csv")):
                    file = path.join(folder, name)
                    with open(file, "rb") as stream:
                        digest.update(f"{path.relpath(file, root)}\n".encode() + hashlib.sha256(stream.read()).digest())
    return digest.hexdigest()
