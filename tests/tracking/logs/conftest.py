"""What a log amounts to: its lines fed to the reader of its tool, and the reports added up as a session does."""

from pathlib import Path

import pytest

from traincarbon.tracking.logs.reader import LogLines
from traincarbon.tracking.settings import LogFormat
from traincarbon.tracking.value.session_progress import Progress

DATA = Path(__file__).parent / "data"


def read_log(tool: str, log: str | bytes, **plan: object) -> Progress:
    """Return the progress of a whole log, fed in pieces."""
    progress, lines = Progress(), LogLines(LogFormat(tool), plan=plan)
    data = log.encode() if isinstance(log, str) else log
    for at in range(0, len(data), 1000):
        for report in lines.feed(data[at : at + 1000], time_s=float(at)):
            progress.add(report)
    return progress


@pytest.fixture
def log_of():
    """Return the function that reads a log given as text."""
    return read_log


@pytest.fixture
def recorded():
    """Return the function that reads a file that a tool printed."""
    return lambda tool, name, **plan: read_log(tool, (DATA / f"{name}.log").read_bytes(), **plan)
