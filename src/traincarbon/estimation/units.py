"""The units that a number may be written with, and what one of each is in the unit that a field is in."""

from typing import NamedTuple

from traincarbon.quantities import H_PER_DAY, J_PER_KWH, S_PER_H

_H_PER_YEAR = 8760.0
_KG_PER_LB = 0.45359237
_MIN_PER_H = 60.0
_DOLLARS = ("$", "usd", "us$", "usdollars", "dollar", "dollars")


class Measure(NamedTuple):
    """What a field measures, and how people write it.

    Attributes:
        unit: The unit that the field is in.
        factors: Every spelling of a unit, as :func:`unit_key` gives it, to how many *unit* one of it is.
        what: What it measures, in a word or two.
        is_money: Whether a dollar sign may stand before the number.
    """

    unit: str
    factors: dict[str, float]
    what: str
    is_money: bool = False


def unit_key(text: str) -> str:
    """Return *text* as units are compared: lower case, without spaces, hyphens, dots and the words for CO2.

    Example:
        >>> unit_key(" gCO2eq per kWh"), unit_key("GPU-hours")
        ('g/kwh', 'gpuhours')
    """
    key = text.lower().replace(" per ", "/").replace("₂", "2").replace("²", "2").translate(_DROPPED)
    for word in ("co2equivalent", "co2eq", "co2e", "co2"):
        key = key.replace(word, "")
    return key


_DROPPED = str.maketrans("", "", " -.·_")


def _all(factor: float, *spellings: str) -> dict[str, float]:
    return dict.fromkeys(spellings, factor)


def _per(money: tuple[str, ...], factor: float, *units: str) -> dict[str, float]:
    """Return the spellings of an amount of money per unit; the money may be left out, as it may stand before the number."""
    return {f"{sign}/{unit}": factor for sign in ("", *money) for unit in units}


_HOURS = ("h", "hr", "hrs", "hour", "hours")
_DAYS = ("d", "day", "days")
_SOME_GPU = ("gpu", "gpus", "tpu", "chip", "accelerator", "device", "card", "a100", "h100", "v100")
_TIME = (
    _all(1.0, *_HOURS)
    | _all(H_PER_DAY, *_DAYS)
    | _all(1.0 / _MIN_PER_H, "min", "mins", "minute", "minutes")
    | _all(1.0 / S_PER_H, "s", "sec", "secs", "second", "seconds")
    | _all(7.0 * H_PER_DAY, "w", "wk", "week", "weeks")
)
_FLOP_PREFIXES = {"": 0, "k": 3, "kilo": 3, "m": 6, "mega": 6, "g": 9, "giga": 9, "t": 12, "tera": 12, "p": 15, "peta": 15, "e": 18, "exa": 18}
_FLOP_PREFIXES |= {"z": 21, "zetta": 21, "y": 24, "yotta": 24}
_PFLOP_DAY = 1e15 * S_PER_H * H_PER_DAY
_PER_HOUR = ("h", "hr", "hour", "gpuh", "gpuhr", "gpuhour", "gpu/h", "gpu/hour", "hour/gpu", "h/gpu", "tpuhour", "chiphour", "acceleratorhour")

MEASURES: dict[str, Measure] = {
    measure.unit: measure
    for measure in (
        Measure("share", _all(0.01, "%", "percent", "pct"), "a share"),
        Measure("ratio", _all(0.01, "%", "percent", "pct"), "a ratio"),
        Measure("h", _TIME, "time"),
        Measure("s", {key: factor * S_PER_H for key, factor in _TIME.items()} | _all(1e-3, "ms", "millisecond", "milliseconds"), "time"),
        Measure(
            "GPU-hours",
            _all(1.0, *_HOURS)
            | {f"{gpu}{hours}": 1.0 for gpu in _SOME_GPU for hours in _HOURS}
            | {f"{gpu}{days}": H_PER_DAY for gpu in _SOME_GPU for days in _DAYS}
            | {f"{gpu}{years}": _H_PER_YEAR for gpu in _SOME_GPU for years in ("year", "years")},
            "GPU-hours",
        ),
        Measure("days", {key: factor / H_PER_DAY for key, factor in _TIME.items()}, "time"),
        Measure("years", _all(1.0, "y", "yr", "yrs", "year", "years", "a") | _all(1.0 / 12.0, "month", "months", "mo"), "years"),
        Measure(
            "g/kWh",
            _all(1.0, "g", "g/kwh", "gram/kwh", "grams/kwh", "kg/mwh", "t/gwh")
            | _all(1000.0, "kg/kwh", "t/mwh", "tonne/mwh", "tonnes/mwh")
            | _all(_KG_PER_LB, "lb/mwh", "lbs/mwh"),
            "carbon intensity",
        ),
        Measure(
            "$/kWh",
            _all(1.0, *_DOLLARS)
            | _per(_DOLLARS, 1.0, "kwh")
            | _per(_DOLLARS, 0.001, "mwh")
            | _all(0.01, "¢", "¢/kwh", "cent", "cents", "cents/kwh", "cent/kwh", "uscents/kwh", "usct/kwh"),
            "a price of electricity",
            is_money=True,
        ),
        Measure(
            "$/h",
            _all(1.0, *_DOLLARS) | _per(_DOLLARS, 1.0, *_PER_HOUR) | _per(_DOLLARS, 1.0 / H_PER_DAY, "day", "d", "gpuday") | _all(0.01, "¢", "cent", "cents"),
            "a price per hour",
            is_money=True,
        ),
        Measure("$", _all(1.0, *_DOLLARS) | _all(0.01, "¢", "cent", "cents"), "money", is_money=True),
        Measure(
            "FLOP",
            _all(_PFLOP_DAY, "pfday", "pfdays", "pfsday", "pfsdays", "pflop/sday", "pflop/sdays", "petaflopday", "petaflopdays", "petaflop/sday")
            | {f"{prefix}{word}": 10.0**exponent for prefix, exponent in _FLOP_PREFIXES.items() for word in ("flop", "flops")}
            | _all(_PFLOP_DAY, "petaflop/sdays", "petaflopsdays", "pflopsdays", "petaflops/days", "pflopday", "pflopdays"),
            "FLOP",
        ),
        Measure("GMAC", {f"{prefix}mac{s}": 10.0 ** (exponent - 9) for prefix, exponent in _FLOP_PREFIXES.items() for s in ("", "s")}, "multiply-adds"),
        Measure("px", _all(1.0, "px", "pixel", "pixels"), "pixels"),
        Measure(
            "kWh",
            _all(1.0, "kwh") | {"wh": 1e-3, "mwh": 1e3, "gwh": 1e6, "twh": 1e9, "j": 1 / J_PER_KWH, "kj": 1e3 / J_PER_KWH, "mj": 1e6 / J_PER_KWH},
            "energy",
        ),
        Measure(
            "kg CO2e",
            _all(1.0, "kg", "kilogram", "kilograms")
            | _all(1e-3, "g", "gram", "grams")
            | _all(1e3, "t", "tonne", "tonnes", "mt")
            | _all(_KG_PER_LB, "lb", "lbs"),
            "emissions",
        ),
        Measure(
            "B", {f"{prefix}{b}": 10.0**exponent for prefix, exponent in (("k", 3), ("m", 6), ("g", 9), ("t", 12)) for b in ("b", "byte", "bytes")}, "memory"
        ),
    )
}
"""Every measure by its unit."""


def counted(*nouns: str) -> Measure:
    """Return the measure of a number that counts the things that *nouns* name.

    Example:
        >>> counted("GPUs", "accelerators").factors
        {'gpus': 1.0, 'accelerators': 1.0}
    """
    return Measure("", {unit_key(noun): 1.0 for noun in nouns}, nouns[0] if nouns else "a number")


def measured_by(key: str) -> Measure | None:
    """Return the measure that has a unit of this *key*, None if there is none.

    Example:
        >>> measured_by("kwh").what, measured_by("furlong")
        ('energy', None)
    """
    order = ("kWh", "h", "GPU-hours", "g/kWh", "kg CO2e", "B", "FLOP", "GMAC")
    return next((MEASURES[unit] for unit in order if key in MEASURES[unit].factors), None)
