"""Reading quantities as people write them: with SI endings, and as intervals."""

import math
from functools import lru_cache

from traincarbon.errors import OutOfRangeError, QuantityError
from traincarbon.uncertain import Uncertain

_ENDINGS = {"k": 3, "K": 3, "M": 6, "m": 6, "B": 9, "b": 9, "G": 9, "g": 9, "T": 12, "t": 12, "P": 15, "p": 15}
_GROUP = 3
"""Digits between two commas."""


class NoNumberError(QuantityError):
    """A text does not state a number at all."""


def parse_quantity(text: str) -> float:
    """Return the finite number that *text* states, with an optional ending k, M, B (or G), T or P.

    Underscores and commas between thousands are allowed, spaces before the ending are not needed.

    Raises:
        NoNumberError: *text* is not a number, or has an unknown ending.
        QuantityError: the number is not finite.

    Example:
        >>> parse_quantity("530B"), parse_quantity("1.4T"), parse_quantity("270e9")
        (530000000000.0, 1400000000000.0, 270000000000.0)
    """
    stripped = _without_separators(text.strip())
    ending = _ENDINGS.get(stripped[-1:], 0)
    number, mark, exponent = (stripped[:-1].rstrip() if ending else stripped).lower().partition("e")
    try:
        value = float(f"{number}e{int(exponent if mark else 0) + ending}")
    except ValueError:
        raise NoNumberError(f"not a number: {text[:60]!r}", hint="write 530e9, 530B, 1.4T or 270,000,000") from None
    if not math.isfinite(value):
        raise QuantityError(f"no finite number: {text[:60]!r}", hint="the largest number that fits is about 1.8e308")
    return value


def _without_separators(text: str) -> str:
    """Return *text* without commas where they part thousands; elsewhere they stay, and the text is not a number."""
    whole, point, rest = text.partition(".")
    first, *groups = whole.split(",")
    digits = [*groups[:-1], groups[-1].lower().rstrip("kmbgtp ").partition("e")[0]] if groups else []
    if groups and 1 <= len(first.lstrip("+-")) <= _GROUP and all(len(group) == _GROUP and group.isdigit() for group in digits):
        whole = whole.replace(",", "")
    return whole + point + rest


def is_interval(text: str) -> bool:
    """Say whether *text* states an interval, ``0.3..0.5`` or ``0.4±0.05``, rather than a number."""
    return ".." in text or "±" in text or "+-" in text


@lru_cache(maxsize=1024)
def parse_uncertain(text: str, name: str) -> Uncertain:
    """Return the interval of 90 % that *text* states, its spread called *name*.

    ``0.3..0.5`` gives the bounds; ``0.4±0.05`` (or ``0.4+-0.05``) the median and the half-width.

    Raises:
        QuantityError: a part is not a number.
        OutOfRangeError: the bounds are not positive or in the wrong order.

    Example:
        >>> low, high = parse_uncertain("0.3..0.5", "mfu").interval(0.9)
        >>> round(low, 3), round(high, 3)
        (0.3, 0.5)
    """
    if ".." in text:
        low, _, high = text.partition("..")
        _check_parts(text, low, high)
        return Uncertain.from_interval(parse_quantity(low), parse_quantity(high), name=name)
    middle, _, half = text.replace("+-", "±").partition("±")
    _check_parts(text, middle, half)
    median, width = parse_quantity(middle), parse_quantity(half)
    if not 0.0 <= width < median:
        raise OutOfRangeError(f"no interval: {text!r}", hint="the half-width after ± must be below the number before it")
    relative = 1.0 + width / median
    return Uncertain(median, Uncertain.from_interval(1.0 / relative, relative, name=name).spreads)


def _check_parts(text: str, *parts: str) -> None:
    if not all(part.strip() for part in parts):
        raise QuantityError(f"no interval: {text[:60]!r}", hint="write low..high, as 0.3..0.5, or number±half-width, as 0.4±0.05")
