"""W&B: a run of its own beside that of the training, in the same project and group."""

import os
import re

from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sinks.status import Status, facts_of

_PROJECT = "traincarbon"
_LONGEST_ID = 64
_AXIS = "carbon/duration_s"


class WandbSink:
    """Logs to a run of W&B that a session which continues this one continues.

    Args:
        where: The project, or ``entity/project``; "" for that of the run that the training has open, of the environment, or of this run.
        settings: The run.
    """

    def __init__(self, where: str, settings: Settings) -> None:
        import wandb

        entity, _, project = where.rpartition("/")
        beside = settings.open_runs
        self._run = wandb.init(
            entity=entity or beside.get("wandb_entity") or None,
            project=project or beside.get("wandb_project") or os.environ.get("WANDB_PROJECT") or settings.project or _PROJECT,
            id=re.sub(r"[^\w.-]", "-", f"carbon-{settings.run_id}")[:_LONGEST_ID],
            name=f"carbon {settings.run_id}",
            group=beside.get("wandb_group") or os.environ.get("WANDB_RUN_GROUP") or os.environ.get("WANDB_RUN_ID") or settings.run_id,
            job_type="carbon",
            config={f"carbon_{name}": value for name, value in facts_of(settings).items()},
            resume="allow",
            settings=wandb.Settings(console="off", silent=True, x_disable_stats=True, disable_git=True, save_code=False),
        )
        self._run.define_metric(_AXIS)
        self._run.define_metric("carbon/*", step_metric=_AXIS)
        self.where = str(self._run.url or self._run.dir)

    def log(self, status: Status) -> None:
        """Log the numbers."""
        self._run.log({f"carbon/{name}": value for name, value in status.values.items()})

    def finish(self, status: Status) -> None:
        """Log what the run came to, also as its summary, and hand it over."""
        self.log(status)
        self._run.summary.update({f"carbon/{name}": value for name, value in status.values.items()})
        self._run.finish(exit_code=int(status.has_failed))

    def close(self) -> None:
        """Hand over what was logged; a run that was finished is not touched."""
        self._run.finish()


def opened(where: str, settings: Settings) -> WandbSink:
    """Return the sink for a project.

    Raises:
        ImportError: W&B is not installed.
    """
    return WandbSink(where, settings)
