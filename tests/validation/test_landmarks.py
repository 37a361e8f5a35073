"""The golden cases compare like with like."""

import pytest

from traincarbon.errors import DatabaseError
from traincarbon.uncertain import Interval
from traincarbon.validation import landmarks
from traincarbon.validation.landmarks import LANDMARKS, inside, landmark_estimates, relative


def test_every_golden_run_is_among_the_published_ones(shipped):
    assert [case.run.id for case in landmark_estimates(shipped)] == list(LANDMARKS)


def test_a_golden_run_that_is_missing_is_named(shipped, monkeypatch):
    monkeypatch.setattr(landmarks, "LANDMARKS", ("gpt3-175b", "gone"))
    with pytest.raises(DatabaseError, match="lacks gone"):
        landmark_estimates(shipped)


def test_energies_that_are_the_power_cap_times_hours_are_not_called_measured(shipped):
    measured = {case.run.id for case in landmark_estimates(shipped) if case.energy_is_measured}
    assert measured == set(LANDMARKS) - {"bloom-176b", "llama1-65b"}


def test_inside_holds_the_bounds_and_knows_nothing_of_what_was_not_published():
    interval = Interval(1.0, 2.0, 4.0)
    assert [inside(interval, value) for value in (0.9, 1.0, 4.0, 4.1, None)] == [False, True, True, False, None]


def test_relative_is_a_share_of_the_published_figure():
    assert relative(110.0, 100.0) == pytest.approx(0.1)
    assert relative(None, 100.0) is None
