"""Import ``emission.csv`` of Eco2AI, of all its versions, and of programs that were made from it."""

import re
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.quantities import J_PER_KWH, EnergySource, Part
from traincarbon.readers.imported import NO_ZONE, UNKNOWN_END, Energies, Format, Imported, ImportOptions, exactly, moment, record_of
from traincarbon.readers.plausible import Basis
from traincarbon.readers.table import Row, header_of, rows

_TIMES = ("start_time", "duration(s)")
_WHOLE_KWH = ("power_consumption(kWh)", "power_consumption(kWTh)", "power_consumption")
_PARTS_KWH = {Part.CPU: "cpu_power_consumption(kWh)", Part.DRAM: "ram_power_consumption(kWh)", Part.GPU: "gpu_power_consumption(kWh)"}
_DEVICES = re.compile(r"(.*?)[ /](\d+) device\(s\).*")
_ONLY_SUM = "Eco2AI states only the sum of processor, memory and GPU; it is under other"
_NOTHING = "Eco2AI states no energy for it"


class _Piece(NamedTuple):
    """A row: an epoch of a run, or all of it."""

    began: datetime
    duration_s: float
    row: Row


def is_eco2ai(beginning: str) -> bool:
    """Return whether a file with this beginning is a table of Eco2AI."""
    header = set(header_of(beginning))
    return set(_TIMES) <= header and not header.isdisjoint(_WHOLE_KWH)


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the runs of a table. Rows of one run that began at other times are its epochs and add up; of the same time the longest counts."""
    runs: dict[str, dict[datetime, _Piece]] = {}
    left_out: list[str] = []
    for row in rows(stream, always_ended=False):
        if isinstance(row, str):
            left_out.append(row)
            continue
        run_id = row.text("id") or f"{row.text('project_name')}-{row.text('start_time')}"
        try:
            piece = _piece(row, options)
        except ValueError as error:
            left_out.append(f"{row.place(run_id)}: {error}")
            continue
        pieces = runs.setdefault(run_id, {})
        if piece.began not in pieces or pieces[piece.began].duration_s <= piece.duration_s:
            pieces[piece.began] = piece
    records: list[Run] = []
    for run_id, pieces in runs.items():
        in_order = sorted(pieces.values(), key=lambda piece: piece.began)
        try:
            records.append(_record(run_id, in_order))
        except (CarbonError, ValueError) as error:
            left_out.append(f"{in_order[-1].row.place(run_id)}: {error}")
    return Imported(records, left_out, [] if options.zone or not runs else [NO_ZONE])


def _piece(row: Row, options: ImportOptions) -> _Piece:
    """Return when a row began and how long it took.

    Raises:
        ValueError: it does not say so.
    """
    duration_s = row.amount("duration(s)")
    if duration_s is None:
        raise ValueError("column duration(s) is empty")
    return _Piece(moment(row.text("start_time"), options.zone), duration_s, row)


def _record(run_id: str, pieces: Sequence[_Piece]) -> Run:
    """Return the run of these rows.

    Raises:
        CarbonError: a value is not of its type.
        ValueError: a cell is not a number, or its duration cannot be.
    """
    row = pieces[-1].row
    cpu, gpu = _DEVICES.fullmatch(row.text("CPU_name")), _DEVICES.fullmatch(row.cells.get("GPU_name", ""))
    number = int(gpu[2]) if gpu else 0
    energy_j = _energy_j(pieces)
    return record_of(
        run_id=f"eco2ai-{run_id}" if row.text("id") else f"eco2ai-{zlib.crc32(run_id.encode('utf-8', 'replace')):08x}",
        project=row.text("project_name"),
        state=UNKNOWN_END,
        began=pieces[0].began,
        duration_s=sum(piece.duration_s for piece in pieces),
        accelerators=number or None,
        hw=gpu[1].strip() if gpu and number else "",
        energy_j=energy_j,
        missing={"": _ONLY_SUM if Part.OTHER in energy_j else _NOTHING},
        basis=Basis(cpu=cpu[1] if cpu else row.text("CPU_name"), has_floor=False),
        operational_kgco2e=exactly(_sum(pieces, "CO2_emissions(kg)")) if energy_j else None,
        versions={},
    )


def _energy_j(pieces: Sequence[_Piece]) -> Energies:
    """Return the energy of the parts, or their sum where the table has no parts.

    Raises:
        ValueError: a cell is not a number, or is negative.
    """
    parts = {part: _sum(pieces, column) for part, column in _PARTS_KWH.items()}
    found: dict[Part, tuple[float, EnergySource]] = {part: (kwh * J_PER_KWH, EnergySource.MODELLED) for part, kwh in parts.items() if kwh is not None}
    whole_kwh = next((kwh for column in _WHOLE_KWH if (kwh := _sum(pieces, column)) is not None), None)
    if found or whole_kwh is None:
        return found
    return {Part.OTHER: (whole_kwh * J_PER_KWH, EnergySource.MODELLED)}


def _sum(pieces: Sequence[_Piece], column: str) -> float | None:
    known = [amount for piece in pieces if (amount := piece.row.amount(column)) is not None]
    return sum(known) if known else None


FORMAT = Format(
    "eco2ai",
    "`emission.csv` of Eco2AI, all versions",
    "energy of processor, memory and GPU as one sum, CO2e, GPUs, hardware",
    "how the energy is known, the end of the run, parameters, tokens",
    "the sum is under other; rows of one run are its epochs and add up",
    is_eco2ai,
    read,
    files=("emission.csv",),
)
