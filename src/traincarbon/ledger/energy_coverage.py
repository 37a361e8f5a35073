"""What the energy of no known part covers: whole servers, or nobody knows."""

from collections.abc import Mapping

WHOLE = "node"
"""The energy of the parts and that under ``other`` are together that of whole servers."""
_UNSURE = ("sacct", "eco2ai", "mlflow", "wandb")
"""Formats whose sum may be that of the processors alone, or of some parts."""


def covers_of(stated: Mapping[str, object], energy_j: Mapping[str, float | None]) -> str:
    """Return what the energy under ``other`` covers by a record: :data:`WHOLE`, or "" if there is none or it is unknown.

    Records of older versions do not state it; there, the format of their file decides.

    Example:
        >>> covers_of({"source": "sacct"}, {"other": 5.0}), covers_of({"source": "csv"}, {"other": 5.0}), covers_of({"energy_covers": "node"}, {"other": None})
        ('', 'node', '')
    """
    if energy_j.get("other") is None:
        return ""
    if "energy_covers" in stated:
        return WHOLE if stated["energy_covers"] == WHOLE else ""
    return "" if stated.get("source") in _UNSURE else WHOLE
