"""All launchers, from the outside inwards: what reserves machines comes before what starts processes on them.

Each row says where its names stand; they were read there unless the row says otherwise.
"""

from traincarbon.tracking.launchers.platforms import PLATFORMS
from traincarbon.tracking.launchers.row import Launcher, any_of
from traincarbon.tracking.launchers.schedulers import SCHEDULERS
from traincarbon.tracking.launchers.starters import ENVIRONMENT, STARTERS
from traincarbon.tracking.launchers.values import text

EXPERIMENTS = (
    Launcher(name="wandb", title="Weights & Biases", is_there=any_of("WANDB_RUN_ID"), source="not read in its own source", run_id=text("WANDB_RUN_ID")),
    Launcher(name="mlflow", title="MLflow", is_there=any_of("MLFLOW_RUN_ID"), source="not read in its own source", run_id=text("MLFLOW_RUN_ID")),
)
"""Experiment trackers: the last resort for an id."""

LAUNCHERS = (*PLATFORMS, *SCHEDULERS, *STARTERS, ENVIRONMENT)
