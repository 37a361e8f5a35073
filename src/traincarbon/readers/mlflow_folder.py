"""Import a run from MLflow's folder ``mlruns``: its ``meta.yaml``, with the files of parameters and metrics beside it."""

import os
from os import path
from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.readers.imported import Format, Imported, ImportOptions
from traincarbon.readers.mlflow_run import MS_PER_S, POWER, StoredRun, add_power, record_of_run, samples_of
from traincarbon.reading import read_limited

_STATUS = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}
"""The numbers of ``RunStatus`` in MLflow's ``service.proto``."""
_LONGEST_B = 1 << 28
_LONGEST_VALUE_B = 1 << 16


def is_mlflow_meta(beginning: str) -> bool:
    """Return whether a file with this beginning is the ``meta.yaml`` of a run, not that of an experiment."""
    names = {line.partition(":")[0] for line in beginning.splitlines()}
    return {"experiment_id", "status", "start_time"} <= names and not names.isdisjoint(("run_id", "run_uuid"))


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the run of a ``meta.yaml``. Users are not read.

    Raises:
        CarbonError: it is no such file, or comes from standard input, so that its folder is unknown.
    """
    if not options.path:
        raise CarbonError("meta.yaml states neither parameters nor metrics, which lie beside it", hint="name the file, or the folder mlruns")
    stated = stream.read(_LONGEST_VALUE_B)
    if not is_mlflow_meta(stated):
        raise CarbonError("the file is not the meta.yaml of a run of MLflow", hint="leave out --format, or name the folder mlruns")
    meta = dict(_pair(line) for line in stated.splitlines() if ":" in line)
    run_id = meta.get("run_id") or meta.get("run_uuid", "")
    folder = path.dirname(options.path)
    try:
        ended = meta.get("end_time", "")
        run = StoredRun(
            run_id=run_id,
            experiment=meta.get("experiment_id", ""),
            status=_STATUS.get(meta.get("status", ""), meta.get("status", "")),
            began_s=float(meta["start_time"]) / MS_PER_S,
            ended_s=float(ended) / MS_PER_S if ended not in ("", "null") else None,
            samples=samples_of(options),
        )
        _add_params(run, path.join(folder, "params"))
        left_out = _add_metrics(run, path.join(folder, "metrics"))
        return Imported([record_of_run(run, options)], [f"run {run_id!r}: {fault}" for fault in left_out], [])
    except (CarbonError, ValueError) as error:
        return Imported([], [f"run {run_id[:60]!r}: {error}"], [])


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip().strip("'\"")


def _add_params(run: StoredRun, folder: str) -> None:
    for name, file in _files(folder):
        run.cells[f"params.{name}"] = read_limited(file, most_b=_LONGEST_VALUE_B).decode("utf-8", "replace")


def _add_metrics(run: StoredRun, folder: str) -> list[str]:
    """Add the last value of each metric, and all values of the power of GPUs; return what cannot be read."""
    left_out = []
    for name, file in _files(folder):
        is_power = POWER.fullmatch(name) is not None
        last: tuple[float, str] | None = None
        for number, line in enumerate(read_limited(file, most_b=_LONGEST_B).decode("utf-8", "replace").splitlines(), 1):
            try:
                stamp, value, *_ = line.split()
                time_s = float(stamp) / MS_PER_S
                if is_power:
                    add_power(run, name, time_s, float(value))
                last = (time_s, value) if last is None or time_s >= last[0] else last
            except ValueError:
                left_out.append(f"metric {name[:60]!r}, line {number}: it is no time and value")
        if last:
            run.cells[f"metrics.{name}"] = last[1]
    return left_out


def _files(folder: str) -> list[tuple[str, str]]:
    """Return the name of each parameter or metric, which may have folders in it, and its file."""
    found = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        found += [(path.relpath(path.join(place, name), folder).replace(os.sep, "/"), path.join(place, name)) for name in sorted(names)]
    return found


FORMAT = Format(
    "mlflow-run",
    "`mlruns` of MLflow: the folder, or the `meta.yaml` of a run in it",
    "energy of the GPUs from the power in its system metrics, duration, state, parameters, tokens, hardware",
    "the rest of the machine",
    "`mlflow.enable_system_metrics_logging()` logs power",
    is_mlflow_meta,
    read,
    files=("meta.yaml",),
)
