"""Exact constants, and reading and writing of quantities with SI endings."""

import math

from traincarbon.errors import QuantityError

S_PER_H = 3600.0
H_PER_DAY = 24.0
H_PER_YEAR = 8766.0
"""Hours in a Julian year of 365.25 days."""
J_PER_KWH = 3.6e6
W_PER_KW = 1e3
G_PER_KG = 1e3
B_PER_GB = 1e9

_ENDINGS = {"k": 3, "K": 3, "M": 6, "m": 6, "B": 9, "b": 9, "G": 9, "g": 9, "T": 12, "t": 12, "P": 15, "p": 15}
_SCALES = ((1e24, "Y"), (1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def parse_quantity(text: str) -> float:
    """Return the finite number that *text* states, with an optional ending k, M, B (or G), T or P.

    Underscores and commas between thousands are allowed, spaces before the ending are not needed.

    Raises:
        QuantityError: *text* is no number, has an unknown ending, or is not finite.

    Example:
        >>> parse_quantity("530B"), parse_quantity("1.4T"), parse_quantity("270e9")
        (530000000000.0, 1400000000000.0, 270000000000.0)
    """
    stripped = text.strip().replace(",", "").replace("_", "")
    ending = _ENDINGS.get(stripped[-1:], 0)
    number, _, exponent = (stripped[:-1].rstrip() if ending else stripped).lower().partition("e")
    try:
        value = float(f"{number}e{int(exponent or 0) + ending}")
    except ValueError:
        raise QuantityError(f"no number: {text!r}", hint="write 530e9, 530B, 1.4T or 270,000,000") from None
    if not math.isfinite(value):
        raise QuantityError(f"no finite number: {text!r}", hint="the largest number that fits is about 1.8e308")
    return value


def format_si(value: float, *, digits: int = 3) -> str:
    """Return *value* with an SI prefix and *digits* significant digits, such as ``'859 Z'`` for 8.59e23.

    Example:
        >>> format_si(8.586e23), format_si(1234.0), format_si(0.5)
        ('859 Z', '1.23 k', '0.5')
    """
    rounded = float(f"{value:.{digits - 1}e}")
    for scale, prefix in _SCALES:
        if abs(rounded) >= scale:
            return f"{rounded / scale:.{digits}g} {prefix}"
    return f"{rounded:.{digits}g}"
