"""The expected step time of runs whose layout is known, for comparison with their measured hours and tokens."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import NONE
from traincarbon.estimation.facts.gather import gather
from traincarbon.estimation.fields import Use
from traincarbon.estimation.layout.search import fastest
from traincarbon.estimation.layout.task import layout_task
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import fields_with
from traincarbon.uncertain import median_of

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy import float64, intp

    Array = npt.NDArray[float64]
    Codes = npt.NDArray[intp]

LayoutFields = Mapping[str, str | float]
"""The fields of a plan that determine a layout and the time of its step."""
DEGREES = fields_with(Use.DEGREE)
_RELEVANT = fields_with(Use.STEP)
"""Fields of a plan that change the time of a step, besides size, layout and batch."""


def layout_of(plan: Mapping[str, object], *, hw: str, params: float, accelerators: float, tokens: float, steps: float | None) -> dict[str, str | float] | None:
    """Return the fields of a plan that determine the layout of a run, or None if the layout is unknown.

    It is known if the plan states all degrees of parallelism, two of them, one that equals the accelerators, or if there is one accelerator.
    Tokens of a step are those of the *plan*, else all tokens over the *steps*.

    Example:
        >>> found = layout_of({"tp": 2.0, "dp": 4.0}, hw="dgx-a100", params=1e9, accelerators=8.0, tokens=4e9, steps=1000.0)
        >>> {name: found[name] for name in ("tp", "pp", "dp", "batch_tokens")}
        {'tp': 2.0, 'pp': 1.0, 'dp': 4.0, 'batch_tokens': 4000000.0}
    """
    stated = {name: float(value) for name in DEGREES if isinstance(value := plan.get(name), (int, float)) and value >= 1.0}
    product = math.prod(stated.values())
    if product == accelerators:
        rest = 1.0
    elif len(stated) == len(DEGREES) - 1 and accelerators % product == 0.0:
        rest = accelerators / product
    else:
        return None
    known = {name: value for name in (*_RELEVANT, "batch_tokens") if isinstance(value := plan.get(name), (str, int, float))}
    if "batch_tokens" not in known:
        if not steps:
            return None
        known["batch_tokens"] = tokens / steps
    return {**known, "hw": hw, "params": params, **{name: stated.get(name, rest) for name in DEGREES}}


def expected_s_per_token(layouts: Sequence[LayoutFields], layout_of: "Codes", database: Database) -> "Array":
    """Return by run the expected wall-clock time per token, NaN where the layout is unknown or does not fit.

    It is the step time of the fastest layout with the stated degrees, as ``carbon estimate`` shows it, over the goodput if the plan states one.

    Args:
        layouts: The distinct layouts.
        layout_of: The layout of each run, -1 where it is unknown.
        database: The priors of a step.
    """
    import numpy as np

    known = np.array([*(_s_per_token(layout, database) for layout in layouts), np.nan])
    return known[layout_of]


def _s_per_token(layout: LayoutFields, database: Database) -> float:
    try:
        plan = Plan.from_dict({**layout, "calibration": NONE})
        task, _ = layout_task(plan, gather(plan, database), database, math.prod(float(layout[name]) for name in DEGREES))
        spread = fastest(task)
    except CarbonError:
        return math.nan
    if spread is None:
        return math.nan
    goodput = plan.number("goodput")
    return spread.s_per_sequence / float(task.shape.seq_len) / (1.0 if goodput is None else median_of(goodput))
