"""Trackio: a run of its own in the database of this machine, or in a Space of Hugging Face where the environment names one."""

import os

from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sinks.status import Status, facts_of

_PROJECT = "traincarbon"


class TrackioSink:
    """Logs to a run of Trackio that a session which continues this one continues.

    Args:
        where: The project; "" for that of the environment, else that of the run.
        settings: The run.
    """

    def __init__(self, where: str, settings: Settings) -> None:
        import trackio

        self._trackio = trackio
        project = where or os.environ.get("TRACKIO_PROJECT") or settings.project or _PROJECT
        self._run = trackio.init(project=project, name=f"carbon-{settings.run_id}", config=facts_of(settings), resume="allow", embed=False)
        self.where = f"project {project}, run carbon-{settings.run_id}"

    def log(self, status: Status) -> None:
        """Log the numbers."""
        self._run.log({f"carbon/{name}": value for name, value in status.values.items()})

    def finish(self, status: Status) -> None:
        """Log what the run came to, and write it."""
        self.log(status)
        self._run.finish()

    def close(self) -> None:
        """Nothing is open."""


def opened(where: str, settings: Settings) -> TrackioSink:
    """Return the sink for a project.

    Raises:
        ImportError: Trackio is not installed.
    """
    return TrackioSink(where, settings)
