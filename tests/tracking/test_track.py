"""Tracking from Python begins with one function, in three forms."""

import pytest

import traincarbon
from traincarbon.errors import CarbonError
from traincarbon.tracking.track import track
from traincarbon.tracking.tracker import Tracker


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("CARBON_STORE", str(tmp_path))


def test_it_is_the_public_function():
    assert traincarbon.track is track


def test_with_options_it_returns_a_tracker_that_has_not_begun():
    run = track(run_id="r", quiet=True)
    assert isinstance(run, Tracker)
    assert (run.run_id, run.record) == ("r", None)


def test_as_a_decorator_it_keeps_the_name_of_the_function():
    @track
    def one():
        """Do it."""

    @track(project="bert")
    def other():
        """Do that."""

    assert [(each.__name__, each.__doc__) for each in (one, other)] == [("one", "Do it."), ("other", "Do that.")]


@pytest.mark.parametrize(("options", "words"), [({"progress_regex": "x"}, "progress_regex needs the output"), ({"interval_s": -1.0}, "an interval of -1 s")])
def test_an_option_that_is_not_possible_is_refused_at_once(options, words):
    with pytest.raises(CarbonError, match=words):
        track(**options)
