"""What other records state of the energy of a run, and bills of its cost, for its page."""

from collections.abc import Iterator

from traincarbon.formatting import amount, counted
from traincarbon.ledger.bills import Billed, billed_usd_per_h
from traincarbon.ledger.run import Run, SecondOpinion
from traincarbon.quantities import J_PER_KWH

_MOST_SHOWN = 8


def other_records(run: Run) -> Iterator[tuple[str, str]]:
    """Yield a label and a text for each record of the same energy, where this one counts and what others state, and for its bills."""
    if run.counted_in:
        yield "Counts in", f"{run.counted_in}, whose record of the same energy is measured better"
    if run.billed is not None:
        yield "Billed", _billed(run.billed, run)
    for opinion in run.second_opinions[:_MOST_SHOWN]:
        yield "Second opinion", _text(opinion)
    if len(run.second_opinions) > _MOST_SHOWN:
        yield "Second opinions", f"and {len(run.second_opinions) - _MOST_SHOWN:,} more: --json lists all"


def _billed(billed: Billed, run: Run) -> str:
    """Return what bills say, to the cent, and for an hour of a GPU."""
    per_h = billed_usd_per_h(billed.usd, accelerators=run.accelerators, duration_s=run.duration_s)
    days = billed.first_day if billed.first_day == billed.last_day else f"{billed.first_day} – {billed.last_day}"
    price = "" if per_h is None else f", ${per_h:,.2f} per GPU-hour"
    ways = {"tag": billed.by_tag_usd, "resource": billed.by_resource_usd}
    how = ", ".join(f"${usd:,.2f} by {way}" for way, usd in ways.items() if usd)
    return f"${billed.usd:,.2f}{price} ({counted(billed.charges, 'charge')} of {days}, {how})"


def _text(opinion: SecondOpinion) -> str:
    """Return what an opinion states, and by how much it differs.

    Example:
        >>> _text(SecondOpinion("slurm-7", "sacct", 7.2e6, 0.125))
        'slurm-7 (sacct) states 2 kWh, 12.5 % more'
    """
    stated = f"{opinion.run_id} ({opinion.source}) states {amount(opinion.energy_j / J_PER_KWH, 'kWh')}"
    if opinion.difference is None:
        return stated
    if abs(opinion.difference) < 5e-4:
        return f"{stated}, the same"
    return f"{stated}, {abs(opinion.difference) * 100.0:.3g} % {'more' if opinion.difference > 0.0 else 'less'}"
