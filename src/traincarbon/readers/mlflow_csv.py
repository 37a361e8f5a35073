"""Import runs of MLflow, written by ``mlflow experiments csv``, ``mlflow.search_runs().to_csv()`` or "Download CSV" of its web page."""

from datetime import datetime
from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.readers.column_names import check_columns, readable_energy_of, readable_size_of
from traincarbon.readers.durations import duration_s_of
from traincarbon.readers.imported import ENDINGS, NO_ZONE, Format, Imported, ImportOptions, moment, names_a_zone, record_of
from traincarbon.readers.table import Row, check_needed, header_of, rows

_NEEDED = ("run_id", "experiment_id", "status", "start_time", "end_time")
_OF_THE_PAGE = ("Start Time", "Duration", "Run ID", "Status")
"""Columns of "Download CSV" on the web page."""
_NO_ENERGY = "MLflow logs no energy of it"
_ONE_SAMPLE = "MLflow exports only the last sample of power, which says nothing about the whole run"


def is_mlflow(beginning: str) -> bool:
    """Return whether a file with this beginning is an export of MLflow."""
    header = set(header_of(beginning))
    return set(_NEEDED) <= header or set(_OF_THE_PAGE) <= header


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the runs of an export without those that have not ended. Users and hosts are not read.

    Raises:
        CarbonError: the file is not such an export, or lacks a column that the user names.
    """
    records, left_out, notes = [], [], []
    for number, row in enumerate(rows(stream)):
        if isinstance(row, str):
            left_out.append(row)
            continue
        if number == 0:
            is_page = set(_OF_THE_PAGE) <= row.cells.keys()
            check_needed(row, _OF_THE_PAGE if is_page else _NEEDED, "an export of MLflow's runs")
            check_columns(list(row.cells), options)
        try:
            records.append(_record(row, options))
            if not options.zone and not names_a_zone(row.text("start_time", "Start Time")):
                notes.append(NO_ZONE)
        except (CarbonError, ValueError) as error:
            left_out.append(f"{row.place(row.text('run_id', 'Run ID'))}: {error}")
    return Imported(records, left_out, list(dict.fromkeys(notes)))


def _record(row: Row, options: ImportOptions) -> Run:
    run_id, status = row.text("run_id", "Run ID"), row.text("status", "Status")
    if not run_id:
        raise ValueError("column run_id is empty")
    if status.lower() not in ENDINGS or not row.text("end_time", "Duration"):
        raise ValueError(f"it is {status[:20]!r} and has not ended; import it when it has")
    began = moment(row.text("start_time", "Start Time"), options.zone)
    experiment = row.text("experiment_id", "Experiment ID")
    size, unread = readable_size_of(row, options)
    energy_j, unread_energy = readable_energy_of(row)
    return record_of(
        run_id=f"mlflow-{run_id}",
        project=f"experiment {experiment}" if experiment else row.text("Experiment Name", "Name"),
        state=ENDINGS[status.lower()],
        began=began,
        duration_s=_duration_s(row, began, options),
        accelerators=size.accelerators,
        hw=size.hw,
        params=size.params,
        tokens=size.tokens,
        energy_j=energy_j,
        missing={"gpu": _ONE_SAMPLE if any("power_usage_watts" in column for column in row.cells) else _NO_ENERGY, "": _NO_ENERGY},
        versions={},
        notes=[*unread, *unread_energy],
    )


def _duration_s(row: Row, began: datetime, options: ImportOptions) -> float:
    """Return how long a run took: from its end or, in exports of the web page, as ``2.0h``.

    Raises:
        ValueError: neither can be read, or it ended before it began.
    """
    if row.text("end_time"):
        duration_s = (moment(row.text("end_time"), options.zone) - began).total_seconds()
        if duration_s < 0.0:
            raise ValueError("it ended before it began; was the clock changed?")
        return duration_s
    found_s = duration_s_of(row.text("Duration"))
    if found_s is None:
        raise ValueError(f"column Duration: {row.text('Duration')[:40]!r} is not a time such as 35.3min")
    return found_s


FORMAT = Format(
    "mlflow",
    'CSV of MLflow: `mlflow experiments csv`, `mlflow.search_runs().to_csv()`, "Download CSV" of its web page',
    "duration, state, parameters, tokens, hardware",
    "energy, unless you logged it: only the last sample of power is exported",
    "its power is only the last sample, so it gives no energy; energy that you logged (`energy_kwh`) counts as modelled",
    is_mlflow,
    read,
    has_free_columns=True,
)
