"""A run as a table of a notebook."""

from typing import TYPE_CHECKING

from traincarbon.decode import interval
from traincarbon.formatting import amount, median_and_interval
from traincarbon.notebooks import html_table
from traincarbon.quantities import J_PER_KWH, QUANTITIES, RECORDED

if TYPE_CHECKING:
    from traincarbon.ledger.run import Run


def as_html(run: "Run") -> str:
    """Return a table of what a run took, with what is missing and its notes below."""
    rows = [("Duration", amount(run.duration_s, "s", digits=3), "", "")]
    for name in RECORDED:
        value = interval(getattr(run, name))
        if value is not None:
            median, unit, bounds = median_and_interval(value, QUANTITIES[name].unit)
            rows.append((QUANTITIES[name].label, f"{median} {unit}", bounds, ""))
    for part, energy_j in run.energy_j.items():
        if energy_j is not None:
            rows.append((f"Energy of {part}", amount(energy_j / J_PER_KWH, "kWh", digits=3), "", run.how[part].value if part in run.how else ""))
    rows += [(name.capitalize(), amount(count, "count", digits=3), "", "reported") for name, count in run.counts.items()]
    missing = [f"Missing: {part}, {reason}" for part, reason in run.missing.items()]
    project = f" · {run.project}" if run.project else ""
    return html_table(caption=f"{run.run_id}{project} · {run.state}", head=("", "median", "interval", "source"), rows=rows, notes=[*missing, *run.notes])


def as_text(run: "Run") -> str:
    """Return a run in a line."""
    metered = "energy unknown" if run.metered_kwh is None else f"{amount(run.metered_kwh, 'kWh', digits=3)} metered or modelled"
    return f"Run {run.run_id}: {run.state}, {amount(run.duration_s, 's', digits=3)}, {metered}"
