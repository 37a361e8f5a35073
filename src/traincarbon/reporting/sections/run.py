"""A run as it was: what it took compared with its forecast, and its power over time."""

from collections.abc import Sequence

from traincarbon.database.load import Database
from traincarbon.formatting import amount, counted, is_negligible
from traincarbon.ledger.like_for_like import share_done
from traincarbon.ledger.nodes import MISSING
from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, QUANTITIES, EnergySource
from traincarbon.reporting.charts.cell_bars import share_bar
from traincarbon.reporting.charts.chart import Chart, figure_html
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.markup import EMPTY, Html, html, joined, name, notes, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.rounding import part_of
from traincarbon.reporting.sections.forecast import NEARLY_ALL, Forecast, actual_result, cost_basis_of, forecast_chart, forecast_table, percent
from traincarbon.reporting.sections.run_charts import PARTS, history_charts
from traincarbon.reporting.sections.summary import card_html
from traincarbon.reporting.subjects import ReportedRun
from traincarbon.tracking.display.run_parts import attempt_rows, phase_rows, waste_verdicts
from traincarbon.uncertain import Interval

_ENDINGS = {
    "finished": "finished",
    "failed": "failed",
    "killed": "was killed",
    "lost": "was lost",
    "running": "is running",
    "incomplete": "finished, but its record is incomplete",
}
_HOW_KNOWN = {
    EnergySource.COUNTER: "measured by energy counters",
    EnergySource.POWER: "measured by power readings",
    EnergySource.MODELLED: "modelled",
    EnergySource.ASSUMED: "assumed from the hardware database",
}

_ALL = 1.0 - 1e-9
"""The share from which nothing else is in a sum but the rounding of its parts."""


def run_section(run: ReportedRun, forecast: Forecast | None, database: Database, currency: Currency, id: str) -> Section | None:
    """Return a run: what it was, what it took and how that is known, its forecast, and its power over time."""
    record = run.record
    return section(
        id,
        html("Run {}", name(record.run_id, most=60)),
        html("<p class='lead'>{}</p>", _sentence(record, currency)),
        _incomplete(record),
        _cards(record, currency),
        _drawn([chart for chart in [forecast_chart(record, forecast, currency, id)] if chart is not None]),
        forecast_table(record, forecast, currency),
        _drawn(history_charts(record, run.history, forecast, database, id)) if run.history is not None else EMPTY,
        _waste(record, currency),
        _energy(record, currency),
        *_parts(record),
        _notes(record),
    )


def busy_share(record: Run) -> float | None:
    """Return the share of time in which the run's accelerators were busy, None where no meter measured it."""
    seen = [use.utilisation for use in record.by_device if use.part == "gpu" and use.utilisation is not None]
    return sum(seen) / len(seen) if seen else None


def _sentence(record: Run, currency: Currency) -> Html:
    project = html(" of project {}", name(record.project, most=80)) if record.project else EMPTY
    began = html(" began {} UTC,", text(record.started_at[:16].replace("T", " "))) if record.started_at else EMPTY
    took = text(currency.amount(record.duration_s, "s", digits=3))
    accelerators = f" with {counted(record.accelerators, 'accelerator')}" if record.accelerators is not None else ""
    nodes = text(counted(record.nodes, "node") + accelerators)
    hardware = html(" ({})", name(record.hw, most=80)) if record.hw else EMPTY
    exit_code = f", exit code {record.exit_code}" if record.exit_code is not None else ""
    restarts = f", restarted {counted(record.restarts, 'time')}" if record.restarts else ""
    parts = [
        html("The run{}{} ran {} on {}{} and {}.", project, began, took, nodes, hardware, _metered(record)),
        text(f"It {_ENDINGS[record.state]}{exit_code}{restarts}."),
    ]
    done, busy = share_done(record), busy_share(record)
    if done is not None and record.tokens is not None:
        parts.append(text(f"It processed {amount(record.tokens, 'count', digits=3)} tokens, {percent(done)} of its plan."))
    if busy is not None:
        parts.append(text(f"Its accelerators were busy {percent(busy)} of the time and idle {percent(1.0 - busy)}."))
    return joined(parts, " ")


def _incomplete(record: Run) -> Html:
    """Return in red that nodes sent nothing, empty if all did."""
    if MISSING not in record.missing:
        return EMPTY
    return html('<p class="alert">{}: what was metered lacks them, and totals take them as nodes like the others.</p>', name(record.missing[MISSING], most=200))


def _metered(record: Run) -> Html:
    """Return the energy of the run and how much of it was measured."""
    total = record.metered_kwh
    if not total:
        return text("was not metered" if total is None else "used no energy that a meter measured")
    share = record.measured_j / J_PER_KWH / total
    larger, how = (share, "measured") if share > 0.5 else (1.0 - share, "modelled")
    most = "all" if larger > _ALL else "nearly all"
    words = f"{most} of it {how}" if larger > NEARLY_ALL else f"{percent(share)} of it measured, the rest modelled"
    return html("used <strong>{}</strong> at its meters, {}", text(amount(total, "kWh", digits=3)), text(words))


def _cards(record: Run, currency: Currency) -> Html:
    """Return the run's cost, time, energy and CO2e."""
    basis, metered = cost_basis_of(record), record.metered_kwh
    energy, scope = actual_result(record, "facility_energy_kwh"), "of the facility: servers, network, cooling"
    if energy is None and metered is not None:
        energy, scope = Interval.of(metered), "at the meters; the facility’s is not known"
    operational, embodied = actual_result(record, "operational_kgco2e"), actual_result(record, "embodied_kgco2e")
    total = Interval(*map(sum, zip(operational, embodied, strict=True))) if operational is not None and embodied is not None else operational
    shown = (
        ("cost_usd", actual_result(record, "cost_usd"), basis.value if basis is not None else record.cost_basis),
        ("duration_s", actual_result(record, "duration_s"), "wall-clock"),
        ("facility_energy_kwh", energy, scope),
        ("total_kgco2e", total, "electricity and making the hardware" if embodied is not None else "electricity alone"),
    )
    cards = (card_html(QUANTITIES[key].short, result, QUANTITIES[key].unit, currency, remark=text(remark)) for key, result, remark in shown)
    return html('<ul class="cards">{}</ul>', joined(cards))


def _energy(record: Run, currency: Currency) -> Html:
    total = record.metered_kwh
    scale = currency.scale(total or 0.0, "kWh")
    rows = []
    for part, label in PARTS.items():
        energy_j, source = record.energy_j.get(part), record.how.get(part)
        if energy_j is not None and total:
            energy_kwh = energy_j / J_PER_KWH
            how = _HOW_KNOWN[source] if source is not None else ""
            words = amount(energy_kwh, "kWh") if is_negligible(total, "kWh") else scale.text(part_of(energy_kwh / scale.size, total / scale.size))
            rows.append([text(label), share_bar(energy_kwh / total), *texts(words, how)])
        elif part in record.missing:
            rows.append([text(label), EMPTY, text("not measured"), name(record.missing[part], most=200)])
    return (
        table(text("Energy at the meters, measured and modelled"), texts("Part", "Share", "Energy", "How it is known"), rows, numbers=(2,)) if rows else EMPTY
    )


def _waste(record: Run, currency: Currency) -> Html:
    """Return what the run paid for and did not use, in the report's currency."""
    return notes(map(text, waste_verdicts(record, money=lambda usd: currency.amount(usd, "$"))), label="Not used")


def _parts(record: Run) -> list[Html]:
    """Return the tables of the phases, and of the attempts of a run that was started more than once."""
    found = []
    for caption, rows, numbers in (("Phases", phase_rows(record), (1, 2, 3, 4, 5)), ("Attempts", attempt_rows(record), (0, 2, 3, 4, 5))):
        if rows:
            head = texts(*(word.capitalize() for word in rows[0]))
            found.append(table(text(caption), head, [[name(row[0], most=60), *texts(*row[1:])] for row in rows[1:]], numbers=numbers))
    return found


def _drawn(charts: Sequence[Chart]) -> Html:
    return html('<div class="charts">{}</div>', joined(map(figure_html, charts))) if charts else EMPTY


def _notes(record: Run) -> Html:
    gaps = [f"{amount(record.gaps_s, 's')} of the run were not metered"] if record.gaps_s else []
    return notes((name(note, most=300) for note in [*gaps, *record.notes[:10]]), label="What to know about the run")
