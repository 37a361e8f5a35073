"""Import a table of runs that was written by hand, with columns such as name, params, tokens, hw, accelerators, hours, energy_kwh."""

from datetime import datetime
from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.estimation.fields import check_number
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, S_PER_DAY, S_PER_H, EnergySource, Part
from traincarbon.readers.column_names import check_columns, first_amount, first_count, size_of
from traincarbon.readers.imported import ENDINGS, NO_ZONE, Format, Imported, ImportOptions, exactly, moment, names_a_zone, record_of
from traincarbon.readers.table import Row, delimiter_of, header_of, rows

NAMES = ("name", "run", "run_id", "id")
HOURS_H = ("hours", "duration_h", "wallclock_hours")
LAYOUT = ("tp", "pp", "dp", "batch_tokens", "seq_len")
"""The parallel layout and the tokens of a step, as in a plan."""
COLUMNS = (
    *NAMES, "project", "state", "started", "date", "params", "tokens", "hw", "hardware", "nodes", "servers", "accelerators", "gpus",
    *HOURS_H, "days", "duration_s", "accelerator_hours", "gpu_hours", "how", "energy_kwh", "gpu_energy_kwh", "cpu_energy_kwh", "dram_energy_kwh",
    "facility_energy_kwh", "co2e_kg", "operational_kgco2e", "embodied_kgco2e", "cost_usd", "mfu", *LAYOUT,
)  # fmt: skip
"""The columns that are read, beside the usual names for parameters, tokens, hardware and accelerators."""

_NO_ENERGY = "the table states no energy for it"
_IN_THE_WHOLE = "the table states only the total, which is under other"
_POWER_KW = (0.001, 60.0)
"""Possible mean power per accelerator, from a small processor to a wafer; per node without accelerators."""
_MOST_FLOP_PER_S = 3e17
"""More than any accelerator computes, wafers included."""
_MOST_KG_PER_KWH = 3.0


def is_handwritten(beginning: str) -> bool:
    """Return whether a file with this beginning is a table of runs, each with a name and a time."""
    header = {column.lower() for column in header_of(beginning, delimiter_of(beginning))}
    return not header.isdisjoint(NAMES) and not header.isdisjoint({*HOURS_H, "days", "duration_s", "accelerator_hours", "gpu_hours"})


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the runs of a table. A row in which a unit must be wrong is left out, and the message names the unit.

    Energy counts as modelled unless the column *how* says ``counter`` or ``power``. A run without a state has finished.

    Raises:
        CarbonError: the file lacks a column that the user names.
    """
    records, left_out, notes = [], [], []
    lines: dict[str, int] = {}
    header = stream.readline(1 << 20)
    delimiter = delimiter_of(header)
    names = header_of(header, delimiter)
    check_columns([name.lower() for name in names], options)
    unread = [name for name in names if name and name.lower() not in {*COLUMNS, options.params_column, options.tokens_column}]
    for row in rows(_After(header, stream), delimiter=delimiter, always_ended=False):
        if isinstance(row, str):
            left_out.append(row)
            continue
        low = Row(row.line, {name.lower(): cell for name, cell in row.cells.items()})
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


class _After:
    """A stream with its first line put back, as standard input cannot seek."""

    def __init__(self, line: str, stream: TextIO) -> None:
        self._line = line
        self._stream = stream

    def readline(self, most: int, /) -> str:
        """Return the next line, or as much of it."""
        line, self._line = self._line, ""
        return line or self._stream.readline(most)


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
    if how not in tuple(EnergySource):
        raise ValueError(f"column how: {how[:20]!r} is none of {', '.join(EnergySource)}")
    energies_j = _energy_j(row)
    record = record_of(
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
        energy_j={part: (energy_j, EnergySource(how)) for part, energy_j in energies_j.items()},
        missing={"": _IN_THE_WHOLE if energies_j.get(Part.OTHER) else _NO_ENERGY},
        facility_energy_kwh=exactly(row.amount("facility_energy_kwh") or None),
        operational_kgco2e=exactly(first_amount(row, ("operational_kgco2e", "co2e_kg"))),
        embodied_kgco2e=exactly(row.amount("embodied_kgco2e")),
        cost_usd=exactly(row.amount("cost_usd")),
        plan=_layout(row),
        versions={},
    )
    _check_units(record)
    return record


def _began(row: Row, options: ImportOptions) -> datetime | None:
    started = row.text("started", "date")
    try:
        return moment(started, options.zone) if started else None
    except ValueError as error:
        raise ValueError(f"column {'started' if row.text('started') else 'date'}: {error}") from error


def _duration_s(row: Row, accelerators: int | None) -> float:
    """Return the wall-clock time of a run in seconds from the column that states it."""
    hours, days, seconds = first_amount(row, HOURS_H), row.amount("days"), row.amount("duration_s")
    if hours is not None:
        return hours * S_PER_H
    if days is not None:
        return days * S_PER_DAY
    if seconds is not None:
        return seconds
    device_hours_h = first_amount(row, ("accelerator_hours", "gpu_hours"))
    if device_hours_h is None:
        raise ValueError("column hours is empty: the duration is unknown")
    if not accelerators:
        raise ValueError("column accelerators is empty: accelerator-hours alone do not give a duration")
    return device_hours_h * S_PER_H / accelerators


def _layout(row: Row) -> dict[str, float] | None:
    """Return the layout that the row states as fields of a plan, None if it states none.

    Raises:
        ValueError: the value is not valid in a plan.
    """
    stated = {}
    for name in LAYOUT:
        if (amount := row.amount(name)) is not None:
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


def _check_units(record: Run) -> None:
    """Refuse values that together can only be in wrong units.

    Raises:
        ValueError: one contradicts another.
    """
    hours_h = record.duration_s / S_PER_H
    if hours_h <= 0.0:
        raise ValueError("column hours: a run cannot take 0 hours")
    energy_kwh = record.metered_kwh
    devices = record.accelerators or record.nodes
    if energy_kwh:
        power_kw = energy_kwh / hours_h / devices
        hint = "is it in Wh?" if power_kw > _POWER_KW[1] else "is it in MWh?"
        if not _POWER_KW[0] <= power_kw <= _POWER_KW[1]:
            raise ValueError(f"column energy_kwh: {energy_kwh:g} kWh in {hours_h:g} h is {power_kw:.3g} kW for each of {devices}; {hint}")
    co2e_kg = (record.operational_kgco2e or {}).get("median")
    if co2e_kg and energy_kwh and co2e_kg / energy_kwh > _MOST_KG_PER_KWH:
        raise ValueError(
            f"column co2e_kg: {co2e_kg:g} kg from {energy_kwh:g} kWh is {co2e_kg / energy_kwh:.3g} kg/kWh, more than any grid has; is it in grams?"
        )
    if record.params and record.tokens and record.accelerators:
        rate = 6.0 * record.params * record.tokens / (record.duration_s * record.accelerators)
        if rate > _MOST_FLOP_PER_S:
            raise ValueError(
                f"{record.params:g} parameters and {record.tokens:g} tokens in {hours_h:g} h are {rate:.2g} FLOP/s per accelerator, more than any can do;"
                " are these hours of wall-clock time?"
            )


FORMAT = Format(
    "csv",
    "a table by hand, separated by commas, semicolons or tabs: name, hours, params, tokens, hw, energy_kwh, …",
    "what its columns say",
    "a row in which a unit must be wrong is left out, and the note names the unit",
    is_handwritten,
    read,
    has_free_columns=True,
)
