"""The callback of Ray Train: it meters in each worker process, and the loop of the worker stays as it is."""

import contextlib
import os
from typing import TYPE_CHECKING, Any, Unpack

from traincarbon.frameworks.absent import absent_base, refuse_absent
from traincarbon.frameworks.training import MeteredTraining, active_training, checked_options
from traincarbon.tracking.launchers.run_ids import digest

if TYPE_CHECKING:
    from traincarbon.tracking.options import TrackOptions

    class WorkerGroupCallback:
        """What the controller of a training calls."""

else:
    try:
        from ray.train.v2._internal.execution.callback import WorkerGroupCallback
    except ImportError:
        WorkerGroupCallback = absent_base("WorkerGroupCallback")

_ID_B = 8


class CarbonCallback(WorkerGroupCallback):
    """Meters all workers of a Trainer as one run: ``RunConfig(callbacks=[CarbonCallback()])``. A training that is restarted continues its run.

    The loop of a worker reports with :func:`traincarbon.steps` or :func:`traincarbon.progress`, and asks :func:`must_stop` where a budget is to end it.

    Args:
        quiet: Whether to print nothing.
        options: Those of :func:`traincarbon.track`; the folder of runs is one that all nodes can write.

    Raises:
        CarbonError: an option is unknown or invalid.
    """

    def __init__(self, *, quiet: bool = False, **options: "Unpack[TrackOptions]") -> None:
        refuse_absent(WorkerGroupCallback, package="ray[train]")
        from traincarbon.ledger.store_folder import store_folder

        self._options = checked_options(options)
        self._options["store"] = os.path.abspath(store_folder(options.get("store")))
        self._quiet = quiet
        self._has_failed = False

    def after_worker_group_start(self, worker_group: Any) -> None:
        """Begin to meter in each worker.

        Raises:
            Exception: a budget cannot be metered there; no step was done.
        """
        self._has_failed = False
        worker_group.execute(_begin, self._options, _run_of(worker_group), quiet=self._quiet)

    def after_worker_group_poll_status(self, worker_group_status: Any) -> None:
        """Take note of workers that failed."""
        self._has_failed = self._has_failed or bool(getattr(worker_group_status, "errors", None))

    def before_worker_group_shutdown(self, worker_group: Any) -> None:
        """End the metering in each worker."""
        with contextlib.suppress(Exception):  # a worker may be dead, and its meter then ends by itself
            worker_group.execute(_end, exit_code=int(self._has_failed))


def must_stop(*, steps: int) -> bool:
    """Return whether a budget is spent, so that the loop of this worker is to save a checkpoint and end; False where nothing meters.

    With ``TorchTrainer`` the answer is the same on every worker; each of them has to ask after each step.

    Args:
        steps: Steps done.

    Example:
        >>> must_stop(steps=1)
        False
    """
    training = active_training()
    return training is not None and training.must_stop(steps=steps, saves=False)


def _begin(options: "TrackOptions", run_id: str, *, quiet: bool) -> None:
    """Begin to meter this worker."""
    training = MeteredTraining(options, quiet=quiet)
    with training.beginning():
        training.begin({}, run_id=run_id, is_main=os.environ.get("RANK", "0") == "0")


def _end(*, exit_code: int) -> None:
    """End the metering of this worker."""
    training = active_training()
    if training is not None:
        training.end(exit_code=exit_code)


def _run_of(worker_group: Any) -> str:
    """Return the id of the run: that of the experiment and its storage, which Ray resumes by these too; "" where they are not known."""
    config = getattr(getattr(worker_group, "_train_run_context", None), "run_config", None)
    name, storage = getattr(config, "name", None), getattr(config, "storage_path", None)
    return digest(str(storage), str(name), size_b=_ID_B) if name else ""
