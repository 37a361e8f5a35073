"""A tracked training of four seconds, logged by the real library of a sink; ``make test-frameworks`` has them all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tracked import TRAINING, Place, python
from traincarbon.ledger.run import Run

_OF_LIBRARIES = ("MLFLOW_", "WANDB_", "TRACKIO_", "OTEL_", "TENSORBOARD_")


@pytest.fixture
def logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Run, str]]:
    """Return a function that tracks a training which is logged: its record, and what the user was told."""
    place = Place(tmp_path)
    place.env = {name: value for name, value in place.env.items() if not name.startswith(_OF_LIBRARIES)}
    monkeypatch.chdir(tmp_path)

    def track(log_to: str, *, run_id: str = "r", code: str = TRAINING, exit_code: int = 0, **env: str) -> tuple[Run, str]:
        options = ["--hw", "8xH100", "--region", "france", "--params", "1e6", "--project", "toy", "--run-id", run_id, "--log-to", log_to]
        done = place.track(*options, "--", *python(code), env=env, cwd=tmp_path, timeout=100)
        assert done.returncode == exit_code, done.stderr
        return place.record(run_id), done.stderr

    return track
