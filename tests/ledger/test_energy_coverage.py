"""What energy of no known part covers."""

import pytest

from traincarbon.ledger.energy_coverage import covers_of
from traincarbon.ledger.run import Run

OTHER = {"energy_j": {"other": 5e6}, "how": {"other": "power"}}


@pytest.mark.parametrize(
    ("stated", "covers"),
    [
        ({"source": "sacct"}, ""),
        ({"source": "eco2ai"}, ""),
        ({"source": "csv"}, "node"),
        ({"source": ""}, "node"),
        ({"source": "csv", "energy_covers": ""}, ""),
        ({"source": "sacct", "energy_covers": "node"}, "node"),
        ({"source": "sacct", "energy_covers": "moon"}, ""),
    ],
)
def test_what_a_record_does_not_state_follows_from_its_format(stated: dict[str, str], covers: str) -> None:
    run = Run.from_dict({"schema": "traincarbon/run/1", "run_id": "a", "state": "finished", "duration_s": 60.0, **OTHER, **stated})
    assert run.energy_covers == covers
    assert Run.from_dict(run.to_dict()).energy_covers == covers


def test_without_such_energy_nothing_is_covered() -> None:
    assert covers_of({"energy_covers": "node"}, {"other": None, "gpu": 5.0}) == ""
