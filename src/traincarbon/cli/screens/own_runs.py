"""One line about own runs that an estimate does not use yet: how many are like it, what they would change, and how to use them."""

from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.formatting import counted
from traincarbon.quantities import QUANTITIES

if TYPE_CHECKING:
    from traincarbon.calibration.own_runs import OwnRuns
    from traincarbon.estimation.result import Estimate

_NAMED = 2


def own_runs_line(own: "OwnRuns") -> str:
    """Return how many own runs are like the plan, the hours with and without them, and what to type to use them."""
    named = ", ".join(output.clean(id) for id in own.ids[:_NAMED]) + (", …" if len(own.ids) > _NAMED else "")
    verb = "is" if len(own.ids) == 1 else "are"
    what = f"{counted(len(own.ids), 'run')} of yours {verb} of like size on this hardware ({named})"
    if own.preview is None:
        return f"{what}, but runs left out are predicted no better with the others: carbon calibrate --dry-run shows it"
    changes = f"{_hours(own.preview)} instead of {_hours(own.estimate)}"
    return f"{what}. With {'it' if len(own.ids) == 1 else 'them'}: {changes}. To use {'it' if len(own.ids) == 1 else 'them'}: {own.command}"


def _hours(answer: "Estimate") -> str:
    interval = answer["accelerator_hours_h"]
    if interval is None:
        return "unknown"
    median, unit, bounds = output.median_and_interval(interval, QUANTITIES["accelerator_hours_h"].unit)
    return f"{median} {unit}{output.in_brackets(bounds)}"
