"""MLflow: numbers go to the training's own run, which our tag tells, else to one that this sink makes."""

import contextlib
import os
import time
from typing import Any

from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.job import MLFLOW_TAG
from traincarbon.tracking.sinks.status import Status, facts_of

_OWN_AFTER_S = 60.0
"""A training that has no run of its own by then is not going to have one. [s]"""
_EXPERIMENT = "Default"
_MOST_EXPERIMENTS = 200


class MlflowSink:
    """Logs to a run of MLflow.

    Args:
        where: The address of the tracking server, a folder or a database; "" for that of the environment.
        settings: The run.
    """

    def __init__(self, where: str, settings: Settings) -> None:
        import mlflow
        from mlflow import MlflowClient

        self._settings = settings
        uri = where or settings.open_runs.get("mlflow_uri") or mlflow.get_tracking_uri()
        self._client = MlflowClient(tracking_uri=uri)
        self.where = f"metrics carbon/… at {uri}"
        self._began_s = time.monotonic()
        self._run_id = ""
        self._is_own = False
        with contextlib.suppress(Exception):  # a server that is down now may answer later, and if it does not, logging says so
            self._find()  # now, as a new database takes seconds to be made

    def log(self, status: Status) -> None:
        """Log to the run of the training; to one of ours, if the training has none for a minute."""
        if self._find() or time.monotonic() - self._began_s > _OWN_AFTER_S:
            self._log(status)

    def finish(self, status: Status) -> None:
        """Log what the run came to."""
        self._find()
        self._log(status)
        if self._is_own:
            self._client.set_terminated(self._run_id, "FAILED" if status.has_failed else "FINISHED")

    def close(self) -> None:
        """Nothing is open."""

    def _find(self) -> bool:
        """Return whether the run to log to is known: the one that was open, that of the environment, or the newest with our tag."""
        if self._run_id:
            return True
        self._run_id = self._settings.open_runs.get("mlflow_run") or os.environ.get("MLFLOW_RUN_ID", "")
        if not self._run_id and "'" not in self._settings.run_id:
            experiments = self._client.search_experiments(max_results=_MOST_EXPERIMENTS, order_by=["last_update_time DESC"])
            condition = f"tags.`{MLFLOW_TAG}` = '{self._settings.run_id}'"
            found = self._client.search_runs([each.experiment_id for each in experiments], condition, max_results=1, order_by=["attributes.start_time DESC"])
            self._run_id = found[0].info.run_id if found else ""
        if self._run_id:
            self._describe()
        return bool(self._run_id)

    def _log(self, status: Status) -> None:
        from mlflow.entities import Metric

        if not self._run_id:
            self._begin()
        time_ms, step = round(status.time_s * 1e3), int(status.duration_s)
        metrics: list[Any] = [Metric(f"carbon/{name}", value, time_ms, step) for name, value in status.values.items()]
        self._client.log_batch(self._run_id, metrics=metrics)

    def _begin(self) -> None:
        """Begin a run of our own in the experiment of the environment."""
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or self._settings.project or _EXPERIMENT
        experiment = os.environ.get("MLFLOW_EXPERIMENT_ID", "")
        if not experiment:
            found = self._client.get_experiment_by_name(name)
            experiment = found.experiment_id if found is not None else self._client.create_experiment(name)
        run = self._client.create_run(experiment, run_name=f"carbon {self._settings.run_id}", tags={MLFLOW_TAG: self._settings.run_id})
        self._run_id, self._is_own = run.info.run_id, True
        self._describe()

    def _describe(self) -> None:
        """Say in the run which of ours it is."""
        for name, value in facts_of(self._settings).items():
            self._client.set_tag(self._run_id, f"carbon.{name}", value)


def opened(where: str, settings: Settings) -> MlflowSink:
    """Return the sink for a tracking server, a folder or a database.

    Raises:
        ImportError: MLflow is not installed.
    """
    return MlflowSink(where, settings)
