"""Many runs together: totals by project, hardware and month, in tables whose rows add up to their totals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from traincarbon.formatting import counted, in_brackets
from traincarbon.ledger.run import Run
from traincarbon.ledger.shared_boards import WHOLE, Counted, counted_once, described
from traincarbon.quantities import QUANTITIES, S_PER_H
from traincarbon.reporting.charts.cell_bars import share_bar
from traincarbon.reporting.charts.chart import Chart, figure_html
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import EMPTY, Html, html, joined, listing, name, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.rounding import column
from traincarbon.reporting.sections.periods import PERIODS, is_month, period_for
from traincarbon.reporting.sections.portfolio_charts import Spent, periods_chart, spending_chart
from traincarbon.reporting.sections.run import busy_share
from traincarbon.uncertain import Interval

Counts = Mapping[str, Counted]
"""The part of each run that counts, by its id; a run that is not in it counts as a whole."""
EVERY: Counts = {}
"""Every run counts as a whole."""

MOST_LISTED = 100
_MOST_GROUPS, _MOST_PERIODS = 40, 120
_LONGEST_SENTENCE = 600
_UNFINISHED = ("failed", "killed", "lost")
_SUMMED = {"accelerator_hours_h": "", "facility_energy_kwh": " of energy", "total_kgco2e": " of CO2e", "cost_usd": ""}
"""The quantities that are summed, and what follows each in a sentence."""
_HOURS, _ENERGY = "accelerator_hours_h", "facility_energy_kwh"


class Sums(NamedTuple):
    """What some runs took together.

    Attributes:
        label: What the runs have in common.
        runs: How many there are.
        totals: Each quantity summed over the runs that state it.
        known: How many runs state each quantity.
        is_rest: Whether they have in common only that they are small.
    """

    label: str
    runs: int
    totals: dict[str, float]
    known: dict[str, int]
    is_rest: bool = False


def sums_of(label: str, records: Iterable[Run], counts: Counts = EVERY) -> Sums:
    """Return what *records* took together, of each run the part that is in *counts*.

    Energy is the facility's where it is stated, else that at the meters. The CO2e of a run is known where that of its electricity is;
    the CO2e of making its hardware is added where the run states it.
    """
    totals, known = dict.fromkeys(_SUMMED, 0.0), dict.fromkeys(_SUMMED, 0)
    runs = 0
    for record in records:
        runs += 1
        for quantity, value in _values(record, counts).items():
            if value is not None:
                known[quantity] += 1
                totals[quantity] += value
    return Sums(label, runs, totals, known)


def grouped(records: Sequence[Run], by: Callable[[Run], str], counts: Counts = EVERY, *, most: int = _MOST_GROUPS) -> list[Sums]:
    """Return the sums by group, those of most energy first; the smallest are combined where there are many."""
    groups: dict[str, list[Run]] = {}
    for record in records:
        groups.setdefault(by(record), []).append(record)
    ordered = sorted(
        (sums_of(label, members, counts) for label, members in groups.items()), key=lambda sums: (-sums.totals[_ENERGY], -sums.totals[_HOURS], sums.label)
    )
    if len(ordered) <= most:
        return ordered
    rest = [sums.label for sums in ordered[most - 1 :]]
    return [*ordered[: most - 1], sums_of(f"{len(rest)} others", (record for label in rest for record in groups[label]), counts)._replace(is_rest=True)]


def portfolio_section(records: Sequence[Run], currency: Currency, *, budget_usd: float | None = None) -> Section | None:
    """Return the runs together: the totals, what failed runs took, each month by project, the tables by group, and the largest runs."""
    counts = counted_once(records)
    total = sums_of("Total", records, counts)
    period, of_period = _period(records)
    periods = sorted(grouped(records, of_period, counts, most=_MOST_PERIODS), key=lambda sums: sums.label)
    return section(
        "runs",
        text("The runs together"),
        html("<p class='lead'>{}</p>", _sentence(records, total, currency, counts)),
        _drawn(portfolio_charts(records, currency, budget_usd=budget_usd)),
        _grouped_table("By project", grouped(records, _project, counts), total, currency),
        _grouped_table("By hardware", grouped(records, lambda record: record.hw or "unknown hardware", counts), total, currency),
        _grouped_table(f"By {period} of start", periods, total, currency),
        _grouped_table("By outcome", grouped(records, lambda record: record.state, counts), total, currency),
        _by_run(records, total, currency, counts),
    )


def portfolio_charts(records: Sequence[Run], currency: Currency, *, budget_usd: float | None) -> list[Chart]:
    """Return what each month took by project, and the money spent so far; of money where any is known, else of energy."""
    counts = counted_once(records)
    quantity = "cost_usd" if sums_of("", records, counts).known["cost_usd"] else _ENERGY
    values = [(record, _values(record, counts)[quantity] or 0.0) for record in records]
    spent = [Spent(_project(record), record.started_at[:7], value) for record, value in values]
    by_month: dict[str, float] = {}
    for each in spent:
        by_month[each.month] = by_month.get(each.month, 0.0) + each.amount
    unit, what = QUANTITIES[quantity].unit, QUANTITIES[quantity].short
    months = periods_chart(spent, unit, what, currency, "runs")
    spending = spending_chart(by_month, budget_usd, currency, "runs") if quantity == "cost_usd" else None
    return [chart for chart in (months, spending) if chart is not None]


def _values(record: Run, counts: Counts) -> dict[str, float | None]:
    """Return what a run states of each of the summed quantities, as far as it counts."""
    share = counts.get(record.run_id, WHOLE)
    energy, operational, cost = record.facility_energy_kwh, record.operational_kgco2e, record.cost_usd
    embodied = record.embodied_kgco2e["median"] if record.embodied_kgco2e is not None else 0.0
    energy_kwh = energy["median"] if energy is not None else record.metered_kwh
    return {
        "accelerator_hours_h": None if record.accelerators is None else record.duration_s / S_PER_H * record.accelerators * share.by_time,
        "facility_energy_kwh": None if energy_kwh is None else energy_kwh * share.by_energy,
        "total_kgco2e": None if operational is None else operational["median"] * share.by_energy + embodied * share.by_time,
        "cost_usd": None if cost is None else cost["median"] * share.by_time,
    }


def _sentence(records: Sequence[Run], total: Sums, currency: Currency, counts: Counts) -> Html:
    """Return the totals, what failed, killed and lost runs took, idle time and what is not known."""
    parts = [html("{}{}", _total_words(total, records, quantity, currency, counts), text(what)) for quantity, what in _SUMMED.items() if total.known[quantity]]
    took = html("took {}", listing(parts)) if parts else text("do not state what they took")
    unknown = [f"{QUANTITIES[quantity].short} ({counted(total.runs - known, 'run')})" for quantity, known in total.known.items() if 0 < known < total.runs]
    more = [
        html(" Not known and in no total: {}.", listing(texts(*unknown))) if unknown else EMPTY,
        html(" {}", text(described(counts), most=_LONGEST_SENTENCE)) if counts else EMPTY,
        text(
            " Totals are sums of medians; they lie in the brackets if all runs err alike. The energy of a run is that of its facility where known, else that at its meters.",
            most=_LONGEST_SENTENCE,
        ),
    ]
    waste = html("{}{}", _unfinished(records, total, counts, currency), _idle(records, counts, currency))
    return html("{} {}. {}{}", text(counted(total.runs, "run")), took, waste, joined(more))


def _bounds(records: Sequence[Run], quantity: str, counts: Counts) -> tuple[float, float]:
    """Return the sums of both ends of the intervals of a quantity, between which its total lies if all runs err alike."""
    ends = [_ends(record, quantity, counts.get(record.run_id, WHOLE)) for record in records]
    return sum(low for low, _ in ends), sum(high for _, high in ends)


def _ends(record: Run, quantity: str, share: Counted) -> tuple[float, float]:
    """Return both ends of what a run states of a quantity, as far as it counts; 0 where it states nothing."""
    parts = {"facility_energy_kwh": (record.facility_energy_kwh,), "total_kgco2e": (record.operational_kgco2e, record.embodied_kgco2e)}
    shares = {"cost_usd": (share.by_time,), "facility_energy_kwh": (share.by_energy,), "total_kgco2e": (share.by_energy, share.by_time)}
    if quantity == "facility_energy_kwh" and record.facility_energy_kwh is None:
        metered = (record.metered_kwh or 0.0) * share.by_energy
        return metered, metered
    if quantity == "total_kgco2e" and record.operational_kgco2e is None:
        return 0.0, 0.0
    stated = list(zip(parts.get(quantity, (record.cost_usd,)), shares[quantity], strict=True))
    low, high = (sum(each[end] * part for each, part in stated if each is not None) for end in ("low", "high"))
    return low, high


def _total_words(total: Sums, records: Sequence[Run], quantity: str, currency: Currency, counts: Counts) -> Html:
    """Return the total of a quantity with its interval."""
    unit, middle = QUANTITIES[quantity].unit, total.totals[quantity]
    low, high = (middle, middle) if quantity == _HOURS else _bounds(records, quantity, counts)
    if not low < high:
        return html("<strong>{}</strong>", text(currency.amount(middle, unit, digits=3)))
    median, scale, bounds = currency.shown(Interval(low, middle, high), unit)
    spread = html(' <span class="range">{}</span>', text(in_brackets(bounds).strip())) if bounds else EMPTY
    return html("<strong>{}</strong>{}", text(f"{median} {scale}".rstrip()), spread)


def _unfinished(records: Sequence[Run], total: Sums, counts: Counts, currency: Currency) -> Html:
    sums = sums_of("", (record for record in records if record.state in _UNFINISHED), counts)
    if not sums.runs:
        return text("None failed, was killed or lost.")
    by, label = (_ENERGY, "energy") if total.totals[_ENERGY] else (_HOURS, "GPU-hours")
    share = f", with {100.0 * sums.totals[by] / total.totals[by]:.1f} % of the {label}" if total.totals[by] else ""
    cost = f", and {currency.amount(sums.totals['cost_usd'], '$')}" if sums.known["cost_usd"] else ""
    return text(f"{counted(sums.runs, 'run')} did not finish (failed, killed or lost){share}{cost}.")


def _idle(records: Sequence[Run], counts: Counts, currency: Currency) -> Html:
    """Return the share of time in which accelerators were idle, in the runs that measured it; empty where none did."""
    measured = [(hours, busy) for record in records if (busy := busy_share(record)) is not None and (hours := _values(record, counts)[_HOURS]) is not None]
    idle_usd = sum((1.0 - busy) * (_values(record, counts)["cost_usd"] or 0.0) for record in records if (busy := busy_share(record)) is not None)
    total_h = sum(hours for hours, _ in measured)
    if not total_h:
        return EMPTY
    cost = f", {currency.amount(idle_usd, '$')} of their cost" if idle_usd else ""
    idle = 1.0 - sum(hours * busy for hours, busy in measured) / total_h
    return text(f" Accelerators were idle {100.0 * idle:.0f} % of the time in the {counted(len(measured), 'run')} that measured it{cost}.")


def _by_run(records: Sequence[Run], total: Sums, currency: Currency, counts: Counts) -> Html:
    """Return the largest runs one by one, each with its outcome, and the others together."""
    ordered = sorted(records, key=lambda record: (-(_values(record, counts)[_ENERGY] or 0.0), -record.duration_s, record.run_id))
    largest = [sums_of(f"{record.run_id[:40]} · {record.started_at[:10]}", [record], counts) for record in ordered[:MOST_LISTED]]
    rest = ordered[MOST_LISTED:]
    outcomes = [record.state for record in ordered[:MOST_LISTED]]
    if rest:
        largest, outcomes = [*largest, sums_of(f"{len(rest):,} smaller runs", rest, counts)._replace(is_rest=True)], [*outcomes, ""]
    return _table("By run, the largest first", largest, total, currency, outcomes=outcomes)


def _drawn(charts: Sequence[Chart]) -> Html:
    return html('<div class="charts">{}</div>', joined(map(figure_html, charts))) if charts else EMPTY


def _project(record: Run) -> str:
    return record.project or "no project"


def _period(records: Sequence[Run]) -> tuple[str, Callable[[Run], str]]:
    """Return the name of the shortest period that is not too many rows, and the function that returns in which of them a run began."""
    months = [record.started_at[:7] for record in records if is_month(record.started_at[:7])]
    period = period_for(months, most=_MOST_PERIODS) or PERIODS[-1]
    return period.name, lambda record: period.of(record.started_at[:7]) if is_month(record.started_at[:7]) else f"{period.name} not known"


def _grouped_table(caption: str, groups: Sequence[Sums], total: Sums, currency: Currency) -> Html:
    """Return the table of *groups*; empty where there is one alone, which is the total."""
    return _table(caption, groups, total, currency) if len(groups) > 1 else EMPTY


def _table(caption: str, groups: Sequence[Sums], total: Sums, currency: Currency, *, outcomes: Sequence[str] = ()) -> Html:
    """Return the table of *groups*; where each is one run, its outcome replaces the number of runs."""
    second = outcomes or [f"{sums.runs:,}" for sums in groups]
    cells = [[name(sums.label, most=80), text(each)] for sums, each in zip(groups, second, strict=True)]
    heads, feet = texts("", "Outcome" if outcomes else "Runs"), texts("Total", counted(total.runs, "run") if outcomes else f"{total.runs:,}")
    for quantity in (quantity for quantity in _SUMMED if total.known[quantity]):
        unit = QUANTITIES[quantity].unit
        numbers, scale = column([sums.totals[quantity] for sums in groups], total.totals[quantity], unit, currency)
        for cell, sums, shown in zip(cells, groups, numbers, strict=False):
            cell.append(text(shown if sums.known[quantity] else NOT_KNOWN))
        heads.append(_head(QUANTITIES[quantity].short, scale))
        feet.append(text(numbers[-1]))
    if total.totals[_ENERGY]:
        most = max((sums.totals[_ENERGY] for sums in groups if not sums.is_rest), default=0.0) or total.totals[_ENERGY]
        heads.insert(1, text("Energy, to scale"))
        feet.insert(1, EMPTY)
        for cell, sums in zip(cells, groups, strict=True):
            cell.insert(1, share_bar(sums.totals[_ENERGY] / most))
    shown_sums = sum(map(bool, total.known.values()))
    right = range(len(heads) - shown_sums - (not outcomes), len(heads))
    return table(text(caption), heads, cells, numbers=right, foot=feet, is_sortable=bool(outcomes))


def _head(label: str, scale: str) -> Html:
    return html("{} <small>{}</small>", text(label), text(scale)) if scale and scale != label else text(label)
