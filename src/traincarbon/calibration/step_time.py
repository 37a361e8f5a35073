"""Runs whose layout is known: what a step of each was expected to take, against which its hours and tokens tell what it took."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import NONE
from traincarbon.estimation.facts.gather import gather
from traincarbon.estimation.fields import Use
from traincarbon.estimation.layout.search import fastest
from traincarbon.estimation.layout.task import task_of
from traincarbon.estimation.plan import Plan, fields_with
from traincarbon.uncertain import median_of

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy import float64, intp

    Array = npt.NDArray[float64]
    Codes = npt.NDArray[intp]

DEGREES = fields_with(Use.DEGREE)


def layout_of(plan: Mapping[str, Any], *, hw: str, params: float, accelerators: float, tokens: float, steps: float | None) -> dict[str, Any] | None:
    """Return the fields of a plan that pin down how a run was laid out, or None where they are not known.

    They are where the degrees of parallelism are: all of them, two and the accelerators, or one that is all of the accelerators; of one
    accelerator there is nothing to say. Tokens of a step are those of the *plan*, else those that were seen in so many *steps*.

    Example:
        >>> found = layout_of({"tp": 2.0, "dp": 4.0}, hw="dgx-a100", params=1e9, accelerators=8.0, tokens=4e9, steps=1000.0)
        >>> {name: found[name] for name in ("tp", "pp", "dp", "batch_tokens")}
        {'tp': 2.0, 'pp': 1.0, 'dp': 4.0, 'batch_tokens': 4000000.0}
    """
    stated = {name: float(value) for name in DEGREES if isinstance(value := plan.get(name), (int, float)) and value >= 1.0}
    product = 1.0
    for degree in stated.values():
        product *= degree
    if product == accelerators:
        rest = 1.0
    elif len(stated) == len(DEGREES) - 1 and accelerators % product == 0.0:
        rest = accelerators / product
    else:
        return None
    said = {name: value for name in (*fields_with(Use.STEP), "batch_tokens") if isinstance(value := plan.get(name), (str, int, float))}
    if "batch_tokens" not in said:
        if not steps:
            return None
        said["batch_tokens"] = tokens / steps
    return {**said, "hw": hw, "params": params, **{name: stated.get(name, rest) for name in DEGREES}}


def expected_s_per_token(layouts: Sequence[Mapping[str, Any]], layout_of: "Codes", database: Database) -> "Array":
    """Return by run the wall-clock that its work was expected to take for each of its tokens, NaN where the layout is not known or none fits.

    It is that of the step on the fastest layout with the degrees that are stated, as ``carbon estimate`` shows it, over the goodput where the plan states one.

    Args:
        layouts: The distinct ones, as fields of a plan.
        layout_of: The layout of each run, -1 where it is not known.
        database: The priors of a step.
    """
    import numpy as np

    known = np.array([*(_s_per_token(layout, database) for layout in layouts), np.nan])
    return known[layout_of]


def _s_per_token(layout: Mapping[str, Any], database: Database) -> float:
    try:
        plan = Plan.from_dict({**layout, "calibration": NONE})
        task, _ = task_of(plan, gather(plan, database), database, layout["tp"] * layout["pp"] * layout["dp"])
        spread = fastest(task)
    except CarbonError:
        return math.nan
    if spread is None:
        return math.nan
    goodput = plan.number("goodput")
    return spread.s_per_sequence / float(task.shape.seq_len) / (1.0 if goodput is None else median_of(goodput))
