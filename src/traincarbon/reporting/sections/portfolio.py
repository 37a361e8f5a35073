"""Many runs: what they took together, by project, hardware and month, in tables whose rows add up to their totals."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from traincarbon.formatting import counted, listed
from traincarbon.ledger.record import RunRecord
from traincarbon.reporting.charts import share_bar
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import name, section, table, text
from traincarbon.reporting.rounding import column
from traincarbon.reporting.sections.run import busy_share

MOST_LISTED = 100
_MOST_GROUPS = 40
_IN_VAIN = ("failed", "killed", "lost")


class Sums(NamedTuple):
    """What some runs took together: accelerator-hours, energy, CO2e and money, each summed over the runs that state it, and how many do."""

    label: str
    runs: int
    totals: tuple[float, ...]
    known: tuple[int, ...]


_COLUMNS = (("Accelerator-hours", "h"), ("Energy", "kWh"), ("CO2e", "kg CO2e"), ("Cost", "$"))
_HOURS, _ENERGY = 0, 1


def sums_of(label: str, records: Iterable[RunRecord]) -> Sums:
    """Return what *records* took together; the energy is the facility's where it is stated, else that at the meters.

    The CO2e of a run is known where that of its electricity is; that of making its hardware comes on top where the run states it.
    """
    counts, totals = [0, 0, 0, 0], [0.0, 0.0, 0.0, 0.0]
    runs = 0
    for record in records:
        runs += 1
        for at, value in enumerate(_figures(record)):
            if value is not None:
                counts[at] += 1
                totals[at] += value
    return Sums(label, runs, tuple(totals), tuple(counts))


def grouped(records: Sequence[RunRecord], by: Callable[[RunRecord], str]) -> list[Sums]:
    """Return the sums by group, those of most energy first; the smallest are put together where there are many."""
    groups: dict[str, list[RunRecord]] = {}
    for record in records:
        groups.setdefault(by(record), []).append(record)
    ordered = sorted((sums_of(label, members) for label, members in groups.items()), key=lambda sums: (-sums.totals[_ENERGY], -sums.totals[_HOURS], sums.label))
    if len(ordered) <= _MOST_GROUPS:
        return ordered
    rest = [sums.label for sums in ordered[_MOST_GROUPS - 1 :]]
    return [*ordered[: _MOST_GROUPS - 1], sums_of(f"{len(rest)} others", (record for label in rest for record in groups[label]))]


def portfolio_section(records: Sequence[RunRecord], currency: Currency) -> str:
    """Return the runs together: the totals, what was in vain, the tables by group, and the largest runs."""
    total = sums_of("In all", records)
    by, period = (_month, "month") if len({_month(record) for record in records}) <= _MOST_GROUPS else (_year, "year")
    periods = sorted(grouped(records, by), key=lambda sums: sums.label)
    return section(
        "runs",
        "The runs together",
        f"<p class='lead'>{_sentence(records, total, currency)}</p>",
        _table("By project", grouped(records, lambda record: record.project or "no project"), total, currency),
        _table("By hardware", grouped(records, lambda record: record.hw or "hardware not known"), total, currency),
        _table(f"By {period} in which they began", periods, total, currency),
        _table("By how they ended", grouped(records, lambda record: record.state), total, currency),
        _by_run(records, total, currency),
    )


def _figures(record: RunRecord) -> tuple[float | None, ...]:
    hours = None if record.accelerators is None else record.duration_s / 3600.0 * record.accelerators
    energy = record.facility_energy_kwh["median"] if record.facility_energy_kwh is not None else record.metered_kwh
    making = record.embodied_kgco2e["median"] if record.embodied_kgco2e is not None else 0.0
    co2e = None if record.operational_kgco2e is None else record.operational_kgco2e["median"] + making
    return hours, energy, co2e, None if record.cost_usd is None else record.cost_usd["median"]


def _sentence(records: Sequence[RunRecord], total: Sums, currency: Currency) -> str:
    parts = [
        f"<strong>{text(currency.amount(value, unit, digits=3))}</strong>{what}"
        for value, known, (_, unit), what in zip(total.totals, total.known, _COLUMNS, (" of accelerators’ time", " of energy", " of CO2e", ""), strict=True)
        if known
    ]
    took = f" took {listed(parts)}" if parts else " state nothing of what they took"
    vain = sums_of("", (record for record in records if record.state in _IN_VAIN))
    of, at = ("energy", _ENERGY) if total.totals[_ENERGY] else ("accelerator-hours", _HOURS)
    share = f", with {100.0 * vain.totals[at] / total.totals[at]:.1f} % of the {of}" if total.totals[at] else ""
    lost = (
        f" {counted(vain.runs, 'run')} {'was' if vain.runs == 1 else 'were'} in vain (failed, killed or lost){share}."
        if vain.runs
        else " None failed, was killed or lost."
    )
    unknown = [
        f"{head if head == 'CO2e' else head.lower()} of {total.runs - known:,}"
        for (head, _), known in zip(_COLUMNS, total.known, strict=True)
        if 0 < known < total.runs
    ]
    at_work = [(hours, busy) for record in records if (hours := _figures(record)[_HOURS]) is not None and (busy := busy_share(record)) is not None]
    watched_h = sum(hours for hours, _ in at_work)
    idle = 1.0 - sum(hours * busy for hours, busy in at_work) / watched_h if watched_h else None
    lost += f" Accelerators stood idle {100.0 * idle:.0f} % of the time in the {counted(len(at_work), 'run')} where that was seen." if idle is not None else ""
    gaps = f" Not known, and in no sum: {listed(unknown)} of the runs." if unknown else ""
    return f"{counted(total.runs, 'run')}{took}.{lost}{gaps} Sums are of medians; a run’s energy is that of the facility where the tracker knew it, else that at the meters."


def _by_run(records: Sequence[RunRecord], total: Sums, currency: Currency) -> str:
    """Return the largest runs one by one, each with how it ended, and the rest of them as one."""
    ordered = sorted(records, key=lambda record: (-(_figures(record)[1] or 0.0), -record.duration_s, record.run_id))
    largest = [sums_of(f"{record.run_id[:40]} · {record.started_at[:10]}", [record]) for record in ordered[:MOST_LISTED]]
    rest = ordered[MOST_LISTED:]
    ends = [record.state for record in ordered[:MOST_LISTED]]
    if rest:
        largest, ends = [*largest, sums_of(f"{len(rest):,} smaller runs", rest)], [*ends, ""]
    return _table("By run, the largest first", largest, total, currency, ends=ends)


def _month(record: RunRecord) -> str:
    return record.started_at[:7] or "month not known"


def _year(record: RunRecord) -> str:
    return record.started_at[:4] or "year not known"


def _table(caption: str, groups: Sequence[Sums], total: Sums, currency: Currency, *, ends: Sequence[str] = ()) -> str:
    """Return the table of *groups*; where each is one run, *ends* says how it ended in place of how many there are."""
    second = [text(end) for end in ends] or [f"{sums.runs:,}" for sums in groups]
    cells = [[name(sums.label, most=80), each] for sums, each in zip(groups, second, strict=True)]
    heads, feet = ["", "Ended" if ends else "Runs"], ["In all", counted(total.runs, "run") if ends else f"{total.runs:,}"]
    for at, (head, unit) in enumerate(_COLUMNS):
        if not total.known[at]:
            continue
        figures, scale = column([sums.totals[at] for sums in groups], total.totals[at], unit, currency)
        for cell, sums, shown in zip(cells, groups, figures, strict=False):
            cell.append(shown if sums.known[at] else NOT_KNOWN)
        heads.append(f"{head} <small>{text(scale)}</small>")
        feet.append(figures[-1])
    if total.totals[_ENERGY]:
        most = max(sums.totals[_ENERGY] for sums in groups)
        heads.insert(1, "Energy, to scale")
        feet.insert(1, "")
        for cell, sums in zip(cells, groups, strict=True):
            cell.insert(1, share_bar(sums.totals[_ENERGY] / most))
    return table(caption, heads, cells, numbers=range(len(heads) - sum(map(bool, total.known)) - (not ends), len(heads)), foot=feet)
