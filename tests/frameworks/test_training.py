"""Test a metered training without any framework: one tracker a process, exact counts, budgets, and no error but that of a budget."""

import os
import signal
from types import SimpleNamespace

import pytest

from tracked import until
from traincarbon import track
from traincarbon.errors import CarbonError
from traincarbon.frameworks.training import MeteredTraining, checked_options

PLAN = {"name": "GPT2", "params": 124672.0, "tokens": 61440.0, "hw": "a100-sxm4-40gb", "accelerators": 1.0, "layers": 2.0, "hidden": 64.0}


def training(**options):
    return MeteredTraining(checked_options(options), quiet=True)


def test_a_training_is_a_run_with_its_plan(the_run):
    found = training(project="tiny")
    found.begin(PLAN, total_steps=3)
    for step in range(1, 4):
        found.report(steps=step, tokens=step * 8.0, samples=step * 2.0, per_rank=True)
    record = found.end()
    assert (record.run_id, record.state, record.tokens, record.counts) == (found.run_id, "finished", 24.0, {"tokens": 24.0, "samples": 6.0, "steps": 3.0})
    assert (the_run().plan["layers"], the_run().project, found.is_over) == (2.0, "tiny", True)
    assert found.end() is None


def test_what_the_user_states_goes_before_what_the_model_tells(the_run):
    found = training(plan={"layers": 3.0}, hw="h100-sxm5-80gb")
    found.begin(PLAN)
    found.end()
    assert (the_run().plan["layers"], the_run().plan["hidden"], the_run().hw) == (3.0, 64.0, "h100-sxm5-80gb")


def test_hardware_that_nobody_knows_costs_the_plan_and_not_the_run(the_run, capsys):
    found = MeteredTraining(checked_options({}))
    found.begin({**PLAN, "hw": "Acme 9000"})
    found.report(steps=1)
    found.end()
    assert (the_run().state, the_run().plan) == ("finished", None)
    assert "Acme 9000" in capsys.readouterr().err


def test_the_second_training_of_a_process_does_nothing(the_run, capsys):
    first, second = training(), MeteredTraining(checked_options({}))
    first.begin({})
    second.begin({}, words=["a model of two layers"])
    second.report(steps=900)
    assert (first.is_on, second.is_on, second.end()) == (True, False, None)
    first.report(steps=2)
    first.end()
    assert the_run().counts == {"steps": 2.0}
    told = capsys.readouterr().err
    assert "only the first is counted" in told
    assert "two layers" not in told


def test_what_is_known_is_said_before_the_estimate_and_a_plan_without_work_is_no_error(the_run, capsys):
    found = MeteredTraining(checked_options({}))
    found.begin({name: value for name, value in PLAN.items() if name != "tokens"}, words=["a model of two layers"])
    found.end()
    told = capsys.readouterr().err
    assert told.startswith("carbon: a model of two layers\n")
    assert "tokens" not in told.split("carbon runs show")[0].split("finished")[0]
    assert the_run().plan is None


def test_a_training_that_failed_without_a_word_ends_when_another_one_begins_in_its_thread(place):
    first, second = training(run_id="first"), training(run_id="second")
    first.begin({}, owner="one trainer")
    first.report(steps=3)
    second.begin({}, owner="another")
    second.report(steps=4)
    second.end()
    assert (place.record("first").state, place.record("first").counts) == ("failed", {"steps": 3.0})
    assert (place.record("second").state, place.record("second").counts) == ("finished", {"steps": 4.0})


def test_a_resumed_training_continues_its_run(the_run):
    first = training()
    first.begin({})
    first.report(steps=25, tokens=100.0)
    first.end()
    second = training()
    second.begin({}, run_id=first.run_id, start_steps=25)
    second.report(steps=60, tokens=140.0)
    second.end()
    assert (the_run().counts, [each.start_steps for each in the_run().attempts]) == ({"tokens": 240.0, "steps": 60.0}, [0.0, 25.0])


@pytest.mark.usefixtures("place")
def test_the_signal_of_a_budget_asks_to_stop():
    found = training(max_hours=1.0)
    found.begin({})
    assert not found.must_stop(steps=1)
    os.kill(os.getpid(), signal.SIGUSR1)
    assert found.must_stop(steps=2)
    found.end()
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL


def test_a_budget_stops_unless_the_user_says_otherwise():
    assert checked_options({"max_kwh": 1})["on_budget"] == "stop"
    assert checked_options({"max_kwh": 1, "on_budget": "warn"})["on_budget"] == "warn"
    assert "on_budget" not in checked_options({})


@pytest.mark.parametrize("options", [{"max_kw": 1}, {"interval_s": 0.0}, {"max_kwh": -1}, {"progress_regex": "x"}, {"hw": "no such thing at all"}])
def test_options_are_checked_before_the_training(options):
    with pytest.raises(CarbonError):
        checked_options(options)


def test_a_budget_that_cannot_be_metered_raises_before_the_first_step(place, monkeypatch):
    monkeypatch.setenv("CARBON_REPLAY", os.path.join(place.store, "missing.csv"))
    found = training(max_kwh=1.0, meters="nvml")
    with pytest.raises(CarbonError, match="cannot be metered"):
        found.begin({})
    assert not found.is_on
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL


def test_within_another_tracker_its_plan_and_its_budget_are_watched_by_that_one(place, capsys):
    with track(run_id="outer", interval_s=0.1, quiet=True):
        inner = MeteredTraining(checked_options({"max_hours": 2e-4}))
        inner.begin(PLAN)
        inner.report(steps=4)
        assert until(lambda: inner.must_stop(steps=5))
        inner.end()
    assert (place.record("outer").counts, place.record("outer").plan["layers"]) == ({"steps": 4.0}, 2.0)
    assert "carbon: estimate: " in capsys.readouterr().err


def test_a_report_is_due_once_a_second_and_at_the_start(monkeypatch):
    now_s = [50.0]
    monkeypatch.setattr("traincarbon.frameworks.training.time", SimpleNamespace(monotonic=lambda: now_s[0]))
    found, due = training(), []
    for now_s[0] in (50.0, 50.4, 50.9, 51.0, 51.5, 53.0):
        due.append(found.is_due())
    assert due == [True, False, False, True, False, True]


def test_what_fails_while_a_callback_begins_is_said_and_does_not_end_the_training(capsys):
    found = MeteredTraining(checked_options({}))
    with found.beginning():
        raise RuntimeError("a hook that this version lacks")
    assert capsys.readouterr().err == "carbon: the training is not metered: RuntimeError: a hook that this version lacks\n"


def test_a_budget_that_cannot_be_metered_is_raised_while_a_callback_begins():
    found = training()
    with pytest.raises(CarbonError, match="no meters"), found.beginning():
        raise CarbonError("no meters")
