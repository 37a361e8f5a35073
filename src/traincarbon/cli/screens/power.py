"""Show how well the power of accelerators is predicted, by who they are made for."""

from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.validation.power import CAP

if TYPE_CHECKING:
    from traincarbon.validation.accuracy import Backtest, SetSummary

_TITLE = "Power by segment"
_INTRO = (
    "Energy from hours rests on the mean power of an accelerator. Each measured row is predicted with the law fitted without its organisation.",
    "Workstation cards are professional cards with graphics memory, in workstations or in servers. The last column is the median error of the power cap as the power.",
)
_FEW = (
    "All rows of a laptop's GPU are of one laptop, and those of processors are of two machines of one organisation: each machine is predicted from the other.",
    "No row of Apple's chips states the power of the whole Mac; method.md compares what their meters read.",
)


def power_cells(tried: "Backtest") -> list[tuple[str, ...]]:
    """Return a row of the table for each segment, without its head: errors, coverage in per cent, and the error of the simple rule."""
    return [_cells(entry) for entry in tried.power]


def power_lines(tried: "Backtest") -> list[str]:
    """Return the section of the page of accuracy in Markdown, empty where no power was predicted."""
    if not tried.power:
        return []
    head = ("segment", "n", "median", "mean", "p90", "bias", "in 50 %", "in 90 %", "cap")
    rows = [(*cells[:6], *(f"{share} %" for share in cells[6:8]), cells[8]) for cells in power_cells(tried)]
    return ["## Power of an accelerator, by segment", "", *_INTRO, "", output.markdown_table([head, *rows], right=range(1, len(head))), "", *_FEW, ""]


def power_table(tried: "Backtest", *, width: int) -> list[str]:
    """Return the table for a screen, whose first column is *width* characters wide, with an empty line after it."""
    if not tried.power:
        return []
    head = (_TITLE.ljust(width), "n".rjust(3), "med.", "mean", "p90", "bias", "50%", "90%", "cap")
    return [output.fitting_table([head, *power_cells(tried)], right=range(1, len(head)), drop=(8, 6, 3, 4), cut=(0,), gap=" "), ""]


def _cells(entry: "SetSummary") -> tuple[str, ...]:
    errors = entry.errors
    sizes = (f"{size:.2f}" for size in (errors.median_abs_ln, errors.mean_abs_ln, errors.p90_abs_ln))
    shares = (f"{100.0 * (share or 0.0):.0f}" for share in (errors.coverage_50, errors.coverage_90))
    return (entry.set, str(errors.n), *sizes, f"{round(errors.bias_ln, 2) + 0.0:+.2f}", *shares, f"{entry.baselines[CAP].median_abs_ln:.2f}")
