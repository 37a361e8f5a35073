"""A tracker within a tracked training hands its plan and its budgets to the one that meters: counted once, watched, and never an error of its end."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from tracked import Place, until
from traincarbon.tracking import joined_tracker
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.joined_tracker import JoinedTracker
from traincarbon.tracking.options import settings_from

BEFORE = f"import os, signal, sys, time; sys.path[:0] = {sys.path!r}; import traincarbon\n"
SAVES = """
saved = []
signal.signal(signal.SIGUSR1, lambda *_: saved.append(1))
with traincarbon.track(quiet=True, max_hours=1e-4, on_budget="stop", interval_s=0.1) as run:
    traincarbon.progress(steps=7)
    while not saved and time.monotonic() < until_s: time.sleep(0.05)
print("saved", len(saved))
"""
PLAN = {"params": 1e8, "tokens": 1e9, "hw": "a100-sxm4-40gb", "accelerators": 1}
PLANS = f"""
with traincarbon.track(quiet=True, plan={PLAN!r}, region="france") as run:
    traincarbon.progress(steps=3)
    print(run.why_no_record)
"""


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def tracked(place, tmp_path, code, *words, **options):
    """Track a script that tracks itself."""
    (tmp_path / "script.py").write_text(f"{BEFORE}until_s = time.monotonic() + 25\n{code}")
    return place.track("--run-id", "outer", *words, "--", sys.executable, str(tmp_path / "script.py"), **options)


def test_a_budget_within_a_command_is_watched_and_ends_the_training_that_states_it_alone(place, tmp_path):
    (tmp_path / "inner.py").write_text(f"{BEFORE}until_s = time.monotonic() + 25\n{SAVES}")
    done = place.track("--run-id", "outer", "--quiet", "--", "sh", "-c", f"{sys.executable} {tmp_path}/inner.py; sleep 0.3; echo after")
    assert (done.returncode, done.stdout) == (0, "saved 1\nafter\n"), done.stderr
    run = place.record("outer")
    assert (run.state, run.counts, os.listdir(f"{place.store}/journals")) == ("finished", {"steps": 7.0}, ["outer"])
    assert any("the budget of 0.000100 h is spent" in note for note in run.notes)


def test_a_plan_within_a_command_is_that_of_the_run_and_its_energy_is_counted_once(place, tmp_path):
    done = tracked(place, tmp_path, PLANS)
    assert done.stdout == "\n", done.stderr
    run = place.record("outer")
    assert (run.plan["params"], run.plan["planned_tokens"], run.site["region"], len(run.attempts)) == (1e8, 1e9, "FR", 1)
    assert run.metered_kwh == pytest.approx(3600.0 * run.duration_s / 3.6e6, rel=0.1)


def test_what_the_command_states_goes_before_what_is_stated_within_it(place, tmp_path):
    assert tracked(place, tmp_path, PLANS, "--region", "sweden").returncode == 0
    assert place.record("outer").site["region"] == "SE"


def test_within_a_block_of_the_same_process_it_is_watched_too(place, tmp_path):
    (tmp_path / "script.py").write_text(
        f"{BEFORE}until_s = time.monotonic() + 25\nwith traincarbon.track(run_id='outer', quiet=True):\n{textwrap.indent(SAVES, '    ')}"
    )
    done = subprocess.run([sys.executable, str(tmp_path / "script.py")], env=place.env, capture_output=True, text=True, timeout=60)
    assert done.stdout == "saved 1\n", done.stderr
    assert (place.record("outer").state, place.record("outer").counts) == ("finished", {"steps": 7.0})


def test_the_same_budget_outside_is_watched_once(place, tmp_path):
    done = tracked(
        place, tmp_path, "with traincarbon.track(quiet=True, max_hours=1, on_budget='stop'): print('trained')", "--max-hours", "1", "--on-budget", "stop"
    )
    assert done.stdout == "trained\n", done.stderr
    assert not [note for note in place.record("outer").notes if "budget of its own" in note]


GOES_ON = SAVES.replace("max_hours=1e-4", "max_hours=3e-3").replace("progress(steps=7)", "progress(steps=7); print(flush=True)")


def test_a_budget_is_watched_on_by_the_process_that_replaces_a_killed_one(place, tmp_path):
    (tmp_path / "script.py").write_text(f"{BEFORE}until_s = time.monotonic() + 40\n{GOES_ON}")
    with place.tracking("--run-id", "outer", "--quiet", "--", sys.executable, str(tmp_path / "script.py")) as process:
        (meter,) = until(lambda: [line["process"] for line in place.lines("outer") if line["kind"] == "start"][:1])
        os.kill(meter, signal.SIGKILL)
        out, err = process.communicate(timeout=60)
    assert out == "saved 1\n", err
    assert place.record("outer").state == "finished"


def test_a_budget_is_refused_where_the_outer_tracker_does_not_take_it(monkeypatch):
    from traincarbon.errors import CarbonError
    from traincarbon.tracking import joined_tracker
    from traincarbon.tracking.joined_tracker import join_outer
    from traincarbon.tracking.options import settings_from

    monkeypatch.setattr(joined_tracker, "is_metered_here", lambda *_: False)
    stops = settings_from(argv=["x"], store="/nowhere", max_hours=1, on_budget="stop")
    with pytest.raises(CarbonError, match="the budget of 1 h is not watched: why"):
        join_outer(stops, reason="why", is_ours=False)
    assert join_outer(settings_from(argv=["x"], store="/nowhere", max_hours=1), reason="why", is_ours=False) is None


@pytest.fixture
def joined(monkeypatch, tmp_path):
    """Return a tracker that has joined an outer one, which can be killed; what hands over again is made by a function."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(joined_tracker, "is_metered_here", lambda *_: True)
    monkeypatch.setattr(joined_tracker, "on_hang_up", lambda *_: None)
    tracker = JoinedTracker(settings_from(argv=["x"], store=str(tmp_path), max_hours=1, on_budget="stop"))
    handed = HandedOver()
    monkeypatch.setattr(tracker, "_handed_over", lambda _: handed)
    assert tracker.start(within_s=0.0)
    return tracker, handed


class HandedOver:
    """A process that has handed over to an outer one that was killed."""

    is_child = False

    def __init__(self):
        reads, its = os.pipe()
        its_reads, writes = os.pipe()
        self.channel = Channel(reads, writes)
        os.close(its)
        os.close(its_reads)


def test_a_training_that_the_outer_tracker_does_not_take_again_leaves_nothing_behind(joined, monkeypatch):
    tracker, ended = joined
    monkeypatch.setattr(tracker, "_handed_over", lambda _: None)
    tracker._join_again(ended)
    tracker.stop(exit_code=0)
    assert {name: os.environ.get(name) for name in tracker._outer} == tracker._outer
    assert (tracker._pipes.reporting, ended.channel.fileno()) == (-1, -1)


def test_a_training_that_is_handed_over_again_closes_what_it_had_before(joined, monkeypatch):
    tracker, ended = joined
    again = HandedOver()
    monkeypatch.setattr(tracker, "_handed_over", lambda _: again)
    tracker._join_again(ended)
    assert (tracker._sidecar, ended.channel.fileno()) == (again, -1)
    tracker.stop(exit_code=0)
    assert again.channel.fileno() == -1
