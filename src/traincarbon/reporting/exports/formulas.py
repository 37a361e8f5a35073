"""Equations as formulas of a workbook: cells in place of names, and the signs of a spreadsheet."""

import re
from collections.abc import Mapping

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A name in an equation."""
_EXPONENT = re.compile(r"(?<=\d)e(?=[+-]?\d)")


def formula_of(equation: str, cells: Mapping[str, str]) -> str:
    """Return an equation as a formula of a workbook, with the cell of each name.

    Example:
        >>> formula_of("a × (1 - b) ^ 2 × 1e9", {"a": "B2", "b": "B3"})
        'B2 * (1 - B3) ^ 2 * 1E9'
    """
    return NAME.sub(lambda found: cells.get(found[0], found[0]), _EXPONENT.sub("E", equation)).replace("×", "*").replace("²", "^2")
