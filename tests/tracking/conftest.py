"""What holds for every record that a test of tracking reads, and the pipe on which a script reports."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

from traincarbon.ledger import record, run_totals
from traincarbon.tracking.progress_pipe import environment_of


@pytest.fixture(autouse=True)
def _no_facility_below_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a facility used less than was measured in it. Users get a note."""

    def checked(**stated: Any) -> str:
        found = run_totals.contradiction(**stated)
        assert not found, found
        return found

    monkeypatch.setattr(record, "contradiction", checked)


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """A pipe whose writing end the environment names; what is read of it comes from the first function, the second closes that end."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    for name, value in environment_of(writer).items():
        monkeypatch.setenv(name, value)
    yield reader, writer
    for descriptor in (reader, writer):
        with contextlib.suppress(OSError):
            os.close(descriptor)
