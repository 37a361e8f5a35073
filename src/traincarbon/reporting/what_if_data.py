"""The data with which a page computes estimates itself: the plan's numbers, and the facts of each place, hardware and year to choose from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate, params_per_active
from traincarbon.estimation.links import CHAIN, CONDITIONS
from traincarbon.estimation.result import Estimate
from traincarbon.reporting.plan_variants import Option, hardware_options, region_options, varied_plan
from traincarbon.uncertain import Uncertain, median_of, z_of

OF_HARDWARE = (
    "peak_flop_per_s",
    "mfu",
    "mfu_ample_params",
    "mfu_thin_exponent",
    "mfu_sparse_exponent",
    "mfu_calibration",
    "board_power_w",
    "power_share",
    "power_reference_mfu",
    "power_exponent",
    "idle_share",
    "power_calibration",
    "max_power_w",
    "host_share",
    "host_calibration",
    "network_share",
    "hardware_kgco2e",
    "service_life",
    "utilisation",
    "purchase_price",
    "interconnect_share",
    "value_retained",
    "spares_share",
    "capital_share",
    "disposal_share",
)
OF_PLACE = (
    *("pue", "wue_l_per_kwh", "carbon_intensity", "grid_water_l_per_kwh", "electricity_price", "rent_price"),
    *("support_share", "staff_share", "colocation_price"),
)
INPUTS = OF_HARDWARE + OF_PLACE
"""What the chain takes from the facts, in the order in which the page holds it: in two groups, as places change few of them."""
OF_PLAN = ("attempts", "goodput", "startup_hours", "discount")
"""What the chain takes from the plan alone, if that states it."""
_YEARS = tuple(str(year) for year in range(2020, 2027))


class Slider(NamedTuple):
    """A number that the reader can set: its bounds, its step, and its unit."""

    name: str
    label: str
    low: float
    high: float
    step: float
    unit: str
    scale: float = 1.0


SLIDERS = (
    Slider("mfu", "Utilisation (MFU)", 0.01, 0.9, 0.01, "%", 100.0),
    Slider("pue", "PUE", 1.0, 2.5, 0.01, ""),
    Slider("carbon_intensity", "Carbon intensity", 1.0, 1000.0, 1.0, "g/kWh"),
    Slider("electricity_price", "Electricity", 0.0, 0.5, 0.001, "$/kWh"),
    Slider("rent_price", "Rent of an accelerator", 0.05, 20.0, 0.05, "$/h"),
    Slider("purchase_price", "Price of a server", 1e3, 1e6, 1e3, "$"),
    Slider("utilisation", "Share of its life in use", 0.05, 1.0, 0.01, "%", 100.0),
    Slider("service_life", "Service life", 1.0, 10.0, 0.25, "years"),
)
"""What can be set, beside servers, place, hardware and year."""

TOKENS_UNIT, PARAMS_UNIT = 1e9, 1e9
"""Tokens and parameters are set in billions."""
_WHOLE_MODEL = (None, "pretrain", "finetune")
"""Kinds of training in which all parameters are trained."""

LINKS = [[link.name, link.formula.equation, link.unless, [[name, *source] for name, source in link.inputs.items()]] for link in CHAIN]
"""The rows of the chain as the page's script takes them: value, equation, fields that make it needless, and inputs with their sources."""


class WhatIf(NamedTuple):
    """The choices of a plan, and the data to compute them."""

    hardware: list[Option]
    places: list[Option]
    starts: list[Option]
    data: dict[str, Any]


def what_if(answer: Estimate, database: Database) -> WhatIf:
    """Return what a page needs to compute this plan with other inputs.

    The first of the hardware, places and years is the plan's own, even if the plan names none.
    """
    plan, setting = answer.plan, answer.facts
    fixed = plan.accelerator_hours is not None
    own_place = setting.place.name if setting.place is not None else "not named: the range of grids"
    chips = [Option("", setting.hardware.name), *([] if fixed else _others(hardware_options(answer, database), setting.hardware.id))]
    grids = [Option("", own_place), *_others(region_options(answer, database), setting.place.id if setting.place is not None else "")]
    starts = [Option("", plan.start or "not named: the newest facts"), *(Option(year, year) for year in _YEARS if year != plan.start)]
    values = {
        "compute_flop": answer.values["compute_flop"],
        "accelerator_hours_h": plan.number("accelerator_hours"),
        "accelerators": answer.accelerators,
        "median_active_params": median_of(plan.number("params" if plan.active_params is None else "active_params")),
        "params_per_active": params_per_active(plan),
        **{name: plan.number(name) for name in OF_PLAN if getattr(plan, name) is not None},
    }
    tokens, params = tokens_of(answer), params_of(answer)
    data = {
        **({"params": params / PARAMS_UNIT} if params is not None else {}),
        **({"tokens": tokens / TOKENS_UNIT} if tokens is not None else {}),
        "z": z_of(answer.level),
        "values": {name: _pair(value) for name, value in values.items()},
        "stated": {name: _pair(plan.number(name)) for name in (*INPUTS, *CONDITIONS) if getattr(plan, name, None) is not None},
        "names": INPUTS,
        **_rows(answer, database, chips, grids, starts),
    }
    return WhatIf(chips, grids, starts, data)


def tokens_of(answer: Estimate) -> float | None:
    """Return the tokens of a plan whose compute is proportional to them; None where its hours or its FLOP are stated, or its tokens are a range."""
    plan = answer.plan
    tokens = plan.number("tokens") if plan.tokens is not None else None
    counts = answer.flop_counts
    if tokens is None or isinstance(tokens, Uncertain) or plan.accelerator_hours is not None or counts is None or counts["how"] not in ("6nd", "exact"):
        return None
    return float(tokens)


def params_of(answer: Estimate) -> float | None:
    """Return the parameters of a plan whose compute is 6 N D, with all of them trained and active; None for another.

    A calibration is fitted at the sizes of its runs, so with one they cannot be set.
    """
    plan = answer.plan
    params = plan.number("params") if plan.params is not None else None
    is_calibrated = any(name.endswith("_calibration") for name in answer.inputs)
    is_plain = not is_calibrated and plan.active_params is None and plan.frozen_params is None and plan.teacher_params is None and plan.kind in _WHOLE_MODEL
    counts = answer.flop_counts
    if params is None or isinstance(params, Uncertain) or not is_plain or tokens_of(answer) is None or counts is None or counts["how"] != "6nd":
        return None
    return float(params)


def _others(choices: Sequence[Option], own: str) -> list[Option]:
    return [choice for choice in choices if choice.id != own]


def _rows(answer: Estimate, database: Database, chips: list[Option], grids: list[Option], starts: list[Option]) -> dict[str, Any]:
    """Return the facts of every combination: each number once, each row once, and the row of each combination."""
    pool: dict[str, int] = {}
    numbers: list[Any] = []
    rows: dict[tuple[int, ...], int] = {}
    settings: dict[str, list[int]] = {}
    counts: list[dict[str, Any]] = []
    for chip_at, chip in enumerate(chips):
        each, fewest, words = 1.0, None, ""
        for place_at, place in enumerate(grids):
            for start_at, start in enumerate(starts):
                found = _answer(answer, database, hw=chip.id, region=place.id, start=start.id)
                if found is None:
                    continue
                each, fewest, words = found.facts.accelerator_count, found.fewest_accelerators, _counted(found.facts.hardware)
                row = [
                    tuple(_pooled(_pair(given.value), pool, numbers) if (given := found.facts.given(name)) else -1 for name in names)
                    for names in (OF_HARDWARE, OF_PLACE)
                ]
                settings[f"{chip_at}|{place_at}|{start_at}"] = [rows.setdefault(part, len(rows)) for part in row]
        counts.append({"id": chip.id, "each": each, "least": None if fewest is None else float(median_of(fewest)), "words": words})
    return {
        "hardware": counts,
        "places": [place.id for place in grids],
        "starts": [start.id for start in starts],
        "pool": numbers,
        "rows": list(rows),
        "settings": settings,
    }


def _counted(hardware: Product) -> str:
    """Return what follows a number of accelerators of *hardware*."""
    return f" {'accelerators of' if hardware.is_server else '×'} {hardware.name}"


def _answer(answer: Estimate, database: Database, **choice: str) -> Estimate | None:
    """Return the estimate of one combination, or None if the hardware is not offered there or lacks the number format."""
    try:
        return estimate(varied_plan(answer, **{name: value for name, value in choice.items() if value}), database=database)
    except CarbonError:
        return None


def _pooled(pair: list[Any], pool: dict[str, int], numbers: list[Any]) -> int:
    key = repr(pair)
    if key not in pool:
        pool[key] = len(numbers)
        numbers.append(pair)
    return pool[key]


def _pair(value: Any) -> Any:
    """Return a number as its median, followed by its spreads where it has any."""
    if value is None:
        return None
    if isinstance(value, Uncertain):
        return [value.median, value.spreads] if value.spreads else [value.median]
    return [value]
