"""Exports of Weights & Biases as records of runs: the table of runs, and the system metrics of one run.

The table is that of the web page ("Export to CSV": Name, State, Created, Runtime, …) or that of the documented script with ``wandb.Api``, which writes
the columns summary, config and name with dictionaries in them. System metrics are what ``run.history(stream="events")`` or a chart gives.
"""

import re
from datetime import datetime
from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.record import RunRecord
from traincarbon.readers.column_names import check_columns, energy_of, size_of
from traincarbon.readers.reading import ENDINGS, NO_ZONE, UNKNOWN_END, Reading, Told, before, instant, moment, names_a_zone, record_of
from traincarbon.readers.samples import Samples
from traincarbon.readers.table import Row, header_of, rows

_POWER = re.compile(r"(?:(?P<run>.+) - )?(?:system|events)[./]gpu\.(?P<gpu>\d+)\.powerWatts")
_TIMES = ("_timestamp", "Relative Time (Process)", "Relative Time (Wall)", "_runtime")
_IDS = ("id", "ID", "run_id", "Run ID")
_RUNTIMES = ("Runtime", "runtime", "summary._runtime", "_runtime", "summary._wandb/runtime", "summary._wandb.runtime")
_ENDS = ("summary._timestamp", "_timestamp")
_NO_ENERGY = "W&B logs no energy of it"
_ONE_SAMPLE = "the export has one sample of power, the last, which says nothing of the whole run; export the system metrics"
_NO_STATE = "it does not say how its runs ended, which is kept as lost; export the column State"


def is_runs(beginning: str) -> bool:
    """Return whether a file that begins like this is a table of W&B's runs."""
    header = set(header_of(beginning))
    return {"Name", "State", "Runtime"} <= header or {"summary", "config", "name"} <= header


def is_metrics(beginning: str) -> bool:
    """Return whether a file that begins like this holds the power of GPUs over time."""
    header = header_of(beginning)
    return any(_POWER.fullmatch(column) for column in header) and not set(_TIMES).isdisjoint(header) and not is_runs(beginning)


def read_runs(stream: TextIO, told: Told) -> Reading:
    """Return the runs of a table; those that have not ended are left out. Of who ran them, and where, nothing is taken.

    Raises:
        CarbonError: the file has no such column as the user names.
    """
    records, left_out, notes = [], [], []
    for number, flat in enumerate(rows(stream)):
        if isinstance(flat, str):
            left_out.append(flat)
            continue
        row = flat.nested("config", "summary")
        if number == 0:
            check_columns(list(row.cells), told)
        try:
            records.append(_record(row, told))
        except (CarbonError, ValueError) as error:
            left_out.append(f"{row.place(_name(row))}: {error}")
            continue
        if records[-1].state == UNKNOWN_END:
            notes.append(_NO_STATE)
        if not told.zone and row.text("Created") and not names_a_zone(row.text("Created")):
            notes.append(NO_ZONE)
    return Reading(records, left_out, list(dict.fromkeys(notes)))


def read_metrics(stream: TextIO, told: Told) -> Reading:
    """Return the run, or the runs of a chart, whose power over time a file holds: its integral, without the time in which nobody looked.

    A run is known by the column ``id`` or ``run_id``, else by its name in the chart, else by the name of the file: call it by the run's id.
    """
    left_out: list[str] = []
    runs: dict[str, Samples] = {}
    default = told.name.rpartition(".")[0] or told.name
    absolute = False
    powers: dict[str, re.Match[str]] = {}
    for row in rows(stream):
        if isinstance(row, str):
            left_out.append(row)
            continue
        powers = powers or {column: known for column in row.cells if (known := _POWER.fullmatch(column))}
        run_id = row.text(*_IDS)
        try:
            time = next((number for column in _TIMES if (number := row.number(column)) is not None), None)
            absolute = absolute or bool(row.text("_timestamp"))
            for column, known in powers.items() if time is not None else ():
                power_w = row.amount(column)
                if power_w is not None and time is not None:
                    runs.setdefault(run_id or known["run"] or default, Samples()).add(int(known["gpu"]), time, power_w)
        except ValueError as error:
            left_out.append(f"{row.place(run_id)}: {error}")
    records = []
    for run_id, samples in runs.items():
        try:
            records.append(_metered(run_id, samples, absolute=absolute))
        except (CarbonError, ValueError) as error:
            left_out.append(f"run {run_id[:60]!r}: {error}")
    notes = ["it holds power alone; import the table of runs with it, with the column ID, to know the rest"] if records else []
    return Reading(records, left_out, notes)


def _record(row: Row, told: Told) -> RunRecord:
    state = row.text("State", "state").lower()
    if state and state not in ENDINGS:
        raise ValueError(f"it is {state[:20]!r} and has not ended; import it when it has")
    duration_s = next((number for column in _RUNTIMES if (number := row.amount(column)) is not None), None)
    if duration_s is None:
        raise ValueError("column Runtime is empty: how long it took is not known")
    ended = next((number for column in _ENDS if (number := row.amount(column)) is not None), None)
    created = row.text("Created", "created_at", "_created_at")
    began = moment(created, told.zone) if created else None if ended is None else before(instant(ended), duration_s)
    size = size_of(row, told)
    sampled = any(_POWER.fullmatch(column.removeprefix("summary.")) for column in row.cells)
    return record_of(
        run_id=f"wandb-{row.text(*_IDS) or _made_id(row, began)}",
        project=row.text("project", "Project"),
        state=ENDINGS.get(state, UNKNOWN_END),
        began=began,
        duration_s=duration_s,
        accelerators=size.accelerators,
        hw=size.hw,
        params=size.params,
        tokens=size.tokens,
        energy_j=energy_of(row),
        missing={"gpu": _ONE_SAMPLE if sampled else _NO_ENERGY, "": _NO_ENERGY},
        versions={},
    )


def _metered(run_id: str, samples: Samples, *, absolute: bool) -> RunRecord:
    energy_j, gaps_s = samples.energy_j(), samples.gaps_s()
    if samples.duration_s <= 0.0:
        raise ValueError("it has one sample of power, which is no time at all")
    return record_of(
        run_id=f"wandb-{run_id}",
        state=UNKNOWN_END,
        began=instant(samples.began_s) if absolute else None,
        duration_s=samples.duration_s,
        gaps_s=gaps_s,
        samples=samples.count,
        accelerators=samples.devices,
        energy_j={"gpu": (energy_j, "power")},
        missing={"": _NO_ENERGY},
        versions={},
    )


def _name(row: Row) -> str:
    return row.text(*_IDS) or row.text("Name", "name")


def _made_id(row: Row, began: datetime | None) -> str:
    """Return an id for a run of a table without the column ID: its name and when it began.

    Raises:
        ValueError: it has no name either.
    """
    name = row.text("Name", "name")
    if not name:
        raise ValueError("column Name is empty")
    return "-".join([name, *([] if began is None else [f"{began:%Y%m%dT%H%M%S}"])])
