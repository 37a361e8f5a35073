"""Runs of MLflow, as ``mlflow experiments csv`` and ``mlflow.search_runs().to_csv()`` write them, as records of runs."""

from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.record import RunRecord
from traincarbon.readers.column_names import check_columns, energy_of, size_of
from traincarbon.readers.reading import ENDINGS, NO_ZONE, Reading, Told, moment, names_a_zone, record_of
from traincarbon.readers.table import Row, check_needed, header_of, rows

_NEEDED = ("run_id", "experiment_id", "status", "start_time", "end_time")
_NO_ENERGY = "MLflow logs no energy of it"
_ONE_SAMPLE = "MLflow exports one sample of power, the last, which says nothing of the whole run"


def is_mlflow(beginning: str) -> bool:
    """Return whether a file that begins like this is an export of MLflow's runs."""
    return set(_NEEDED) <= set(header_of(beginning))


def read(stream: TextIO, told: Told) -> Reading:
    """Return the runs of an export; those that have not ended are left out. Of who ran them, and from where, nothing is taken.

    Raises:
        CarbonError: the file is no such export, or has no such column as the user names.
    """
    records, left_out, notes = [], [], []
    for number, row in enumerate(rows(stream)):
        if isinstance(row, str):
            left_out.append(row)
            continue
        if number == 0:
            check_needed(row, _NEEDED, "export of MLflow's runs")
            check_columns(list(row.cells), told)
        try:
            records.append(_record(row, told))
            if not told.zone and not names_a_zone(row.text("start_time")):
                notes.append(NO_ZONE)
        except (CarbonError, ValueError) as error:
            left_out.append(f"{row.place(row.text('run_id'))}: {error}")
    return Reading(records, left_out, list(dict.fromkeys(notes)))


def _record(row: Row, told: Told) -> RunRecord:
    run_id, status = row.text("run_id"), row.text("status")
    if not run_id:
        raise ValueError("column run_id is empty")
    if status.lower() not in ENDINGS or not row.text("end_time"):
        raise ValueError(f"it is {status[:20]!r} and has not ended; import it when it has")
    began, ended = moment(row.text("start_time"), told.zone), moment(row.text("end_time"), told.zone)
    if ended < began:
        raise ValueError("it ended before it began; was the clock set?")
    size = size_of(row, told)
    return record_of(
        run_id=f"mlflow-{run_id}",
        project=f"experiment {row.text('experiment_id')}",
        state=ENDINGS[status.lower()],
        began=began,
        duration_s=(ended - began).total_seconds(),
        accelerators=size.accelerators,
        hw=size.hw,
        params=size.params,
        tokens=size.tokens,
        energy_j=energy_of(row),
        missing={"gpu": _ONE_SAMPLE if any("power_usage_watts" in column for column in row.cells) else _NO_ENERGY, "": _NO_ENERGY},
        versions={},
    )
