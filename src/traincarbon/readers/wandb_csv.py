"""Import exports of Weights & Biases: the table of runs, and the system metrics of a run.

The table comes from the web page ("Export to CSV": Name, State, Created, Runtime, …) or from the documented script with ``wandb.Api``, whose
columns summary, config and name hold dictionaries. System metrics come from ``run.history(stream="events")`` or from a chart.
"""

import re
from datetime import datetime
from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.column_names import check_columns, readable_energy_of, readable_size_of
from traincarbon.readers.durations import duration_s_of
from traincarbon.readers.imported import ENDINGS, NO_ZONE, UNKNOWN_END, Format, Imported, ImportOptions, before, instant, moment, names_a_zone, record_of
from traincarbon.readers.limits import accelerator_limits
from traincarbon.readers.samples import Samples
from traincarbon.readers.table import Row, header_of, rows

POWER = re.compile(r"(?:(?P<run>.+) - )?(?:system|events)[./]gpu\.(?P<gpu>\d+)\.powerWatts(?:/l:(?P<node>.+))?")
"""A GPU's power; runs of several nodes name the node behind it (wandb's system monitor, labels of shared mode)."""
_TIMES = ("_timestamp", "Relative Time (Process)", "Relative Time (Wall)", "_runtime")
_IDS = ("id", "ID", "run_id", "Run ID")
_RUNTIMES = ("Runtime", "runtime", "summary._runtime", "_runtime", "summary._wandb/runtime", "summary._wandb.runtime")
_ENDS = ("summary._timestamp", "_timestamp")
NO_ENERGY = "W&B logs no energy for it"
_ONE_SAMPLE = "the export has only the last sample of power, which says nothing about the whole run; export the system metrics"
_NO_STATE = "it does not say how its runs ended, so their state is lost; export the column State"


def is_runs(beginning: str) -> bool:
    """Return whether a file with this beginning is a table of runs of W&B."""
    header = set(header_of(beginning))
    return {"Name", "State", "Runtime"} <= header or {"summary", "config", "name"} <= header


def is_metrics(beginning: str) -> bool:
    """Return whether a file with this beginning holds the power of GPUs over time."""
    header = header_of(beginning)
    return any(POWER.fullmatch(column) for column in header) and not set(_TIMES).isdisjoint(header) and not is_runs(beginning)


def read_runs(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the runs of a table without those that have not ended. Users and hosts are not read.

    Raises:
        CarbonError: the file lacks a column that the user names.
    """
    records, left_out, notes = [], [], []
    for number, flat in enumerate(rows(stream)):
        if isinstance(flat, str):
            left_out.append(flat)
            continue
        row = flat.nested("config", "summary")
        if number == 0:
            check_columns(list(row.cells), options)
        try:
            records.append(_record(row, options))
        except (CarbonError, ValueError) as error:
            left_out.append(f"{row.place(_name(row))}: {error}")
            continue
        if records[-1].state == UNKNOWN_END:
            notes.append(_NO_STATE)
        if not options.zone and row.text("Created") and not names_a_zone(row.text("Created")):
            notes.append(NO_ZONE)
    return Imported(records, left_out, list(dict.fromkeys(notes)))


def read_metrics(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the run of a file with power over time, or the runs of a chart. Their energy is the integral without gaps.

    The id of a run is in the column ``id`` or ``run_id``, else in the chart, else it is the name of the file.
    """
    left_out: list[str] = []
    runs: dict[str, Samples] = {}
    default = options.name.rpartition(".")[0] or options.name
    absolute = False
    powers: dict[str, re.Match[str]] = {}
    most_w = accelerator_limits(options.hw).most_w
    for row in rows(stream):
        if isinstance(row, str):
            left_out.append(row)
            continue
        powers = powers or {column: known for column in row.cells if (known := POWER.fullmatch(column))}
        run_id = row.text(*_IDS)
        try:
            time = next((number for column in _TIMES if (number := _time_s(row, column)) is not None), None)
            absolute = absolute or bool(row.text("_timestamp"))
            for column, known in powers.items() if time is not None else ():
                power_w = row.amount(column)
                if power_w is not None and time is not None:
                    samples = runs.setdefault(run_id or known["run"] or default, Samples(most_w=most_w))
                    samples.add((known["node"] or "", int(known["gpu"])), time, power_w)
        except ValueError as error:
            left_out.append(f"{row.place(run_id)}: {error}")
    records = []
    for run_id, samples in runs.items():
        try:
            records.append(_metered(run_id, samples, absolute=absolute, options=options))
        except (CarbonError, ValueError) as error:
            left_out.append(f"run {run_id[:60]!r}: {error}")
    notes = ["it holds only power; import the table of runs with the column ID as well to know the rest"] if records else []
    return Imported(records, left_out, notes)


def _record(row: Row, options: ImportOptions) -> Run:
    state = row.text("State", "state").lower()
    if state and state not in ENDINGS:
        raise ValueError(f"it is {state[:20]!r} and has not ended; import it when it has")
    duration_s = next((number for column in _RUNTIMES if (number := _time_s(row, column)) is not None), None)
    if duration_s is None:
        raise ValueError("column Runtime is empty: the duration is unknown")
    ended = next((number for column in _ENDS if (number := row.amount(column)) is not None), None)
    created = row.text("Created", "created_at", "_created_at")
    began = moment(created, options.zone) if created else None if ended is None else before(instant(ended), duration_s)
    size, unread = readable_size_of(row, options)
    energy_j, unread_energy = readable_energy_of(row)
    sampled = any(POWER.fullmatch(column.removeprefix("summary.")) for column in row.cells)
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
        energy_j=energy_j,
        missing={"gpu": _ONE_SAMPLE if sampled else NO_ENERGY, "": NO_ENERGY},
        versions={},
        notes=[*unread, *unread_energy],
    )


def _time_s(row: Row, column: str) -> float | None:
    """Return a time in seconds, which charts also write as ``1:00:45``.

    Raises:
        ValueError: it is neither.
    """
    clock_s = duration_s_of(row.text(column))
    return row.amount(column) if clock_s is None else clock_s


def _metered(run_id: str, samples: Samples, *, absolute: bool, options: ImportOptions) -> Run:
    if fault := samples.fault():
        raise ValueError(fault)
    energy_j, gaps_s = samples.energy_j(), samples.gaps_s()
    nodes = len({device[0] for device in samples.names() if isinstance(device, tuple)})
    return record_of(
        run_id=f"wandb-{run_id}",
        state=UNKNOWN_END,
        began=instant(samples.began_s) if absolute else None,
        duration_s=samples.duration_s,
        gaps_s=gaps_s,
        samples=samples.count,
        nodes=max(nodes, 1),
        accelerators=samples.devices,
        hw=options.hw,
        energy_j={Part.GPU: (energy_j, EnergySource.POWER)},
        missing={"": NO_ENERGY},
        versions={},
        notes=[note] if (note := samples.note()) else [],
    )


def _name(row: Row) -> str:
    return row.text(*_IDS) or row.text("Name", "name")


def _made_id(row: Row, began: datetime | None) -> str:
    """Return an id for a run without the column ID: its name and when it began.

    Raises:
        ValueError: it has no name either.
    """
    name = row.text("Name", "name")
    if not name:
        raise ValueError("column Name is empty")
    return "-".join([name, *([] if began is None else [f"{began:%Y%m%dT%H%M%S}"])])


RUNS = Format(
    "wandb",
    'CSV of the runs of Weights & Biases: "Export to CSV", or the script of its documentation',
    "duration, state, parameters, tokens, hardware",
    "energy: import the system metrics too",
    "show the columns ID and State",
    is_runs,
    read_runs,
    has_free_columns=True,
)
METRICS = Format(
    "wandb-metrics",
    'CSV of the system metrics of Weights & Biases: `run.history(stream="events")`, a chart of `system.gpu.N.powerWatts`',
    "energy of the GPUs from sampled power",
    "the rest of the machine, state, parameters, tokens",
    "name the file after the run's id and import it with the table of runs: together they are one run",
    is_metrics,
    read_metrics,
)
