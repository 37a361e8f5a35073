"""How a bill was joined to runs, on a screen: how much of it, and what no run used."""

from traincarbon.cli import output
from traincarbon.readers.bills.joining import Joined, Unmatched

_MOST_SHOWN = 8


def bill_screen(bill: Joined) -> str:
    """Return how much of a bill runs used, and the rest of it by resource."""
    joined = output.counted(len(bill.by_run), "run")
    lines = [f"bill: {_usd(bill.usd)}, {_usd(bill.usd - bill.unmatched_usd)} joined to {joined}, {_usd(bill.unmatched_usd)} to none"]
    if bill.unmatched:
        shown = bill.unmatched[:_MOST_SHOWN]
        rows = [
            ("service", "resource", "cost", "days"),
            *((output.clean(each.service), output.clean(each.resource) or "–", _usd(each.usd), _days(each)) for each in shown),
        ]
        lines += ["", output.dim("No run used:"), output.fitting_table(rows, right=(2,), drop=(3, 0), cut=(1,))]
        if len(bill.unmatched) > len(shown):
            lines.append(output.dim(f"and {len(bill.unmatched) - len(shown):,} more; --json lists all"))
    return "\n".join(lines)


def _usd(usd: float) -> str:
    """Return an amount to the cent: a bill is exact."""
    return f"{'-' if usd < -0.005 else ''}${abs(usd):,.2f}"


def _days(each: Unmatched) -> str:
    return each.first_day if each.first_day == each.last_day else f"{each.first_day} – {each.last_day}"
