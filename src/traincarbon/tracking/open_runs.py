"""The runs of W&B and MLflow that the training has open when it begins to be metered, so that its energy comes beside its loss."""

import contextlib
import sys
from collections.abc import Mapping
from typing import Any

_LONGEST = 500


def open_runs(modules: Mapping[str, Any] = sys.modules) -> dict[str, str]:
    """Return what is known of them without asking a server; empty where the libraries are not imported.

    Args:
        modules: The imported modules.

    Returns:
        ``mlflow_run`` and ``mlflow_uri``; ``wandb_entity``, ``wandb_project`` and ``wandb_group``.
    """
    found: dict[str, Any] = {}
    with contextlib.suppress(Exception):  # of another program, at any version
        if (run := modules["mlflow"].active_run()) is not None:
            found |= {"mlflow_run": run.info.run_id, "mlflow_uri": modules["mlflow"].get_tracking_uri()}
    with contextlib.suppress(Exception):
        if (run := modules["wandb"].run) is not None:
            found |= {"wandb_entity": run.entity, "wandb_project": run.project, "wandb_group": run.group or run.id}
    return {name: value for name, value in found.items() if isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable()}
