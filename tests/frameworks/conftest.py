"""Fixtures of the tests of callbacks: a store and a trace of power for the meters. ``make test-frameworks`` runs them in the frameworks themselves."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tracked import OURS, Place
from traincarbon.ledger.run import Run

collect_ignore = ["accelerate_loop.py", "lightning_fit.py", "tiny_gpt2.py"]
"""Trainings that the tests start as programs."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A store and a trace of a GPU of 3600 W, in the environment of this process and of its children."""
    found = Place(tmp_path)
    for name in os.environ:
        if name.startswith(OURS):
            monkeypatch.delenv(name)
    for name in ("CARBON_STORE", "CARBON_REPLAY", "COLUMNS"):
        monkeypatch.setenv(name, found.env[name])
    monkeypatch.chdir(tmp_path)
    return found


@pytest.fixture
def the_run(place: Place) -> Callable[[], Run]:
    """Return a function that returns the record of the only run in the store."""

    def only() -> Run:
        (name,) = os.listdir(Path(place.store, "journals"))
        return place.record(name)

    return only
