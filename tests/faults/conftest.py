"""Fixtures of the fault tests: a store, an environment, and tracked commands that are cleaned up."""

import contextlib
import os
import signal

import pytest

from fates import kill_processes
from killed_runs import POWER_W, Tracked
from tracked import Place
from traincarbon.ledger.store import Ledger


@pytest.fixture
def environment(tmp_path):
    """An environment in which one GPU uses constant power; what a test leaves in it is killed at the end."""
    place = Place(tmp_path, watts=POWER_W)
    yield place.env
    kill_processes(f"CARBON_STORE={place.store}")


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def track(store, environment):
    """Return a function that tracks a command; its remaining processes are killed at the end."""
    begun: list[Tracked] = []

    def begin(run_id: str, command: list[str], *options: str, env: dict[str, str] | None = None, **rest) -> Tracked:
        begun.append(Tracked(store, run_id, command, *options, env={**environment, **(env or {})}, **rest))
        return begun[-1]

    yield begin
    for tracked in begun:
        for pid in [*tracked.children(), tracked.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        tracked.process.wait(10)


@pytest.fixture
def ledger(store):
    """Return a function that reads a run back, as ``carbon runs`` does."""

    def read(run_id: str):
        with Ledger(store) as found:
            return found.run(run_id)

    return read
