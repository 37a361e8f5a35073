"""What a run took, on one screen: at its end on stderr, and whenever it is asked for again."""

import shlex
import signal
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from traincarbon.formatting import WIDTH, amount, bold, counted, dim, median_and_interval, plain, scale_of, shortened, significant, table, wrapped
from traincarbon.ledger.record import RunRecord
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.tracking.display import wording
from traincarbon.tracking.display.wording import J_PER_KWH, Interval

MOST_LINES = 24

_MOST_DEVICES = 8
_MOST_NOTES = 5
_MEASURED, _MODELLED = ("counter", "power"), ("modelled",)
_FIGURES = (
    ("Facility energy", "facility_energy_kwh", "kWh"),
    ("CO2e, electricity", "operational_kgco2e", "kg CO2e"),
    ("CO2e, hardware", "embodied_kgco2e", "kg CO2e"),
    ("CO2e, both", "total_kgco2e", "kg CO2e"),
    ("Cost", "cost_usd", "$"),
)


def summary(
    record: RunRecord | Mapping[str, Any], *, budgets: Sequence[Mapping[str, Any]] = (), store: str = "", again: bool = True, styled: bool = False
) -> str:
    """Return what a run took, in at most 24 lines of 80 columns.

    Args:
        record: The run, or its record in the layout ``traincarbon/run/1``.
        budgets: What was allowed: tables of ``unit``, ``limit`` and ``spent``.
        store: Where the run is kept, if that is not where runs are looked for.
        again: Say how to see it again; not where it could not be kept.
        styled: With bold and dim, for a terminal.

    Raises:
        CarbonError: *record* is no record of a run.
    """
    run = record if isinstance(record, RunRecord) else RunRecord.from_dict(dict(record))
    energy = [_once("Measured", _parts(run, _MEASURED)), _once("Modelled", _parts(run, _MODELLED))]
    if run.missing:
        energy.append(_once("Missing", "; ".join(f"{parts}, {reason}" for reason, parts in _missing(run).items()), lines=2))
    last = [_once("Budget", " · ".join(share.text for share in wording.shares({"budgets": budgets})))] if budgets else []
    figures = _figures(run, counts=("tokens",) if "tokens" in run.counts else tuple(run.counts))
    for each in (2, 1):  # lines of a note, as far as there is room
        notes = [_once("Note", note, lines=each) for note in _notes(run, most=2)]
        lines = "\n".join([*_head(run), "", *energy, _gaps(run), *_known(run), *figures, "", *last, *notes, *(_again(run, store) if again else [])]).split("\n")
        over = len(lines) - MOST_LINES
        if over <= 0:
            break
    lines = [line for place, line in enumerate(lines) if line or place >= len(lines) - 1 or over <= 0]
    return "\n".join(lines if styled else map(plain, lines)).rstrip()


def _again(run: RunRecord, store: str) -> list[str]:
    """Return the command that shows the run again, fit to be copied."""
    where = f" --store {shlex.quote(store)}" if store else ""
    run_id = shlex.quote(run.run_id)
    return [_once("Again", f"carbon runs show{where} -- {run_id}" if run_id.startswith("-") else f"carbon runs show {run_id}{where}")]


def page(run: RunRecord) -> list[str]:
    """Return the same at length, with each device and all reasons, as lines of 80 columns in bold and dim."""
    energy = [wrapped("Measured", _parts(run, _MEASURED)), wrapped("Modelled", _parts(run, _MODELLED))]
    energy += [wrapped("Missing", f"{parts}, {shortened(reason, most=200)}") for reason, parts in _missing(run).items()]
    notes = [wrapped("Note", shortened(note, most=300)) for note in _notes(run, most=_MOST_NOTES)]
    return [*_head(run), "", *energy, _gaps(run), *_known(run), *_figures(run, counts=tuple(run.counts)), *_devices(run), *([""] if notes else []), *notes]


def _missing(run: RunRecord) -> dict[str, str]:
    """Return each reason why something is missing, and the parts that it holds for."""
    parts: dict[str, list[str]] = {}
    for part, reason in run.missing.items():
        parts.setdefault(reason, []).append(part)
    return {reason: " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) for reason, names in parts.items()}


def _head(run: RunRecord) -> list[str]:
    exit_code = "" if run.exit_code is None else f", exit code {run.exit_code}"
    ended = f" · {run.state}{exit_code}{_by(run.signal)}"
    project = f" · {shortened(run.project, most=20)}" if run.project else ""
    lines = [bold(f"{shortened(run.run_id, most=WIDTH - len(project + ended))}{project}{ended}")]
    if run.argv:
        lines.append(dim(f"  {shortened(' '.join(run.argv), most=WIDTH - 2)}"))
    on = counted(run.nodes, "node") + (f", {counted(run.accelerators, 'accelerator')}" if run.accelerators is not None else "")
    hardware = f" ({run.hw})" if run.hw else ""
    restarts = f", {counted(run.restarts, 'restart')}" if run.restarts else ""
    when = f"{run.started_at[:16].replace('T', ' ')} UTC, {amount(run.duration_s, 's', digits=3)}{restarts}"
    return [*lines, f"  {shortened(f'{when} on {on}{hardware}', most=WIDTH - 2)}"]


def _by(number: int | None) -> str:
    """Return which signal ended the run, by its name where this system has it."""
    if not number:
        return ""
    names = {each.value: each.name for each in signal.Signals}
    return f" by {names.get(number, f'signal {number}')}"


def _parts(run: RunRecord, hows: tuple[str, ...]) -> str:
    shown = [f"{part} {wording.figure(energy_j / J_PER_KWH, 'kWh')}" for part, energy_j in _energy_j(run, hows).items()]
    used = [how for how in hows if how in run.how.values()]
    by = f" (by {' and '.join(used)})" if hows == _MEASURED else ""
    return f"{' · '.join(shown)}{by}" if shown else "nothing"


def _energy_j(run: RunRecord, hows: tuple[str, ...]) -> dict[str, float]:
    return {part: energy_j for part, energy_j in run.energy_j.items() if energy_j is not None and run.how.get(part) in hows}


def _gaps(run: RunRecord) -> str:
    gaps = f"{amount(run.gaps_s, 's')} were not metered" if run.gaps_s else "none"
    return wrapped("Gaps", f"{gaps}; {counted(run.samples, 'sample')}")


def _known(run: RunRecord) -> list[str]:
    """Return how much of the facility's energy was measured, modelled and, the rest, assumed: its overhead and what nobody metered."""
    whole_kwh = (run.facility_energy_kwh or {}).get("median", 0.0)
    if whole_kwh <= 0.0:
        return []
    measured, modelled = (min(sum(_energy_j(run, hows).values()) / J_PER_KWH / whole_kwh, 1.0) for hows in (_MEASURED, _MODELLED))
    assumed = max(1.0 - measured - modelled, 0.0)
    known = (("measured", measured), ("modelled", modelled), ("assumed", assumed))
    return [wrapped("Of the facility's energy", ", ".join(f"{wording.percent(share)} {how}" for how, share in known))]


def _figures(run: RunRecord, *, counts: Sequence[str]) -> list[str]:
    """Return what the tracker worked out, beside the plan where there was one; what is not known is not shown."""
    rows = [row for name, key, unit in _FIGURES if (row := _figure(run, name, key, unit))]
    planned = _planned(run, "duration_s")
    if planned:
        rows.append(("Duration", *_scaled(run.duration_s, "s"), "", _against(run.duration_s, planned, "s")))
    beside_plans = any(row[-1] for row in rows)  # else their column is too narrow for rates
    for name in counts:
        rate = ("", _rate(run, name)) if beside_plans else (_rate(run, name), "")
        rows.append((name.capitalize(), *_scaled(run.counts[name], "count"), *rate))
    if run.mfu is not None:
        rows.append(("MFU", significant(run.mfu, 3), "", "", ""))
    return ["", *(line[:WIDTH] for line in table(rows, right=(1,)).split("\n"))] if rows else []


def _figure(run: RunRecord, name: str, key: str, unit: str) -> tuple[str, ...] | None:
    name += f", {wording.counted_as(run.cost_basis)}" if key == "cost_usd" and run.cost_basis else ""
    planned = _planned(run, key)
    figure = _total(run) if key == "total_kgco2e" and planned else wording.interval(getattr(run, key, None))
    if figure is None:
        return None
    middle, scale, apart = median_and_interval(figure, unit)
    if wording.is_next_to_nothing(figure.median, unit):
        middle, apart = wording.NEXT_TO_NOTHING, ""
    return name, middle, scale, apart if figure.low < figure.high else "no interval stated", "" if planned is None else _against(figure.median, planned, unit)


def _total(run: RunRecord) -> Interval | None:
    parts = [wording.interval(figure) for figure in (run.operational_kgco2e, run.embodied_kgco2e)]
    known = [part for part in parts if part is not None]
    return Interval(*map(sum, zip(*known, strict=True))) if len(known) == len(parts) else None


def _planned(run: RunRecord, key: str) -> Interval | None:
    return wording.interval((run.plan or {}).get(key))


def _against(value: float, planned: Interval, unit: str) -> str:
    """Return what was planned, how far off it was, and whether the plan's interval held it."""
    place = "above" if value > planned.high else "below" if value < planned.low else "inside"
    return f"plan {amount(planned.median, unit, digits=3)}, {wording.deviation(value, planned.median)}, {place}"


def _rate(run: RunRecord, name: str) -> str:
    """Return how fast something was done and, of tokens, the energy that each took of what was metered."""
    count = run.counts[name]
    told = [f"{significant(count / run.duration_s, 3)} a second"] if run.duration_s > 0.0 else []
    if name == "tokens" and count > 0.0 and run.metered_kwh is not None:
        told.append(f"{significant(run.metered_kwh * J_PER_KWH / count, 3)} J each")
    return ", ".join(told)


def _scaled(value: float, unit: str) -> tuple[str, str]:
    scale = scale_of(value, unit)
    return scale.around(significant(value / scale.size, 3)), scale.unit


def _devices(run: RunRecord) -> list[str]:
    if not run.by_device:
        return []
    rows = [("node", "device", "energy", "most power", "busy", "hottest", "how"), *(_device(use) for use in run.by_device[:_MOST_DEVICES])]
    head, *lines = table(rows, right=(0, 2, 3, 4, 5)).split("\n")
    over = len(run.by_device) - _MOST_DEVICES
    more = [dim(f"and {counted(over, 'device')} more")] if over > 0 else []
    return ["", dim(head), *lines, *more]


def _device(use: DeviceUse) -> tuple[str, ...]:
    return (
        str(use.node),
        shortened(use.device, most=24),
        wording.figure(use.energy_j / J_PER_KWH, "kWh"),
        "–" if use.power_max_w is None else f"{significant(use.power_max_w, 3)} W",
        "–" if use.utilisation is None else f"{use.utilisation:.0%}",
        "–" if use.temperature_max_c is None else f"{use.temperature_max_c:.0f} °C",
        use.how,
    )


def _notes(run: RunRecord, *, most: int) -> Iterable[str]:
    over = len(run.notes) - most
    return [*run.notes[:most], *([f"and {counted(over, 'note')} more"] if over > 0 else [])]


def _once(label: str, text: str, *, lines: int = 1) -> str:
    """Return *text* behind a bold *label*, cut to so many lines."""
    return wrapped(label, shortened(text, most=lines * (WIDTH - 2) - len(label)))
