"""Import and export ``emissions.csv`` of CodeCarbon, versions 1 to 3."""

import csv
import io
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.exchange import cell_of, text_of
from traincarbon.ledger.masking import mask_text
from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.quantities import J_PER_KWH, EnergySource, Part
from traincarbon.readers.codecarbon_rows import DEFAULT_PLACE, SHIFTED, mended
from traincarbon.readers.codecarbon_tasks import of_tasks
from traincarbon.readers.imported import NO_ZONE, Format, Imported, ImportOptions, exactly, moment, names_a_zone, timestamp
from traincarbon.readers.plausible import Basis, without_impossible
from traincarbon.readers.table import Row, check_needed, header_of, rows

COLUMNS = (
    "timestamp", "project_name", "run_id", "experiment_id", "duration", "emissions", "emissions_rate", "cpu_power", "gpu_power", "ram_power", "cpu_energy",
    "gpu_energy", "ram_energy", "energy_consumed", "water_consumed", "country_name", "country_iso_code", "region", "cloud_provider", "cloud_region", "os",
    "python_version", "codecarbon_version", "cpu_count", "cpu_model", "gpu_count", "gpu_model", "longitude", "latitude", "ram_total_size", "tracking_mode",
    "cpu_utilization_percent", "gpu_utilization_percent", "ram_utilization_percent", "ram_used_gb", "on_cloud", "pue", "wue",
)  # fmt: skip
"""The columns of version 3.3. Version 3.0 lacks water and utilisation, 2.1 also the PUE, 1 also the energy of parts and the run's id."""

_NEEDED = ("timestamp", "project_name", "duration", "emissions", "energy_consumed")
_PARTS = {Part.GPU: "gpu_energy", Part.CPU: "cpu_energy", Part.DRAM: "ram_energy"}
_NOT_THERE = "CodeCarbon states no energy for it"
_NEGATIVE = "CodeCarbon states a negative energy"
_DEFAULT_NAMES = (DEFAULT_PLACE["country_iso_code"], DEFAULT_PLACE["region"])
_DEFAULT_COORDINATES, _NEAR = (float(DEFAULT_PLACE["latitude"]), float(DEFAULT_PLACE["longitude"])), 0.06
"""The place that CodeCarbon writes when it finds none: the city of Quebec."""
_SAME_START_S = 60.0
"""Rows of one tracker state its beginning with at most this difference."""
_NO_MARKS = str.maketrans("", "", "-:")


def is_codecarbon(beginning: str) -> bool:
    """Return whether a file with this beginning is an ``emissions.csv``."""
    return set(_NEEDED) <= set(header_of(beginning))


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the runs of an ``emissions.csv``, and the rows that cannot be read, such as a last row that is cut off.

    CodeCarbon multiplies each part by the PUE, which is taken out again. It adds a longer row for the same run at each flush, so the
    longest row counts. The tasks of a run (``start_task``) are its phases and add up. A part of 0 kWh was not measured.
    Times are those of the machine's clock. Rows that appending has damaged are read as far as they are sound.

    Raises:
        CarbonError: the file is not an ``emissions.csv``.
    """
    longest: dict[tuple[str, str], Run] = {}
    left_out = []
    zone_named = True
    for row in rows(stream, mend=mended, always_ended=False):
        if isinstance(row, str):
            left_out.append(row)
            continue
        check_needed(row, _NEEDED, "an emissions.csv of CodeCarbon")
        try:
            record = _record(row, options.zone)
            zone_named = zone_named and names_a_zone(row.cells["timestamp"])
        except (CarbonError, ValueError, OverflowError) as error:
            left_out.append(f"{row.place(row.text('run_id', 'experiment_id', 'project_name'))}: {error}")
            continue
        key = (_own_id(record, row, longest), row.text("task_name"))
        record = replace(record, run_id=key[0])
        known = longest.get(key)
        if known is None or (record.duration_s, record.metered_kwh or 0.0) > (known.duration_s, known.metered_kwh or 0.0):
            longest[key] = record
    tasks: dict[str, dict[str, Run]] = {}
    for (run_id, task), record in longest.items():
        tasks.setdefault(run_id, {})[task] = record
    records = [of_tasks(found) if any(found) else found[""] for found in tasks.values()]
    return Imported(records, left_out, [] if zone_named or options.zone else [NO_ZONE])


def dump(records: Sequence[Run]) -> bytes:
    """Return the records as an ``emissions.csv`` of version 3.3. Unknown values and the location stay empty."""
    return b"".join(pieces(records))


def pieces(records: Iterable[Run]) -> Iterator[bytes]:
    """Yield what :func:`dump` returns line by line, so that it is never in memory as a whole."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({name: cell_of(value) for name, value in _row(record).items()})
        yield stream.getvalue().encode("utf-8", "replace")
        stream.seek(0)
        stream.truncate()
    yield stream.getvalue().encode("utf-8", "replace")


def _own_id(record: Run, row: Row, known: Mapping[tuple[str, str], Run]) -> str:
    """Return the id of a row's run. Without a run's id, rows of one experiment are several runs if one began after another."""
    if row.text("run_id") or not row.text("experiment_id"):
        return record.run_id
    first = known.get((record.run_id, row.text("task_name")))
    if first is None or abs(_began_s(first) - _began_s(record)) <= _SAME_START_S:
        return record.run_id
    return f"{record.run_id}-{record.started_at[:19].translate(_NO_MARKS)}"


def _record(row: Row, zone: tzinfo | None) -> Run:
    """Return the run of a row. A cell beside those of time and energy that cannot be read is unknown, and a note says so.

    Raises:
        CarbonError: a value is not of its type.
        ValueError: a cell of time or energy cannot be read, or the duration cannot be.
    """
    duration_s = row.amount("duration")
    if duration_s is None:
        raise ValueError("column duration is empty")
    notes: list[str] = []
    began = moment(row.cells["timestamp"], zone) - timedelta(seconds=duration_s)
    pue = max(_side(row, "pue", notes) or 1.0, 1.0)
    accelerators = _side(row, "gpu_count", notes)
    energy_j, missing = _energies(row, pue)
    whole = not any(reason == _NEGATIVE for reason in missing.values())
    facility_kwh = row.amount("energy_consumed") if whole else None
    emissions = _emissions(row, notes) if whole else None
    if cells := row.text(SHIFTED):
        notes.append(f"the row has {cells} cells, as CodeCarbon left out the empty ones; of those after its energy, only what cannot be anything else was read")
    notes += [f"no energy of {part}: {reason}; the totals that include it are left out too" for part, reason in missing.items() if reason == _NEGATIVE]
    versions = {"codecarbon": row.cells.get("codecarbon_version", ""), "python": row.cells.get("python_version", ""), "os": row.cells.get("os", "")}
    stated = {
        "schema": RUN_SCHEMA,
        "run_id": mask_text(text_of(row.text("run_id") or row.text("experiment_id")), before="run_id") or _name(row.cells),
        "project": mask_text(text_of(row.cells["project_name"])),
        "state": "finished",
        "started_at": timestamp(began),
        "duration_s": duration_s,
        "accelerators": None if accelerators is None else int(accelerators),
        "hw": text_of(row.text("gpu_model")),
        "energy_j": energy_j,
        # the file does not say how an energy is known; these are the least sure ways that CodeCarbon has
        "how": {part: EnergySource.POWER if part is Part.GPU else EnergySource.MODELLED for part, energy in energy_j.items() if energy is not None},
        "missing": missing,
        "facility_energy_kwh": exactly(facility_kwh),
        "operational_kgco2e": exactly(emissions),
        "versions": {name: version for name, version in versions.items() if version},
        "notes": notes,
    }
    return without_impossible(Run.from_dict(stated), Basis(cpu=row.text("cpu_model"), has_floor=row.text("tracking_mode") != "process"))


def _energies(row: Row, pue: float) -> tuple[dict[Part, float | None], dict[Part, str]]:
    """Return the energy of each part without the PUE, and why others are missing. What the sum has beyond the parts is other.

    Raises:
        ValueError: a cell is not a number.
    """
    stated_kwh = {part: row.number(column) for part, column in _PARTS.items()}
    negative = {part: _NEGATIVE for part, energy_kwh in stated_kwh.items() if energy_kwh is not None and energy_kwh < 0.0}
    energy_j: dict[Part, float | None] = {
        part: energy_kwh * J_PER_KWH / pue if energy_kwh and part not in negative else None for part, energy_kwh in stated_kwh.items()
    }
    known_j = sum(energy for energy in energy_j.values() if energy is not None)
    rest_j = (row.number("energy_consumed") or 0.0) * J_PER_KWH / pue - known_j
    energy_j[Part.OTHER] = rest_j if rest_j > 1e-9 * known_j and not negative else None
    return energy_j, {part: _NOT_THERE for part, energy in energy_j.items() if energy is None} | negative


def _emissions(row: Row, notes: list[str]) -> float | None:
    """Return the carbon that a row states, None if it is that of a place that CodeCarbon only assumed."""
    emissions = _side(row, "emissions", notes)
    if emissions is None:
        return None
    if (row.text("country_iso_code").upper(), row.text("region").lower()) == _DEFAULT_NAMES and not row.text("cloud_region"):
        latitude, longitude = _side(row, "latitude", []), _side(row, "longitude", [])
        if latitude is not None and longitude is not None and math.dist((latitude, longitude), _DEFAULT_COORDINATES) < _NEAR:
            notes.append("its CO2e is left out: Quebec (46.8, -71.2) is the place that CodeCarbon writes when it finds none")
            return None
    is_theirs = bool(row.text("cpu_model", "tracking_mode"))  # our own export keeps the location to itself
    if is_theirs and {"country_name", "country_iso_code"} <= row.cells.keys() and not row.text("country_name", "country_iso_code", "cloud_region"):
        notes.append("its CO2e is left out, as the file names no place")
        return None
    return emissions


def _side(row: Row, column: str, notes: list[str]) -> float | None:
    """Return the number in a cell that does not decide whether there is a run, None with a note if it cannot be read or is negative."""
    try:
        number = row.number(column)
    except ValueError as error:
        notes.append(str(error))
        return None
    if number is not None and number < 0.0 and column not in ("latitude", "longitude"):
        notes.append(f"column {column}: {number:g} is negative")
        return None
    return number


def _row(record: Run) -> dict[str, object]:
    """Return a record as a row, with the PUE in its parts, as CodeCarbon has them."""
    metered_kwh = record.metered_kwh
    facility_kwh = (record.facility_energy_kwh or {}).get("median")
    pue = max(facility_kwh / metered_kwh, 1.0) if facility_kwh and metered_kwh else 1.0
    parts_kwh = {part: None if energy is None else energy * pue / J_PER_KWH for part, energy in record.energy_j.items()}
    emissions = (record.operational_kgco2e or {}).get("median")
    row: dict[str, object] = {
        "timestamp": _ended(record),
        "project_name": record.project,
        "run_id": record.run_id,
        "duration": record.duration_s,
        "emissions": emissions,
        "emissions_rate": emissions / record.duration_s if emissions is not None and record.duration_s else None,
        "energy_consumed": facility_kwh if facility_kwh is not None else metered_kwh,
        "gpu_count": record.accelerators,
        "gpu_model": record.hw,
        "os": record.versions.get("os"),
        "python_version": record.versions.get("python"),
        "codecarbon_version": record.versions.get("codecarbon"),
        "pue": pue,
    }
    for part, column in _PARTS.items():
        energy_kwh = parts_kwh[part]
        row[column] = energy_kwh
        if energy_kwh is not None and record.duration_s:
            row[column.replace("energy", "power")] = energy_kwh * J_PER_KWH / record.duration_s
    return row


def _began_s(record: Run) -> float:
    return datetime.fromisoformat(record.started_at).timestamp()


def _ended(record: Run) -> str:
    try:
        began = datetime.fromisoformat(record.started_at)
        return (began + timedelta(seconds=record.duration_s)).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError):
        return ""


def _name(row: dict[str, str]) -> str:
    """Return an id for a row of version 1, which has none. The same row gets the same id."""
    return f"codecarbon-{zlib.crc32(json.dumps(row, sort_keys=True).encode('utf-8', 'replace')):08x}"


FORMAT = Format(
    "codecarbon",
    "`emissions.csv` of CodeCarbon, versions 1 to 3",
    "energy by part and of the facility, CO2e, GPUs",
    "how each energy is known, the end of the run, parameters, tokens, the machine's name",
    "the PUE is taken out of the parts, which count as sampled or modelled, as the file does not say; tasks of a run are its phases",
    is_codecarbon,
    read,
    files=("emissions*.csv",),
)
