"""A comparison as a table of a notebook."""

from typing import TYPE_CHECKING

from traincarbon.explore.comparison import by_reason
from traincarbon.formatting import amount
from traincarbon.notebooks import html_table
from traincarbon.quantities import COMPARED, QUANTITIES

if TYPE_CHECKING:
    from traincarbon.explore.comparison import Comparison


def as_html(found: "Comparison") -> str:
    """Return a row an option with the medians of what is known of any, and its marks; below, what was set aside."""
    wheres = [option.where for option in found.options]
    shown = [name for name in COMPARED if any(option.results.get(name) is not None for option in found.options)]
    rows = []
    for option in found.options:
        known = [option.results.get(name) for name in shown]
        cells = ["unknown" if each is None else amount(float(each.median), QUANTITIES[name].unit, digits=3) for name, each in zip(shown, known, strict=True)]
        rows.append((option.where.among(wheres) or option.hardware, *cells, ", ".join(option.marks)))
    labels = [f"{QUANTITIES[name].label} ({found.money})" if name == "cost_usd" else QUANTITIES[name].label for name in shown]
    return html_table(
        caption="Medians, the cheapest first", head=("", *labels, "best in"), rows=rows, notes=[f"Set aside: {line}" for line in by_reason(found.set_aside)]
    )
