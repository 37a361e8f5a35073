"""Import a table of runs that was written by hand, with columns such as name, params, tokens, hw, accelerators, hours, energy_kwh."""

import re
from datetime import datetime
from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.estimation.fields import check_number
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.ledger.energy_coverage import WHOLE
from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, S_PER_DAY, S_PER_H, EnergySource, Part
from traincarbon.readers.column_names import ACCELERATORS, HARDWARE, PARAMS, TOKENS, check_columns, first_amount, first_count, size_of
from traincarbon.readers.durations import duration_s_of
from traincarbon.readers.imported import ENDINGS, NO_ZONE, Format, Imported, ImportOptions, exactly, moment, names_a_zone, record_of
from traincarbon.readers.plausible import Basis, faults_of
from traincarbon.readers.table import PutBack, Row, delimiter_of, header_of, rows, says_nothing

NAMES = ("name", "run", "run_id", "id")
HOURS_H = ("hours", "duration_h", "wallclock_hours", "runtime_h", "training_hours")
DEVICE_HOURS_H = ("accelerator_hours", "gpu_hours")
TIMES = ("duration", "time", "runtime", "elapsed", "wallclock_time", "training_time")
"""Times with a clock or with units: ``1:30:00``, ``35 min``; a number alone has no unit and is not read."""
_NAME = "csv"
_TIMED = (*HOURS_H, *TIMES)
LAYOUT = ("tp", "pp", "dp", "batch_tokens", "seq_len")
"""The parallel layout and the tokens of a step, as in a plan."""
COLUMNS = (
    *NAMES, "project", "state", "started", "date", "params", "tokens", "hw", "hardware", "nodes", "servers", "accelerators", "gpus",
    *HOURS_H, *TIMES, "days", "duration_s", *DEVICE_HOURS_H, "how", "energy_kwh", "gpu_energy_kwh", "cpu_energy_kwh", "dram_energy_kwh",
    "facility_energy_kwh", "co2e_kg", "operational_kgco2e", "embodied_kgco2e", "cost_usd", "mfu", *LAYOUT,
)  # fmt: skip
"""The columns that are read, beside the usual names for parameters, tokens, hardware and accelerators."""

_SYNONYMS = {
    "gpu_h": "gpu_hours", "gpuhours": "gpu_hours", "gpu_hrs": "gpu_hours", "accelerator_h": "accelerator_hours", "duration_hours": "hours", "duration_hrs": "hours",
    "time_h": "hours", "time_hours": "hours", "training_time_h": "hours", "training_time_hours": "hours", "runtime_hours": "hours", "wall_time_h": "hours",
    "time_s": "duration_s", "duration_sec": "duration_s", "duration_seconds": "duration_s", "runtime_s": "duration_s", "seconds": "duration_s",
    "training_time_s": "duration_s", "duration_days": "days", "time_days": "days", "kwh": "energy_kwh", "power_consumption_kwh": "energy_kwh",
    "energy_consumption_kwh": "energy_kwh", "total_energy_kwh": "energy_kwh", "energy_used_kwh": "energy_kwh", "co2_kg": "co2e_kg", "co2eq_kg": "co2e_kg",
    "carbon_kg": "co2e_kg", "emissions_kg": "co2e_kg", "kg_co2e": "co2e_kg", "kg_co2": "co2e_kg", "kgco2e": "co2e_kg", "co2_emissions_kg": "co2e_kg",
    "cost": "cost_usd", "cost_$": "cost_usd", "price_usd": "cost_usd", "model": "name", "model_name": "name", "run_name": "name", "start": "started",
    "started_at": "started", "start_time": "started", "status": "state",
}  # fmt: skip
"""Other names that people give to the columns."""
_SOURCES = {source.value: source for source in EnergySource}
_NO_ENERGY = "the table states no energy for it"
_OF_PROGRAMS = ("emissions", "source_type", "state", "runtime")
"""Columns of exports of programs that also have a name and a duration."""
_OF_ECO2AI = {"project_name", "cpu_name", "duration_s"}
_OTHER_NAMES = (*PARAMS, *TOKENS, *ACCELERATORS, *HARDWARE)
_IN_THE_WHOLE = "the table states only the total, which is under other"
_COLUMN_OF = {Part.OTHER: "energy_kwh", Part.GPU: "gpu_energy_kwh", Part.CPU: "cpu_energy_kwh", Part.DRAM: "dram_energy_kwh", "operational_kgco2e": "co2e_kg"}


def is_handwritten(beginning: str) -> bool:
    """Return whether a file with this beginning is a table of runs, each with a name and a time."""
    header = {plain_header(column) for column in header_of(beginning, delimiter_of(beginning))}
    times = {*HOURS_H, *DEVICE_HOURS_H, "days", "duration_s", *(TIMES if header.isdisjoint(_OF_PROGRAMS) else ())}
    return not header.isdisjoint(NAMES) and not header.isdisjoint(times) and not header >= _OF_ECO2AI


def plain_header(column: str) -> str:
    """Return a header as the name of a column: ``GPU Hours`` is ``gpu_hours``, ``Energy (kWh)`` is ``energy_kwh``.

    Example:
        >>> [plain_header(text) for text in ("GPU Hours", "Energy (kWh)", "CO2e [kg]", "Wall-clock hours", "GPU-hours")]
        ['gpu_hours', 'energy_kwh', 'co2e_kg', 'wallclock_hours', 'gpu_hours']
    """
    words = re.sub(r"[^\w%/]+", " ", column.strip().lower().replace("wall-clock", "wallclock").replace("wall clock", "wallclock")).split()
    name = "_".join("_".join(words).split("_"))
    return _SYNONYMS.get(name, name)


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the runs of a table. A row in which a unit must be wrong is left out, and the message names the unit.

    Energy counts as modelled unless the column *how* says ``counter`` or ``power``. A run without a state has finished.

    Raises:
        CarbonError: the file lacks a column that the user names.
    """
    records, left_out, notes = [], [], []
    lines: dict[str, int] = {}
    header, at = _header(stream)
    delimiter = delimiter_of(header)
    names = header_of(header, delimiter)
    stated = {options.params_column, options.tokens_column}
    plain = {name: name.lower() if name.lower() in stated else plain_header(name) for name in names if name}
    check_columns([*plain.values(), *(name.lower() for name in names)], options)
    unread = [name for name, known in plain.items() if not {known, name.lower()} & {*COLUMNS, *_OTHER_NAMES, *stated}]
    for row in rows(PutBack([header], stream), delimiter=delimiter, always_ended=False, first_line=at):
        if isinstance(row, str):
            left_out.append(row)
            continue
        low = Row(row.line, _by_plain_name(row.cells, plain))
        name = low.text(*NAMES)
        try:
            if delimiter == ";":
                _check_points(low)
            records.append(_record(low, options, lines))
            lines[name] = row.line
            started = low.text("started", "date")
            if not options.zone and "T" in started and not names_a_zone(started):
                notes.append(NO_ZONE)
        except (CarbonError, ValueError) as error:
            left_out.append(f"{row.place(name)}: {error}")
    if unread:
        notes.append(f"ignored columns: {', '.join(unread[:8])}")
    return Imported(records, left_out, list(dict.fromkeys(notes)))


def _header(stream: TextIO) -> tuple[str, int]:
    """Return the first line that says something, and its number."""
    number = 1
    while line := stream.readline(1 << 20):
        if not says_nothing(line):
            return line, number
        number += 1
    return "", number


def _by_plain_name(cells: dict[str, str], plain: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, cell in cells.items():
        known = plain.get(name, name)
        if not found.get(known):
            found[known] = cell
    return found


def _check_points(row: Row) -> None:
    """Refuse commas in the numbers of a table with semicolons: they may separate decimals or thousands.

    Raises:
        ValueError: a cell is a number with a comma.
    """
    for column, cell in row.cells.items():
        if "," in cell and cell.replace(",", "").replace(".", "").strip().isdigit():
            raise ValueError(f"column {column}: {cell[:40]!r} has a comma; write 1.5 for one and a half, 1500 for a thousand and a half")


def _record(row: Row, options: ImportOptions, lines: dict[str, int]) -> Run:
    name = row.text(*NAMES)
    if not name:
        raise ValueError("column name is empty")
    if name in lines:
        raise ValueError(f"line {lines[name]} has a run with this name already")
    size = size_of(row, options)
    nodes = first_count(row, ("nodes", "servers"))
    duration_s = _duration_s(row, size.accelerators)
    state, how = row.text("state").lower() or "finished", row.text("how").lower() or "modelled"
    if state not in ENDINGS:
        raise ValueError(f"column state: {state[:20]!r} is none of {', '.join(dict.fromkeys(ENDINGS.values()))}")
    if how not in _SOURCES:
        raise ValueError(f"column how: {how[:20]!r} is none of {', '.join(EnergySource)}")
    energies_j = _energy_j(row)
    return record_of(
        run_id=name,
        project=row.text("project"),
        state=ENDINGS[state],
        began=_began(row, options),
        duration_s=duration_s,
        nodes=nodes or 1,
        accelerators=size.accelerators,
        hw=size.hw,
        params=size.params,
        tokens=size.tokens,
        mfu=_share(row),
        energy_j={part: (energy_j, _SOURCES[how]) for part, energy_j in energies_j.items()},
        missing={"": _IN_THE_WHOLE if energies_j.get(Part.OTHER) else _NO_ENERGY},
        energy_covers=WHOLE if energies_j.get(Part.OTHER) else "",
        facility_energy_kwh=exactly(row.amount("facility_energy_kwh") or None),
        operational_kgco2e=exactly(first_amount(row, ("operational_kgco2e", "co2e_kg"))),
        embodied_kgco2e=exactly(row.amount("embodied_kgco2e")),
        cost_usd=exactly(row.amount("cost_usd")),
        plan=_layout(row),
        source=_NAME,
        versions={},
        check=_checked,
    )


def _began(row: Row, options: ImportOptions) -> datetime | None:
    started = row.text("started", "date")
    try:
        return moment(started, options.zone) if started else None
    except ValueError as error:
        raise ValueError(f"column {'started' if row.text('started') else 'date'}: {error}") from error


def _duration_s(row: Row, accelerators: int | None) -> float:
    """Return the wall-clock time of a run in seconds from the column that states it."""
    if (clock := _clock_s(row)) is not None:
        return clock
    hours, days, seconds = first_amount(row, HOURS_H), row.amount("days"), row.amount("duration_s")
    if hours is not None:
        return hours * S_PER_H
    if days is not None:
        return days * S_PER_DAY
    if seconds is not None:
        return seconds
    device_hours_h = first_amount(row, DEVICE_HOURS_H)
    if device_hours_h is None:
        raise ValueError("column hours is empty: the duration is unknown")
    if not accelerators:
        raise ValueError("column accelerators is empty: accelerator-hours alone do not give a duration")
    return device_hours_h * S_PER_H / accelerators


def _clock_s(row: Row) -> float | None:
    """Return the time that a row states with a clock or with units, None if it states none so.

    Raises:
        ValueError: a time has no unit.
    """
    for column in _TIMED:
        text = row.text(column) if column in row.cells else ""
        if text and (found_s := duration_s_of(text)) is not None:
            return found_s
        if text and column in TIMES and not row.text(*HOURS_H, *DEVICE_HOURS_H, "days", "duration_s"):
            raise ValueError(f"column {column}: {text[:40]!r} has no unit; write 1:30:00 or 1.5 h, or call the column hours")
    return None


def _layout(row: Row) -> dict[str, float] | None:
    """Return the layout that the row states as fields of a plan, None if it states none.

    Raises:
        ValueError: the value is not valid in a plan.
    """
    stated = {}
    for name in LAYOUT:
        if name in row.cells and (amount := row.amount(name)) is not None:
            try:
                stated[name] = check_number(name, amount, FIELDS[name])
            except CarbonError as error:
                raise ValueError(f"column {error}; {error.hint}") from error
    return stated or None


def _energy_j(row: Row) -> dict[Part, float]:
    """Return the energy of each part in joules. The rest of the total ``energy_kwh`` is ``other``."""
    parts = {part: row.amount(f"{part}_energy_kwh") for part in (Part.GPU, Part.CPU, Part.DRAM)}
    known = {part: energy_kwh * J_PER_KWH for part, energy_kwh in parts.items() if energy_kwh is not None}
    whole_kwh = row.amount("energy_kwh")
    if whole_kwh is None:
        return known
    rest_j = whole_kwh * J_PER_KWH - sum(known.values())
    if rest_j < -1e-6 * whole_kwh * J_PER_KWH:
        raise ValueError(f"column energy_kwh: {whole_kwh:g} kWh is less than the sum of its parts")
    return known if known and rest_j <= 1e-6 * whole_kwh * J_PER_KWH else {**known, Part.OTHER: max(rest_j, 0.0)}


def _share(row: Row) -> float | None:
    share = row.amount("mfu")
    if share is not None and share > 1.0:
        raise ValueError(f"column mfu: {share:g} is not a share; write 0.45 for 45 %")
    return share


def _checked(record: Run, basis: Basis) -> Run:
    """Return the record unless its values can only be in wrong units: which one is wrong cannot be known, as a person wrote all of them.

    Raises:
        ValueError: one contradicts another.
    """
    if record.duration_s <= 0.0:
        raise ValueError("column hours: a run cannot take 0 hours")
    for fault in faults_of(record, basis):
        raise ValueError(f"column {_COLUMN_OF.get(fault.field, fault.field)}: {fault.text}")
    return record


FORMAT = Format(
    _NAME,
    "a table by hand, separated by commas, semicolons or tabs: name, hours, params, tokens, hw, energy_kwh, …",
    "what its columns say",
    "how the energy is known, unless the column `how` says it",
    "a row in which a unit must be wrong is left out, and the note names the unit",
    is_handwritten,
    read,
    has_free_columns=True,
)
