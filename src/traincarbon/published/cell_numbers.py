"""The number that a cell of a column of published runs holds: plain, with an ending where amounts have one, or in percent."""

import re

from traincarbon.errors import DatabaseError, QuantityError
from traincarbon.estimation.parse import parse_quantity

_MOST = 1e30
_BOUNDS: dict[str, tuple[float, float, str]] = {
    "year": (1990.0, 2100.0, "a year: 2023"),
    "total_params": (1e4, 1e16, "a count: 175e9 for 175 billion"),
    "active_params": (1e4, 1e16, "a count: 13e9 for 13 billion"),
    "tokens": (1e6, 1e18, "a count: 300e9 for 300 billion"),
    "batch_tokens": (64.0, 1e12, "tokens in a step, a count: 4e6 for four million"),
    "teacher_params": (1e4, 1e16, "a count: 70e9 for 70 billion"),
    "samples": (1.0, 1e18, "a count of samples, all epochs included"),
    "gmac_per_sample": (1e-6, 1e9, "multiply-adds of one sample in 1e9: 4.1 for ResNet-50"),
    "images_per_sample": (1.0, 1e6, "images that are loaded for a sample: 2 for two views of an image"),
    "training_flops": (1e10, _MOST, "FLOP of the whole training: 3.1e23"),
    "accelerators": (1.0, 1e7, "a count of accelerators"),
    "accelerator_hours": (1e-3, 1e12, "accelerators times hours: 1.02e6 for 1.02 million"),
    "wallclock_days": (1e-5, 1e5, "days"),
    "iter_time_s": (1e-5, 1e5, "seconds"),
    "achieved_tflops_per_accelerator": (1e-3, 1e5, "TFLOP/s of one accelerator"),
    "mfu": (1e-4, 1.0, "a share: 0.45 for 45 %"),
    "hfu": (1e-4, 1.0, "a share: 0.45 for 45 %"),
    "mean_power_w_per_accelerator": (1.0, 1e5, "watts of one accelerator"),
    "power_cap_w": (1.0, 1e5, "watts of one accelerator: 95 for a laptop's GPU that is capped there"),
    "pue": (1.0, 5.0, "facility over servers: 1.1 for 10 % on top"),
    "carbon_intensity_g_per_kwh": (1.0, 1500.0, "grams: 429 for 0.429 kg/kWh"),
}
"""Least and greatest value of a column, and its unit in words. Other columns hold any number above zero."""
_LARGE = (
    *("total_params", "active_params", "teacher_params", "tokens", "batch_tokens", "samples", "training_flops", "seq_len", "vocab"),
    *("accelerators", "accelerator_hours", "tokens_per_s_per_accelerator", "energy_kwh", "cost_usd"),
)
"""Columns of amounts that people write with an ending, as in 7B. In others, such as a year, it is a slip."""
_SEPARATED = re.compile(r"\d[\s,'’]+\d")
"""Digits with something between them that may separate thousands, or be the comma of decimals."""
_SHARES = ("mfu", "hfu")
_ZERO = ("carbon_intensity_g_per_kwh", "co2e_t", "embodied_t", "cost_usd")
"""Columns in which zero can be meant, as with a contract for wind power."""
_DECIMAL_COMMA = re.compile(r"[+-]?(\d+,\d{1,2}|\d+,\d{4,}|0,\d+|\d{4,},\d+|\d{1,3}(\.\d{3})+,\d+|\d+,\d+e[+-]?\d+)", re.IGNORECASE)
"""Where a comma can only be that of decimals: of thousands, three digits stand after each and at most three before the first."""


def number_of(column: str, text: str, per_unit: float = 1.0) -> float | None:
    """Return the number of a cell in the unit of the column, None for a zero that means "none"; *per_unit* is what one unit of the cell is in it.

    Raises:
        DatabaseError: it is not a number, or it is out of the bounds of the column.
    """
    least, most, unit = _BOUNDS.get(column, (1.0 / _MOST, _MOST, "a number above zero; leave the cell empty where nothing was published"))
    try:
        value = _value(column, text) * per_unit
    except ValueError:
        if _DECIMAL_COMMA.fullmatch(text):
            raise DatabaseError(f"column {column}: {text[:40]!r} is not a number; write a point: {text[:40].replace('.', '').replace(',', '.')}") from None
        raise DatabaseError(
            f"column {column}: {text[:40]!r} is not a number; it holds {unit if column in _BOUNDS else 'a number like 1500000 or 1.5e6'}"
        ) from None
    if value == 0.0 and column in _ZERO:
        return value if column == "carbon_intensity_g_per_kwh" else None
    if not least <= value <= most:
        converted = "" if per_unit == 1.0 else f", which is {value:.6g} in its unit,"
        raise DatabaseError(f"column {column}: {text}{converted} is not possible; it holds {unit}")
    return value


def _value(column: str, text: str) -> float:
    """Return the number of a cell: a plain one, one with an ending or a word as in 7B or 1.4 trillion, or of a share one in percent.

    Raises:
        ValueError: it is not a number, or the column has no use for an ending.
    """
    if column in _SHARES and text.endswith("%"):
        return 0.01 * float(text[:-1].rstrip())
    try:
        return float(text)
    except ValueError:
        if column not in _LARGE or _SEPARATED.search(text):
            raise
    try:
        return parse_quantity(text)
    except QuantityError as error:
        raise ValueError(str(error)) from None
