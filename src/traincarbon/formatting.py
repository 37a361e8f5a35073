"""Numbers and words as a person reads them: rounded to what is known, without what could drive the terminal."""

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple


class Scale(NamedTuple):
    """How a quantity of some size is written: its divisor and what stands around the number, as in $7.9M, 2.0M GPU-hours and 1.3 GWh.

    Attributes:
        size: What the value is divided by.
        prefix: What stands before the number, as ``$``.
        suffix: What follows it without a space, as ``M``.
        unit: What follows it after a space, as ``GWh``.
    """

    size: float
    prefix: str = ""
    suffix: str = ""
    unit: str = ""

    @property
    def name(self) -> str:
        """What an axis or the head of a column calls the scale: ``$M``, ``M GPU-hours``, ``GWh``."""
        return f"{self.prefix}{self.suffix} {self.unit}".strip()

    @property
    def smallest(self) -> float:
        """The smallest value that is written in this scale: hours serve up to two days."""
        return 2.0 * self.size if self.unit == "days" else self.size

    def around(self, number: str) -> str:
        """Return a formatted *number* with prefix and suffix, without the unit."""
        sign, digits = ("-", number[1:]) if number.startswith("-") and self.prefix else ("", number)
        return f"{sign}{self.prefix}{digits}{self.suffix}"

    def text(self, number: str) -> str:
        """Return a formatted *number* with all that stands around it.

        Example:
            >>> Scale(1e6, prefix="$", suffix="M").text("7.9"), Scale(1e6, unit="GWh").text("1.3")
            ('$7.9M', '1.3 GWh')
        """
        return f"{self.around(number)} {self.unit}".rstrip()


LADDERS: dict[str, tuple[Scale, ...]] = {
    "kWh": tuple(Scale(size, unit=name) for size, name in ((1e9, "TWh"), (1e6, "GWh"), (1e3, "MWh"), (1.0, "kWh"), (1e-3, "Wh"))),
    "W": tuple(Scale(size, unit=name) for size, name in ((1e6, "MW"), (1e3, "kW"), (1.0, "W"))),
    "kg CO2e": tuple(Scale(size, unit=name) for size, name in ((1e9, "Mt"), (1e6, "kt"), (1e3, "t"), (1.0, "kg"), (1e-3, "g"))),
    "L": tuple(Scale(size, unit=name) for size, name in ((1e9, "hm³"), (1e3, "m³"), (1.0, "L"), (1e-3, "mL"))),
    "$": tuple(Scale(size, prefix="$", suffix=suffix) for size, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, ""))),
    "count": tuple(Scale(size, suffix=suffix) for size, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1.0, ""))),
    "h": tuple(Scale(size, suffix=suffix, unit="GPU-hours") for size, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, ""))),
    "s": tuple(Scale(size, unit=name) for size, name in ((365.25 * 86400.0, "years"), (86400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))),
}
"""The scales of each unit, the largest first."""
LEAST: dict[str, float] = {"kWh": 1e-3, "kg CO2e": 1e-3, "L": 1e-3, "$": 0.01, "h": 1e-3, "s": 1e-3}
"""The smallest amount of each unit that is written out: 1 Wh, 1 g, 1 mL, a cent, a thousandth of a GPU-hour or of a second."""
READABLE = (1e-6, 1e10)
"""Sizes of numbers that are written out, without an exponent."""
_LONGEST_WORD = 60


def scale_of(value: float, unit: str) -> Scale:
    """Return the scale in which *value* is easiest to read.

    Example:
        >>> scale_of(1.56e6, "kWh").name, scale_of(0.0, "$").name
        ('GWh', '$')
    """
    scales = LADDERS.get(unit)
    if scales is None:
        return Scale(1.0, unit=unit)
    for scale in scales:
        if abs(value) >= scale.smallest * 0.9995:
            return scale
    return scales[-1] if value else next(scale for scale in scales if scale.size == 1.0)


def significant(value: float, digits: int, *, is_exact: bool = True) -> str:
    """Return *value* with so many significant digits, thousands separated; in scientific notation only where that is absurd.

    What may be exact is a whole number without decimals where it rounds to one; what is not keeps its zeros.

    Example:
        >>> significant(2437912.3, 2), significant(0.35342, 2), significant(7.0, 3), significant(7.0, 3, is_exact=False)
        ('2,400,000', '0.35', '7', '7.00')
    """
    if value == 0.0 or not READABLE[0] <= abs(value) < READABLE[1]:
        return f"{value:.{digits}g}"
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    decimals = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    return f"{rounded:,.{0 if is_exact and rounded == int(rounded) else decimals}f}"


def is_negligible(value: float, unit: str) -> bool:
    """Return whether *value* is too small to be written out, but not zero.

    Example:
        >>> is_negligible(2e-4, "kWh"), is_negligible(0.0, "kWh"), is_negligible(2.0, "kWh")
        (True, False, False)
    """
    return 0.0 < value < LEAST.get(unit, 0.0) * 0.9995


def median_and_interval(interval: Any, unit: str) -> tuple[str, str, str]:
    """Return median, unit and interval of a quantity on one scale, rounded to what is known.

    Example:
        >>> from traincarbon.uncertain import Interval
        >>> median_and_interval(Interval(2.7e6, 7.88e6, 23e6), "$"), median_and_interval(Interval(6.9e5, 1.33e6, 2.5e6), "kWh")
        (('$7.88M', '', '$2.7M – $23M'), ('1.33', 'GWh', '0.69 – 2.5'))
        >>> median_and_interval(Interval(1e-6, 2e-6, 4e-6), "kWh"), median_and_interval(Interval(1e-4, 5e-4, 4e-3), "kWh")
        (('<1', 'Wh', ''), ('<1', 'Wh', 'up to 4.0'))
    """
    scale = scale_of(interval.median, unit)
    if is_negligible(interval.median, unit):
        high = "" if interval.high < LEAST[unit] else f"up to {scale.around(significant(interval.high / scale.size, 2, is_exact=False))}"
        return "<" + scale.around(f"{LEAST[unit] / scale.size:g}"), scale.unit, high
    if interval.low == interval.high:
        return scale.around(significant(interval.median / scale.size, 3)), scale.unit, "exact"
    low, high = (scale.around(significant(bound / scale.size, 2, is_exact=False)) for bound in (interval.low, interval.high))
    return scale.around(significant(interval.median / scale.size, 3, is_exact=False)), scale.unit, f"{low} – {high}"


def in_brackets(bounds: str) -> str:
    """Return the interval of :func:`median_and_interval` as it follows its median; nothing where there is none.

    Example:
        >>> in_brackets("2.7 – 23"), in_brackets("exact"), in_brackets("")
        (' (2.7 – 23)', '', '')
    """
    return f" ({bounds})" if bounds not in ("", "exact") else ""


def amount(value: float, unit: str, *, digits: int = 2) -> str:
    """Return one quantity with the unit in which it is easiest to read.

    Example:
        >>> amount(1.556e6, "kWh"), amount(507694.7, "kg CO2e", digits=3), amount(7.88e6, "$"), amount(2.02e6, "h"), amount(530e9, "count")
        ('1.6 GWh', '508 t', '$7.9M', '2M GPU-hours', '530B')
        >>> amount(2e-8, "kWh"), amount(3e-9, "$")
        ('<1 Wh', '<$0.01')
    """
    scale = scale_of(value, unit)
    if is_negligible(value, unit):
        return "<" + scale.text(f"{LEAST[unit] / scale.size:g}")
    return scale.text(significant(value / scale.size, digits))


def signed_amount(value: float, unit: str, *, digits: int = 3) -> str:
    """Return what :func:`amount` does of a quantity that may be less than 0.

    Example:
        >>> signed_amount(-4.2e6, "$"), signed_amount(1500.0, "kWh"), signed_amount(-1e-9, "kWh")
        ('−$4.20M', '1.50 MWh', '−<1 Wh')
    """
    return f"{'−' * (value < 0.0)}{amount(abs(value), unit, digits=digits)}"


def counted(number: int, what: str) -> str:
    """Return how many there are of something, in the plural where that is due.

    Example:
        >>> counted(1, "run"), counted(1200, "run")
        ('1 run', '1,200 runs')
    """
    return f"{number:,} {what}{'s' * (number != 1)}"


def listed(parts: Sequence[str]) -> str:
    """Return *parts* as a sentence has them.

    Example:
        >>> listed(["one", "two", "three"]), listed(["one"])
        ('one, two and three', 'one')
    """
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def clean(text: str) -> str:
    """Return *text* without control characters, so that a hostile name cannot drive the terminal."""
    return text if text.isprintable() else "".join(character if character.isprintable() else "�" for character in text)


def clean_lines(text: str) -> str:
    r"""Return *text* without control characters, but with its line ends.

    Example:
        >>> clean_lines("a\x1b[31m\n\u202eb\n")
        'a�[31m\n�b\n'
    """
    return "\n".join(map(clean, text.split("\n")))


def json_text(value: object, *, indent: int | None = None) -> str:
    r"""Return *value* as JSON whose text cannot control a terminal: letters stay as they are, what is not printable is escaped.

    Example:
        >>> json_text({"name": "Zoë \u202e"})
        '{"name": "Zoë \\u202e"}'
    """
    import json

    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return re.sub(r"[^\x00-\x7e]", lambda found: found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1].replace("\x7f", "\\u007f"), text)


def shortened(text: str, *, most: int = 60) -> str:
    """Return *text* clean, on one line and of at most so many characters, its longest words cut.

    Example:
        >>> shortened("two   words and more", most=10)
        'two words…'
    """
    words = re.sub(rf"(\S{{{_LONGEST_WORD}}})\S+", r"\1…", clean(" ".join(text.split())))
    return words if len(words) <= most else f"{words[: most - 1]}…"
