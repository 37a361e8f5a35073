"""A process that another tracker meters is told so."""

import subprocess
import sys

import pytest

from traincarbon.tracking import outer_tracker
from traincarbon.tracking.outer_tracker import metered_by_another
from traincarbon.tracking.sidecar import election
from traincarbon.tracking.sidecar.job import MARK, RUN_ID, STORE


@pytest.fixture(autouse=True)
def _unmarked(monkeypatch):
    for name in (MARK, RUN_ID, STORE):
        monkeypatch.delenv(name, raising=False)


def test_without_an_outer_tracker_nobody_meters_it():
    assert metered_by_another() == ""


@pytest.mark.parametrize("lives", [True, False])
def test_an_outer_tracker_that_lives_here_meters_it_and_one_that_is_elsewhere_does_not(monkeypatch, lives):
    asked = []
    monkeypatch.setenv(MARK, "session")
    monkeypatch.setenv(RUN_ID, "outer")
    monkeypatch.setenv(STORE, "/runs")
    monkeypatch.setattr(election, "is_metered_here", lambda *about: asked.append(about) or lives)
    assert metered_by_another() == ("this process is metered already, as part of the run outer: its record has the energy" if lives else "")
    assert asked == [("outer", "/runs")]


def test_an_outer_tracker_of_an_earlier_version_names_no_run(monkeypatch):
    monkeypatch.setenv(outer_tracker.MARK, "session")
    assert "an outer run" in metered_by_another()


def test_an_outer_tracker_whose_meter_still_starts_meters_it(monkeypatch):
    answers = iter([False, False, True])
    monkeypatch.setenv(MARK, "session")
    monkeypatch.setenv(RUN_ID, "outer")
    monkeypatch.setattr(election, "is_metered_here", lambda *_: next(answers))
    monkeypatch.setattr(outer_tracker, "_has_meter_above", lambda: True)
    assert "the run outer" in metered_by_another()


FAMILY = """
import subprocess, sys
meter = subprocess.Popen([sys.executable, "-c", "input()", *sys.argv[1:]], stdin=subprocess.PIPE)
inner = "from traincarbon.tracking import outer_tracker; print(outer_tracker._has_meter_above())"
subprocess.run(["sh", "-c", f"{sys.executable} -c '{inner}'; true"], check=True)
meter.stdin.close()
meter.wait()
"""


@pytest.mark.parametrize(("name", "found"), [("traincarbon.tracking.sidecar.main", True), ("something.else", False)])
def test_a_meter_is_looked_for_among_the_children_of_parents(name, found):
    done = subprocess.run([sys.executable, "-c", FAMILY, name], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(found)
