"""What MLflow asks for the tags of each run that it starts: within a metered training each gets ``carbon.run_id``, without code."""

import os

from traincarbon.tracking.sidecar.job import MLFLOW_TAG, RUN_ID


class CarbonContext:
    """Tags the runs of a training that is metered, or that names its run by ``CARBON_RUN_ID``; a ``RunContextProvider`` of MLflow."""

    def in_context(self) -> bool:
        """Return whether this process belongs to a run."""
        return bool(os.environ.get(RUN_ID))

    def tags(self) -> dict[str, str]:
        """Return the id of the run, which ``carbon runs show`` takes."""
        return {MLFLOW_TAG: os.environ[RUN_ID]}
