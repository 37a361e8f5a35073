"""The table of well-known trainings of other families for the page of accuracy."""

from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.fitting.solve import quantile

if TYPE_CHECKING:
    from traincarbon.validation.family_runs import FamilyRun

_HEAD = ("training", "family", "FLOP", "published GPU-hours", "median", "90 % interval", "inside")


def family_table(found: "list[FamilyRun]") -> str:
    """Return *found* as a section in Markdown, with how many published hours lie in their intervals."""
    error = quantile(sorted(abs(run.error_ln) for run in found), 0.5)
    inside = sum(run.is_inside for run in found)
    lines = [
        "## Well-known trainings of other families",
        "",
        "Estimates from model, data, hardware and number of accelerators alone ([families](families.md)); `family_runs.csv` holds the plans and their sources.",
        "Few published runs stand behind the utilisation of these families, or none, so the intervals are wide.",
        "Hours with a * follow from a published rate of steps, so that stops are not in them.",
        "",
        output.markdown_table([_HEAD, *map(_row, found)], right=range(2, len(_HEAD))),
        "",
        f"{inside} of {len(found)} published values lie inside their 90 % interval; the median error is {error:.2f} (ln). Where the others come from:",
        "",
        *(f"- {run.name}: {run.note}" for run in found if not run.is_inside),
    ]
    return "\n".join(lines)


def _row(run: "FamilyRun") -> tuple[str, ...]:
    median, unit, bounds = output.median_and_interval(run.hours, "h")
    published = f"{output.amount(run.published_h, 'h')}{'*' if run.is_rate else ''}"
    return (run.name, run.family, f"{run.flop:.2e}", published, f"{median} {unit}".strip(), bounds, "yes" if run.is_inside else "**no**")
