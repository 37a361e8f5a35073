"""The summary of a run on one screen: at its end on stderr, and later by ``carbon runs show``."""

import shlex
import signal
from collections.abc import Iterable, Sequence

from traincarbon.decode import interval
from traincarbon.formatting import amount, counted, median_and_interval, scale_of, shortened, significant
from traincarbon.ledger.launcher import launcher_line
from traincarbon.ledger.like_for_like import ComparablePlan, comparable_plan_of
from traincarbon.ledger.nodes import MISSING
from traincarbon.ledger.run import Run
from traincarbon.ledger.run_energy import NO_GAP_S, DeviceUse
from traincarbon.quantities import J_PER_KWH, QUANTITIES, RECORDED
from traincarbon.terminal_text import bold, dim, plain, table, width, worse, wrapped
from traincarbon.tracking.display import wording
from traincarbon.tracking.display.known_energy import ASSUMED, MEASURED, MODELLED, facility_shares, parts_j, parts_text
from traincarbon.tracking.display.other_records import other_records
from traincarbon.tracking.display.run_parts import phases_text, waste_verdicts
from traincarbon.tracking.display.run_parts import tables as parts_tables
from traincarbon.tracking.live_state import BudgetState
from traincarbon.uncertain import Interval

MOST_LINES = 24

_MOST_DEVICES = 8
_MAX_TEMPERATURE, _ROOMY = 5, 80
"""The column of the table of devices that a screen narrower than this leaves out."""
_TIME_COVERED = 6
"""The column that is left out if all devices were metered all the time."""
_MOST_NOTES = 5
_MOST_OTHERS = 3
_UNKNOWN = "unknown, as a GPU was here and was not metered; carbon doctor shows how to meter it"
_SHOWN = tuple(name for name in QUANTITIES if name in RECORDED or name == "total_kgco2e")


def summary(run: Run, *, budgets: Iterable[BudgetState] = (), store: str = "", again: bool = True, styled: bool = False, columns: int | None = None) -> str:
    """Return what a run took, in at most 24 lines.

    Args:
        run: The record of the run.
        budgets: The budgets of the run.
        store: The folder of the run, if it is not the default one.
        again: Whether to say how to show the run again; False if it could not be recorded.
        styled: Whether to use bold and dim, for a terminal.
        columns: Width of the lines; by default that of stdout.
    """
    columns = width() if columns is None else columns
    energy = [_single("Measured", parts_text(run, MEASURED), columns), _single("Modelled", parts_text(run, MODELLED), columns)]
    energy += [_single("Assumed", parts_text(run, ASSUMED), columns)] if parts_j(run, ASSUMED) else []
    if _missing(run):
        energy.append(_single("Missing", "; ".join(f"{parts}, {reason}" for reason, parts in _missing(run).items()), columns, lines=2))
    shares = [f"{share.text} {wording.FACILITY}" if share.unit == "kWh" else share.text for share in wording.budgets(budgets)]
    last = [_single("Phases", phases_text(run), columns, lines=2)] if run.phases else []
    last += [_single("Waste", "; ".join(verdicts), columns, lines=2)] if (verdicts := waste_verdicts(run)) else []
    last += [_single("Budget", " · ".join(shares), columns)] if shares else []
    results = _results(run, columns, counts=("tokens",) if "tokens" in run.counts else tuple(run.counts))
    for lines_each, most in ((2, 2), (1, 2), (1, 1), (1, 0)):  # notes and lines of a note, as far as there is room
        notes = [_single("Note", note, columns, lines=lines_each) for note in _notes(run, most=most)]
        blocks = [
            *_head(run, columns),
            "",
            *energy,
            _gaps(run, columns),
            *_sources(run, columns),
            *results,
            "",
            *last,
            *notes,
            *(_again(run, store, columns) if again else []),
        ]
        lines = "\n".join(blocks).split("\n")
        over = len(lines) - MOST_LINES
        if over <= 0:
            break
    lines = [line for index, line in enumerate(lines) if line or index >= len(lines) - 1 or over <= 0]
    return "\n".join(lines if styled else map(plain, lines)).rstrip()


def _again(run: Run, store: str, columns: int) -> list[str]:
    """Return the command that shows the run again, quoted for a shell."""
    where = f" --store {shlex.quote(store)}" if store else ""
    run_id = shlex.quote(run.run_id)
    return [_single("Again", f"carbon runs show{where} -- {run_id}" if run_id.startswith("-") else f"carbon runs show {run_id}{where}", columns)]


def page(run: Run) -> list[str]:
    """Return the long summary, with each device and all reasons, as lines of the terminal's width in bold and dim."""
    columns = width()
    energy = [wrapped("Measured", parts_text(run, MEASURED)), wrapped("Modelled", parts_text(run, MODELLED))]
    energy += [wrapped("Assumed", parts_text(run, ASSUMED))] if parts_j(run, ASSUMED) else []
    energy += [wrapped("Missing", f"{parts}, {shortened(reason, most=200)}") for reason, parts in _missing(run).items()]
    notes = [wrapped("Note", shortened(note, most=300)) for note in _notes(run, most=_MOST_NOTES)]
    launcher = launcher_line(run.launcher)
    return [
        *_head(run, columns),
        "",
        *([wrapped("Launched by", shortened(launcher, most=300), columns=columns)] if launcher else []),
        *([wrapped("Shared boards", shortened(_shared(run), most=300), columns=columns)] if run.shared_with else []),
        *(wrapped(label, shortened(text, most=300), columns=columns) for label, text in other_records(run)),
        *energy,
        _gaps(run, columns),
        *_sources(run, columns),
        *_results(run, columns, counts=tuple(run.counts)),
        *([wrapped("Waste", verdict, columns=columns) for verdict in waste_verdicts(run)]),
        *parts_tables(run),
        *_devices(run, columns),
        *([""] if notes else []),
        *notes,
    ]


def _missing(run: Run) -> dict[str, str]:
    """Return each reason why something is missing, with its parts."""
    parts: dict[str, list[str]] = {}
    for part, reason in run.missing.items():
        if part != MISSING:
            parts.setdefault(reason, []).append(part)
    return {reason: " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) for reason, names in parts.items()}


def _head(run: Run, columns: int) -> list[str]:
    exit_code = "" if run.exit_code is None else f", exit code {run.exit_code}"
    ended = f" · {run.state}{exit_code}{_by(run.signal)}"
    project = f" · {shortened(run.project, most=20)}" if run.project else ""
    lines = [bold(f"{shortened(run.run_id, most=columns - len(project + ended))}{project}{ended}")]
    if run.argv:
        lines.append(dim(f"  {shortened(' '.join(run.argv), most=columns - 2)}"))
    seen = f"{run.nodes} of " if run.missing.get(MISSING) else ""
    on = (
        seen
        + counted((run.nodes_expected or run.nodes) if seen else run.nodes, "node")
        + (f", {counted(run.accelerators, 'accelerator')}" if run.accelerators is not None else "")
    )
    hardware = f" ({run.hw})" if run.hw else ""
    restarts = f", {counted(run.restarts, 'restart')}" if run.restarts else ""
    when = f"{run.started_at[:16].replace('T', ' ')} UTC, {amount(run.duration_s, 's', digits=3)}{restarts}"
    absent = [worse(shortened(f"  {_incomplete(run)}", most=columns))] if seen else []
    return [*lines, f"  {shortened(f'{when} on {on}{hardware}', most=columns - 2)}", *absent]


def _incomplete(run: Run) -> str:
    """Return what is missing of the run, and what its totals say of it."""
    if run.state == "running":
        return run.missing[MISSING]
    is_covered = any(getattr(run, name) is not None for name in RECORDED)
    return f"{run.missing[MISSING]}: {'totals assume nodes like the others' if is_covered else 'totals are unknown'}; what was metered lacks them"


def _shared(run: Run) -> str:
    """Return which other runs metered its boards, and what that means for their energy."""
    over = len(run.shared_with) - _MOST_OTHERS
    others = ", ".join(run.shared_with[:_MOST_OTHERS]) + (f" and {counted(over, 'run')} more" if over > 0 else "")
    return f"with {others} at the same time; each record has all of their energy, totals of several runs count it once"


def _by(number: int | None) -> str:
    """Return which signal ended the run, by name if this system knows it."""
    if not number:
        return ""
    names = {each.value: each.name for each in signal.Signals}
    return f" by {names.get(number, f'signal {number}')}"


def _gaps(run: Run, columns: int) -> str:
    gaps = f"{amount(run.gaps_s, 's')} were not metered" if run.gaps_s else "none"
    return wrapped("Gaps", f"{gaps}; {counted(run.samples, 'sample')}", columns=columns)


def _sources(run: Run, columns: int) -> list[str]:
    """Return the shares of the facility's energy that were measured, modelled and assumed, or why it is unknown."""
    if run.unread_gpu:
        return [wrapped("Energy, CO2e and cost", _UNKNOWN, columns=columns)]
    shares = facility_shares(run)
    return [wrapped("Of the facility's energy", shares, columns=columns)] if shares else []


def _results(run: Run, columns: int, *, counts: Sequence[str]) -> list[str]:
    """Return the results of the run, beside the plan if there was one; what is not known is not shown."""
    plan = comparable_plan_of(run)
    rows = [row for name in _SHOWN if (row := _result(run, name, plan.results.get(name)))]
    planned = plan.results.get("duration_s")
    if planned:
        rows.append(("Duration", *_scaled(run.duration_s, "s"), "", _comparison(run.duration_s, planned, "s")))
    has_plan = any(row[-1] for row in rows)  # else that column is too narrow for rates
    for name in counts:
        rate, energy = _rate(run, name)
        beside = (rate, energy) if has_plan else (", ".join(filter(None, (rate, energy))), "")
        rows.append((name.capitalize(), *_scaled(run.counts[name], "count"), *beside))
    if run.mfu is not None:
        rows.append(("MFU", *wording.utilisation(run.mfu).rsplit(" ", 1), "", ""))
    shown = [line[:columns] for line in table(rows, right=(1,)).split("\n")] if rows else []
    return ["", *shown, *_pro_rata(plan, columns)] if shown else []


def _pro_rata(plan: ComparablePlan, columns: int) -> list[str]:
    """Return that the plan was of more or fewer tokens, if it was."""
    if not plan.results or not plan.is_pro_rata:
        return []
    share = wording.percent(plan.share) if plan.share < 10.0 else f"{significant(plan.share, 3)} times"
    return [_single("Plan", f"scaled to the tokens of this run, {share} of those planned", columns)]


def _result(run: Run, name: str, planned: Interval | None) -> tuple[str, ...] | None:
    label, unit = QUANTITIES[name].label, QUANTITIES[name].unit
    if name == "cost_usd" and run.cost_basis:
        label += f", {wording.cost_word(run.cost_basis)}"
    value = _total(run) if name == "total_kgco2e" and planned else interval(getattr(run, name, None))
    if value is None:
        return None
    median, scale, bounds = median_and_interval(value, unit)
    return label, median, scale, "no interval stated" if value.is_exact else bounds, "" if planned is None else _comparison(value.median, planned, unit)


def _total(run: Run) -> Interval | None:
    parts = [interval(value) for value in (run.operational_kgco2e, run.embodied_kgco2e)]
    known = [part for part in parts if part is not None]
    return Interval(*map(sum, zip(*known, strict=True))) if len(known) == len(parts) else None


def _comparison(value: float, planned: Interval, unit: str) -> str:
    """Return the plan, the deviation from it, and whether the value is inside its interval."""
    side = "above" if value > planned.high else "below" if value < planned.low else "inside"
    return f"plan {amount(planned.median, unit, digits=3)}, {wording.deviation(value, planned.median)}, {side}"


def _rate(run: Run, name: str) -> tuple[str, str]:
    """Return the rate of a count and, for tokens, the energy of each."""
    count = run.counts[name]
    rate = f"{significant(count / run.duration_s, 3)}/s" if run.duration_s > 0.0 else ""
    return rate, _energy_of_each(run, count) if name == "tokens" and count > 0.0 else ""


def _energy_of_each(run: Run, count: float) -> str:
    """Return the energy of the best known whole parts over *count*, and how it is known; nothing if a GPU that was there is not among them."""
    for word, sources in (("metered", MEASURED), ("modelled", MODELLED), ("assumed", ASSUMED)):
        energy_j = sum(part_j or 0.0 for part, part_j in run.energy_j.items() if run.how.get(part) in sources)
        if energy_j > 0.0 and not run.unread_gpu:
            return f"{significant(energy_j / count, 2)} J {word} each"
    return ""


def _scaled(value: float, unit: str) -> tuple[str, str]:
    scale = scale_of(value, unit)
    return scale.around(significant(value / scale.size, 3)), scale.unit


def _devices(run: Run, columns: int) -> list[str]:
    if not run.by_device:
        return []
    rows = [("node", "device", "metered", "peak power", "used", "max temp", "time covered", "source"), *(_device(use) for use in run.by_device[:_MOST_DEVICES])]
    left_out = {_MAX_TEMPERATURE} if columns < _ROOMY else set()
    if all(use.gaps_s <= NO_GAP_S for use in run.by_device):
        left_out.add(_TIME_COVERED)
    kept = [at for at in range(len(rows[0])) if at not in left_out]
    right = [at for at, column in enumerate(kept) if column in (0, 2, 3, 4, _MAX_TEMPERATURE, _TIME_COVERED)]
    head, *lines = table([[row[at] for at in kept] for row in rows], right=right).split("\n")
    over = len(run.by_device) - _MOST_DEVICES
    more = [dim(f"and {counted(over, 'device')} more")] if over > 0 else []
    return ["", dim(head), *lines, *more]


def _device(use: DeviceUse) -> tuple[str, ...]:
    return (
        str(use.node),
        shortened(use.device, most=24),
        "unknown" if use.is_unknown else wording.short_amount(use.energy_j / J_PER_KWH, "kWh"),
        "–" if use.power_max_w is None else f"{significant(use.power_max_w, 3)} W",
        "–" if use.utilisation is None else f"{use.utilisation:.0%}",
        "–" if use.temperature_max_c is None else f"{use.temperature_max_c:.0f} °C",
        "–" if use.metered_percent is None else f"{use.metered_percent:.1f} %",
        use.how,
    )


def _notes(run: Run, *, most: int) -> Iterable[str]:
    over = len(run.notes) - most
    return [*run.notes[:most], *([f"and {counted(over, 'note')} more"] if over > 0 else [])]


def _single(label: str, text: str, columns: int, *, lines: int = 1) -> str:
    """Return *text* behind a bold *label*, cut to at most so many lines."""
    return wrapped(label, shortened(text, most=lines * (columns - 2) - len(label)), columns=columns)
