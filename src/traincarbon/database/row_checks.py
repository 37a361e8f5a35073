"""Check a row of a table: evidence, and numbers within possible bounds."""

from collections.abc import Iterator
from typing import NamedTuple

from traincarbon.database.records import BASES, KINDS, PROVIDER_TYPES, PURCHASES, TABLES, Row

MOST_GCO2E_PER_KWH = 1500.0


class _Bounds(NamedTuple):
    low: float
    high: float
    is_required: bool
    """Whether the cell must be filled."""


_YEAR = _Bounds(1990.0, 2100.0, True)

_NUMBERS: dict[str, dict[str, _Bounds]] = {
    "grid": {"year": _YEAR, "intensity_gco2e_per_kwh": _Bounds(0.0, MOST_GCO2E_PER_KWH, True)},
    "market": {"year": _YEAR, "intensity_gco2e_per_kwh": _Bounds(0.0, MOST_GCO2E_PER_KWH, True)},
    "electricity": {"year": _YEAR, "price_usd_per_kwh": _Bounds(0.0, 2.0, True)},
    "regions": {"latitude": _Bounds(-90.0, 90.0, False), "longitude": _Bounds(-180.0, 180.0, False)},
    "facilities": {"year": _YEAR, "pue": _Bounds(1.0, 5.0, False), "wue_l_per_kwh": _Bounds(0.0, 20.0, False)},
    "prices": {"accelerator_count": _Bounds(0.01, 1e5, True), "usd_per_h": _Bounds(0.001, 1e5, True)},
    "embodied": {"kgco2e": _Bounds(0.1, 1e6, False), "low": _Bounds(0.1, 1e6, False), "high": _Bounds(0.1, 1e6, False)},
    "equivalents": {"value": _Bounds(1e-9, 1e12, True)},
    "architectures": {
        **dict.fromkeys(("layers", "hidden", "heads", "kv_heads", "attention_width", "ffn", "ffn_matrices"), _Bounds(1.0, 1e7, True)),
        **dict.fromkeys(("vocab", "experts", "experts_per_token"), _Bounds(1.0, 1e7, True)),
        **dict.fromkeys(("shared_ffn", "attention_params"), _Bounds(0.0, 1e12, True)),
        "window": _Bounds(0.0, 1e12, False),
        "windowed": _Bounds(0.0, 1.0, False),
    },
    "family_runs": {"accelerator_hours": _Bounds(0.1, 1e9, True)},
    "convolutions": {"params": _Bounds(1e5, 1e11, True), "image_size": _Bounds(8.0, 4096.0, True), "gmac": _Bounds(0.001, 1e5, True)},
    "image_networks": {
        "params": _Bounds(1e5, 1e11, True),
        "image_size": _Bounds(8.0, 4096.0, True),
        "gmac": _Bounds(0.001, 1e5, True),
        **dict.fromkeys(("attention_gmac", "text_gmac"), _Bounds(1e-6, 1e5, False)),
    },
    "speech_encoders": {"params": _Bounds(1e5, 1e11, True), "gmac_per_s": _Bounds(0.001, 1e4, True)},
    "hybrids": {"params": _Bounds(1e5, 1e14, True), "active_params": _Bounds(1e5, 1e14, False)},
    "diffusion_transformers": {
        **dict.fromkeys(("params", "active_params"), _Bounds(1e5, 1e12, True)),
        **dict.fromkeys(("layers", "hidden", "patch_size", "latent_factor"), _Bounds(1.0, 1e5, True)),
        **dict.fromkeys(("text_tokens", "frames", "frames_per_token"), _Bounds(1.0, 1e5, False)),
        "image_size": _Bounds(8.0, 8192.0, True),
    },
    "scaling_laws": {
        **dict.fromkeys(("irreducible_loss", "params_scale", "tokens_scale"), _Bounds(1e-9, 1e12, True)),
        **dict.fromkeys(("params_exponent", "tokens_exponent"), _Bounds(0.01, 2.0, True)),
        **dict.fromkeys(("irreducible_loss_se", "params_exponent_se", "tokens_exponent_se"), _Bounds(0.0, 1.0, True)),
        **dict.fromkeys(("least_params", "most_params", "least_tokens", "most_tokens"), _Bounds(1.0, 1e30, True)),
    },
    "run_features": {"value": _Bounds(0.0, 1e15, True)},
    "priors": {"median": _Bounds(1e-9, 1e12, True), "sigma_ln": _Bounds(0.0, 5.0, False), "n": _Bounds(0.0, 1e9, False)},
}
"""Table and column to the bounds of its numbers."""

_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "grid": {"basis": BASES, "boundary": ("production", "consumption", "provider")},
    "market": {"mix": ("provider", "residual")},
    "providers": {"type": PROVIDER_TYPES},
    "prices": {"purchase": PURCHASES},
    "family_runs": {"measure": ("run", "rate")},
    "embodied": {
        "scope": (
            *("accelerator", "accelerator-by-method", "accelerator-with-server-share", "server", "server-by-method", "server-without-accelerators"),
            *("baseboard", "die", "method"),
        )
    },
}
"""Table and column to the words that it may hold."""

NEVER_IN_A_KEY = frozenset(',"\r\n')
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DATE_WIDTHS = ([4], [4, 2], [4, 2, 2])


def row_faults(table: str, row: Row) -> Iterator[str]:
    """Yield a description of each fault in *row* of *table*."""
    key = TABLES[table][0]
    for column in TABLES[table]:
        if column != key and not row[column].isprintable():
            yield f"{column} holds control characters"
    if not row[key] or not row[key].isprintable() or not NEVER_IN_A_KEY.isdisjoint(row[key]):
        yield f"{key} is {row[key]!r}: it must be a name without commas and quotes"
    for column in ("source", "locator"):
        if not row[column]:
            yield f"has no {column}"
    if row["kind"] not in KINDS:
        yield f"kind {row['kind']!r} is none of {', '.join(KINDS)}"
    numbers = list(_number_faults(table, row))
    yield from numbers
    for column, words in _WORDS.get(table, {}).items():
        if row[column] not in words:
            yield f"{column} {row[column]!r} is none of {', '.join(words)}"
    if table == "prices" and not is_date(row["date"]):
        yield f"date {row['date']!r} is not YYYY, YYYY-MM or YYYY-MM-DD"
    if table == "embodied" and not numbers:
        yield from _embodied_faults(row)


def _number_faults(table: str, row: Row) -> Iterator[str]:
    for column, (low, high, is_required) in _NUMBERS.get(table, {}).items():
        text = row[column]
        if not text:
            if is_required:
                yield f"has no {column}"
            continue
        try:
            value = float(text)
        except ValueError:
            yield f"{column} {text!r} is not a number"
            continue
        if not low <= value <= high:
            yield f"{column} {text} is outside {low:g} to {high:g}"
        elif column == "year" and not text.isdigit():
            yield f"year {text} is no whole number"


def _embodied_faults(row: Row) -> Iterator[str]:
    if row["scope"] != "method" and not row["kgco2e"]:
        yield "has no kgco2e"
    ordered = [float(row[column]) for column in ("low", "kgco2e", "high") if row[column]]
    if ordered != sorted(ordered):
        yield "kgco2e is outside of low and high"


def is_date(text: str) -> bool:
    """Say whether *text* is a year, a month or a day: YYYY, YYYY-MM or YYYY-MM-DD."""
    parts = text.split("-")
    if [len(part) for part in parts] not in _DATE_WIDTHS or not all(part.isascii() and part.isdigit() for part in parts):
        return False
    _, month, day = (int(part) for part in [*parts, "1", "1"][:3])
    return 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]
