"""Reading quantities as people write them: with endings, words, signs and units, and as intervals."""

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from traincarbon.errors import OutOfRangeError, QuantityError
from traincarbon.uncertain import Uncertain

if TYPE_CHECKING:
    from traincarbon.estimation.units import Measure

_ENDINGS = {"k": 3, "m": 6, "b": 9, "g": 9, "t": 12, "p": 15}
_WORDS = {
    "thousand": 3,
    "million": 6,
    "millions": 6,
    "mn": 6,
    "mln": 6,
    "mio": 6,
    "billion": 9,
    "billions": 9,
    "bn": 9,
    "bln": 9,
    "mrd": 9,
    "trillion": 12,
    "trillions": 12,
    "tn": 12,
    "trn": 12,
    "quadrillion": 15,
}
SCALES = dict(sorted((_ENDINGS | _WORDS).items(), key=lambda scale: -len(scale[0])))
"""Every ending and word to its power of ten, the longest first."""
_PLAIN_ENDS = "0123456789kKMBT"
_GROUP = 3
"""Digits between two commas."""
_SHOWN = 60
_ALIKE = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2212": "-", "×": "x", "·": "x", "*": "x", "'": ",", "’": ","})
"""Signs that people and programs write for others."""
_OTHER_CURRENCIES = {
    "€": "euros",
    "eur": "euros",
    "£": "pounds",
    "gbp": "pounds",
    "¥": "yen or yuan",
    "cny": "yuan",
    "rmb": "yuan",
    "jpy": "yen",
    "inr": "rupees",
}
_OTHER_CURRENCIES |= {"₹": "rupees", "chf": "francs", "ct": "euro cents", "ct/kwh": "euro cents", "cad": "Canadian dollars", "aud": "Australian dollars"}
_DOLLAR_SIGNS = ("US$", "USD", "$", "usd")
_BYTES = {"k": "k", "m": "M", "g": "B", "t": "T"}
"""Prefix of bytes to the ending of a number of that size."""
_H_PER_MONTH = 730.0
_HINT = "write 530e9, 530B, 1.4T or 270,000,000"


class NoNumberError(QuantityError):
    """A text does not state a number at all."""

    @property
    def is_explained(self) -> bool:
        """Whether the hint is about this text, and no general one."""
        return self.hint != _HINT


def parse_quantity(text: str, measure: "Measure | None" = None) -> float:
    """Return the finite number that *text* states, in the unit of *measure*.

    An ending k, M, B (or G), T or P or a word such as billion may follow the number, and then a unit of *measure*.
    A dollar sign may stand before or after an amount of money. Thousands may be separated by commas, spaces or underscores.

    Raises:
        NoNumberError: *text* is not a number, or has an unknown ending or unit; the hint says what was probably meant.
        QuantityError: the number is not finite.

    Example:
        >>> parse_quantity("530B"), parse_quantity("1.4 trillion"), parse_quantity("270e9")
        (530000000000.0, 1400000000000.0, 270000000000.0)
        >>> from traincarbon.estimation.units import MEASURES
        >>> parse_quantity("40%", MEASURES["share"]), parse_quantity("$2/h", MEASURES["$/h"]), parse_quantity("0.4 kg/kWh", MEASURES["g/kWh"])
        (0.4, 2.0, 400.0)
    """
    number, factor = _without_unit(text.translate(_ALIKE).strip(), measure)
    value = _scaled(_read(number), factor) if number is not None else None
    if value is None:
        raise NoNumberError(f"not a number: {text[:_SHOWN]!r}", hint=_spelling_meant(text, measure) or _HINT)
    if not math.isfinite(value):
        raise QuantityError(f"no finite number: {text[:_SHOWN]!r}", hint="the largest number that fits is about 1.8e308")
    return value


def parse_option(name: str, value: object, measure: "Measure | None" = None) -> float:
    """Return the number that the option *name* states, as text or as a number.

    Raises:
        QuantityError: it states none; the message names the option.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        return parse_quantity(str(value), measure)
    except QuantityError as error:
        hint = error.hint
        if measure is not None and measure.unit and isinstance(error, NoNumberError) and not error.is_explained:
            hint = f"write a number, in {measure.unit}"
        raise QuantityError(f"{name} is {error}", hint=hint) from None


def _without_unit(text: str, measure: "Measure | None") -> tuple[str | None, float]:
    """Return the number in *text*, without its unit, and how many units of *measure* one is; None where the unit cannot be."""
    if measure is None:
        return text, 1.0
    is_in_dollars = False
    if measure.is_money:
        sign, unsigned = ("-", text[1:].lstrip()) if text.startswith("-") else ("", text)
        for dollar in _DOLLAR_SIGNS:
            if unsigned.startswith(dollar):
                text, is_in_dollars = sign + unsigned[len(dollar) :].lstrip(), True
                break
    if measure.unit == "px" and (sides := re.fullmatch(r"(\d+) ?x ?(\d+) ?(?:px|pixels)?", text)) is not None:
        return (sides[1], 1.0) if sides[1] == sides[2] else (None, 1.0)
    from traincarbon.estimation.units import unit_key

    number, tail = _parted(text)
    key = unit_key(tail)
    if key in measure.factors:
        return (None if is_in_dollars and key[:1] not in ("/", "") else number), measure.factors[key]
    for scale in SCALES:
        if key.startswith(scale) and key[len(scale) :] in measure.factors:
            return f"{number}{scale}", measure.factors[key[len(scale) :]]
    if key == "m" and measure.what in ("time", "GPU-hours"):  # minutes or millions
        return None, 1.0
    return text, 1.0


def _parted(text: str) -> tuple[str, str]:
    """Return the part of *text* up to the last digit that no unit such as CO2 holds, and the rest."""
    last = re.match(r"(.*\d\.?)(?=[^\d]*$)", re.sub(r"(?i)co2", "co\0", text), re.DOTALL)
    return (text[: last.end(1)], text[last.end(1) :]) if last is not None else ("", text)


def _scaled(value: float | None, factor: float) -> float | None:
    if value is None or factor == 1.0:
        return value
    inverse = 1.0 / factor
    return value / inverse if factor < 1.0 and inverse.is_integer() else value * factor


def _read(text: str) -> float | None:
    """Return the number that *text* states with at most an ending or a word, None if it states none."""
    power = text
    if "x" in text or "^" in text:
        power = re.sub(r"^10\^|^10xx", "1e", re.sub(r" ?(?:x|xx) ?10(?:\^|xx)", "e", text))
    number, ending = power, 0
    for scale, exponent in SCALES.items():
        if power.lower().endswith(scale):
            number, ending = power[: -len(scale)].rstrip(), exponent
            break
    mantissa, mark, exponent_text = _without_separators(number).lower().partition("e")
    try:
        return float(f"{mantissa}e{int(exponent_text if mark else 0) + ending}")
    except ValueError:
        return None


def _without_separators(text: str) -> str:
    """Return *text* without commas or spaces where they part thousands; elsewhere they stay, and the text is not a number."""
    whole, point, rest = text.partition(".")
    separator = "," if "," in whole else " "
    first, *groups = whole.split(separator)
    if not groups:
        return text
    last = groups[-1].lower().partition("e")[0]
    if 1 <= len(first.lstrip("+-")) <= _GROUP and all(len(group) == _GROUP and group.isdigit() for group in (*groups[:-1], last)):
        whole = whole.replace(separator, "")
    return whole + point + rest


def _spelling_meant(text: str, measure: "Measure | None") -> str:
    """Return what was probably meant by a *text* that is not a number, empty if nothing is likely."""
    from traincarbon.estimation.units import unit_key

    stripped = text.translate(_ALIKE).strip()
    number, tail = _parted(stripped.lstrip("$"))
    key = unit_key(tail)
    other = _OTHER_CURRENCIES.get(stripped[:1]) or _OTHER_CURRENCIES.get(stripped[:3].lower()) or _OTHER_CURRENCIES.get(key) or _OTHER_CURRENCIES.get(key[:1])
    if other is not None and number and measure is not None and measure.is_money:
        return f"prices are in US dollars: convert the {other} and write a plain number, in {measure.unit}"
    meant = _number_meant(stripped, measure)
    if meant:
        return meant
    if measure is not None and measure.unit == "px" and re.match(r"\d+ ?x ?\d", stripped) is not None:
        return "give the side of a square image, such as 224; of another image the square root of width × height"
    if measure is None or _read(number) is None:
        return ""
    if key == "m":
        return f"did you mean {number} min or {number} million?"
    if key in ("$/month", "/month", "$/mo", "/mo") and measure.unit == "$/h":
        return f"write a price per hour; a month has about {_H_PER_MONTH:g} hours, so did you mean {(_read(number) or 0.0) / _H_PER_MONTH:.3g}?"
    return _foreign_unit(number, key, measure)


def _number_meant(text: str, measure: "Measure | None") -> str:
    """Return how to write a number with a decimal comma, with points between thousands, a range or an approximation."""
    attempts = (
        (r"([+-]?\d+),(\d+.*)", r"\1.\2", "a comma separates thousands: "),
        (r"([+-]?\d{1,3})\.(\d{3})\.(\d{3})(.*)", r"\1,\2,\3\4", ""),
        (r"(?:~|≈|about|approx\.?|approximately|ca\.?|around) ?(.+)", r"\1", "write a number, or an interval as low..high: "),
        (r"([+-]?[\d.]+ ?[%\w]*) ?(?:-|–|to) ?([\d.].*)", r"\1..\2", "write an interval as low..high: "),
    )
    for pattern, replacement, reason in attempts:
        if re.fullmatch(pattern, text) is None:
            continue
        candidate = re.sub(pattern, replacement, text)
        try:
            for part in candidate.split(".."):
                parse_quantity(part, measure)
        except QuantityError:
            continue
        return f"{reason}did you mean {candidate}?"
    return ""


def _foreign_unit(number: str, key: str, measure: "Measure") -> str:
    """Return the hint for a unit that measures something else."""
    from traincarbon.estimation.units import measured_by

    own = f"in {measure.unit}" if measure.unit and measure.unit not in ("share", "ratio") else f"the number of {measure.what}" if measure.factors else ""
    if key == "%":
        return f"it is no share: write a plain number, {own}" if own else "it is no share: write a plain number"
    if "flop/s" in key or "flops/s" in key:
        return "this is a rate: write an amount of FLOP, such as 3e23 or 3640 PF-days"
    if measure.unit == "GMAC" and "flop" in key:
        return "many model cards print multiply-adds as FLOP: give gmac_per_sample without a unit if they are, or flop_per_sample"
    if measure.unit == "FLOP" and "mac" in key:
        return "one multiply-add is 2 FLOP forward, 6 with the backward pass: use gmac_per_sample"
    foreign = measured_by(key)
    if foreign is None or not own:
        return ""
    meant = f"; did you mean {number}{_BYTES[key[0]]}?" if foreign.unit == "B" and not measure.unit else ""
    return f"{key} is a unit of {foreign.what}: write a plain number, {own}{meant}"


def is_plain(text: str) -> bool:
    """Say whether *text* is at most a number with an ending that no unit has: it needs no measure.

    Example:
        >>> is_plain("530e9"), is_plain("7B"), is_plain("90m"), is_plain("$2")
        (True, True, False, False)
    """
    return text.isascii() and text[:1].isdigit() and text[-1:] in _PLAIN_ENDS and not any(letter.isalpha() for letter in text[:-1].replace("e", ""))


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


def plain_interval(text: str, measure: "Measure") -> str:
    """Return the interval that *text* states without signs and units, in the unit of *measure*; one without them stays as it is.

    A unit after the second number holds for both. A half-width in per cent is a share of the number before it.

    Raises:
        QuantityError: a part is not a number, or it can be read in two ways.

    Example:
        >>> from traincarbon.estimation.units import MEASURES
        >>> plain_interval("0.3 .. 0.5 kg/kWh", MEASURES["g/kWh"]), plain_interval("$1..$3", MEASURES["$/h"]), plain_interval("30%..50%", MEASURES["share"])
        ('300.0..500.0', '1.0..3.0', '0.3..0.5')
    """
    from traincarbon.estimation.units import unit_key

    sign = ".." if ".." in text else "±"
    first, _, second = text.replace("+-", "±").partition(sign)
    _check_parts(text, first, second)
    tail = _parted(second.translate(_ALIKE).strip())[1]
    if sign == "±" and unit_key(tail) in ("%", "percent") and not _parted(first.translate(_ALIKE).strip())[1].strip():
        if measure.unit in ("share", "ratio"):
            raise QuantityError(f"no interval: {text[:_SHOWN]!r}", hint="write low..high, such as 0.36..0.44: ± with % can be read in two ways")
        middle, share = parse_quantity(first, measure), parse_quantity(_parted(second.strip())[0]) / 100.0
        return f"{middle!r}±{middle * share!r}"
    try:
        one, other = parse_quantity(first), parse_quantity(second)
    except QuantityError:
        has_unit = bool(_parted(first.translate(_ALIKE).strip())[1].strip())
        one = parse_quantity(first if has_unit or unit_key(tail) not in measure.factors else first + tail, measure)
        other = parse_quantity(second, measure)
        return f"{one!r}{sign}{other!r}"
    scale = next((exponent for ending, exponent in SCALES.items() if tail.strip().lower() == ending), 0)
    if sign == ".." and scale and not _parted(first.strip())[1].strip() and 0.0 < one * 10.0**scale <= other:
        raise QuantityError(f"no interval: {text[:_SHOWN]!r}", hint=f"did you mean {first.strip()}{tail.strip()}..{second.strip()}?")
    return text


def _check_parts(text: str, *parts: str) -> None:
    if not all(part.strip() for part in parts):
        raise QuantityError(f"no interval: {text[:_SHOWN]!r}", hint="write low..high, as 0.3..0.5, or number±half-width, as 0.4±0.05")
