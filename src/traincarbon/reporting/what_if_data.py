"""The data with which a page computes estimates itself: the plan's numbers, and the facts of each place, hardware and year to choose from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import PRECISIONS, PURCHASES, purchase_words
from traincarbon.estimation.links import CHAIN, CONDITIONS
from traincarbon.estimation.ratios import image_flop, params_per_active
from traincarbon.estimation.result import Estimate
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.plan_variants import Option, hardware_options, region_options
from traincarbon.reporting.what_if_costs import WorkCosts, work_costs
from traincarbon.reporting.what_if_facts import INPUTS, Choices, as_pair, facts_data
from traincarbon.uncertain import Uncertain, median_of, z_of

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
    """The choices of a plan, the data to compute them, and the unit costs and returns that follow them."""

    hardware: list[Option]
    places: list[Option]
    starts: list[Option]
    rents: list[Option]
    precisions: list[Option]
    data: dict[str, Any]
    costs: WorkCosts


def what_if(answer: Estimate, database: Database, worth: Worth | None = None) -> WhatIf:
    """Return what a page needs to compute this plan with other inputs.

    The first of the hardware, places and years is the plan's own, even if the plan names none.

    Args:
        answer: The estimate of the plan.
        database: The facts on what else can be chosen.
        worth: What the author states of the use of the training.
    """
    plan, setting = answer.plan, answer.facts
    fixed = plan.accelerator_hours is not None
    own_place = setting.place.name if setting.place is not None else "not named: the range of grids"
    chips = [Option("", setting.hardware.name), *([] if fixed else _others(hardware_options(answer, database), setting.hardware.id))]
    grids = [Option("", own_place), *_others(region_options(answer, database), setting.place.id if setting.place is not None else "")]
    starts = [
        Option("", f"{plan.start}, as planned" if plan.start else "not named: the newest facts"),
        *(Option(year, year) for year in _YEARS if year != plan.start),
    ]
    own_rent = plan.rent or PURCHASES[0]
    rents = [Option("", purchase_words(own_rent)), *(Option(each, purchase_words(each)) for each in PURCHASES if each != own_rent and plan.rent_price is None)]
    own = f"{setting.precision}{'' if plan.precision is not None else ', usual on this hardware'}"
    precisions = [Option("", own), *(Option(each, each) for each in PRECISIONS if each != setting.precision and not fixed)]
    facts, choices = facts_data(answer, database, Choices(chips, grids, starts, rents, precisions))
    values = {
        "compute_flop": answer.values["compute_flop"],
        "accelerator_hours_h": plan.number("accelerator_hours"),
        "accelerators": answer.accelerators,
        "median_active_params": median_of(plan.number("params" if plan.active_params is None else "active_params")),
        "params_per_active": params_per_active(plan),
        "image_flop": image_flop(plan, answer.values["compute_flop"]),
        **{name: plan.number(name) for name in OF_PLAN if getattr(plan, name) is not None},
    }
    tokens, params = tokens_of(answer), params_of(answer)
    data = {
        **({"params": params / PARAMS_UNIT} if params is not None else {}),
        **({"tokens": tokens / TOKENS_UNIT} if tokens is not None else {}),
        "z": z_of(answer.level),
        "values": {name: as_pair(value) for name, value in values.items()},
        "stated": {name: as_pair(plan.number(name)) for name in (*INPUTS, *CONDITIONS) if getattr(plan, name, None) is not None},
        **facts,
    }
    costs = work_costs(answer, worth or Worth())
    return WhatIf(*choices, {**data, **costs.data}, costs)


def tokens_of(answer: Estimate) -> float | None:
    """Return the tokens of a plan whose compute is proportional to them; None where its hours or its FLOP are stated, or its tokens are a range."""
    plan = answer.plan
    tokens = plan.number("tokens") if plan.tokens is not None else None
    counts = answer.flop_counts
    if (
        tokens is None
        or isinstance(tokens, Uncertain)
        or plan.accelerator_hours is not None
        or counts is None
        or counts["how"] not in ("6nd", "exact", "usual_shape")
    ):
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
