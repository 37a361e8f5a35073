"""Each budget that a process of a run states is watched; one that is not possible is said and harms nothing."""

import math
import signal
import subprocess
import time
from pathlib import Path

import pytest

from native.replay import build, environment
from tracked import Place, children, until
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.settings import BudgetPolicy, Limits
from traincarbon.tracking.value.run_budgets import Demand, RunBudgets
from traincarbon.uncertain import Uncertain


def settings(*, policy="warn", **limits):
    return settings_from(argv=["x"], store="/nowhere")._replace(limits=Limits(**limits), on_budget=BudgetPolicy(policy), grace_s=5.0)


def spent(kwh):
    return {"facility_energy_kwh": Uncertain(kwh)}


def test_the_same_budget_of_every_rank_is_one():
    budgets = RunBudgets(settings(kwh=5.0))
    assert budgets.add(settings(kwh=5.0)) == budgets.add(settings()) == ""
    budgets.begin({})
    assert len(list(budgets)) == 1


@pytest.mark.parametrize("late", [False, True])
def test_another_budget_of_a_rank_is_watched_with_what_is_to_happen_then(late):
    budgets = RunBudgets(settings(kwh=10.0, policy="warn"))
    if late:
        budgets.begin({})
    note = budgets.add(settings(kwh=5.0, policy="signal"))
    assert note == "a process of this run states a budget of its own, which is watched too: 5 kWh, signal"
    if not late:
        budgets.begin({})
    actions = budgets.check(spent(6.0), {}, time_s=0.0, ended=False)
    assert [(action.kind, demand) for action, demand in actions] == [(BudgetPolicy.SIGNAL, Demand(BudgetPolicy.SIGNAL))]
    later = budgets.check(spent(11.0), {}, time_s=1.0, ended=False)
    assert [action.kind for action, _ in later] == [BudgetPolicy.WARN]
    assert [(state.name, state.limit) for state in budgets.states(spent(6.0), {})] == [("kwh", 10.0), ("kwh", 5.0)]


def test_what_earlier_sessions_took_counts_for_each():
    budgets = RunBudgets(settings())
    budgets.begin({"facility_energy_kwh": Uncertain(4.0)})
    budgets.add(settings(kwh=5.0))
    assert "the budget of 5 kWh is spent" in budgets.check(spent(2.0), {}, time_s=0.0, ended=False)[0][0].text


def test_a_budget_of_a_training_within_a_command_ends_that_training_alone_and_with_it():
    outer, inner, rank = settings(), settings(kwh=5.0, policy="stop")._replace(joins=True), settings(kwh=5.0, policy="stop")
    budgets = RunBudgets(outer)
    budgets.begin({})
    budgets.add(inner)
    ((action, demand),) = budgets.check(spent(6.0), {}, time_s=0.0, ended=False)
    assert (action.kind, demand.kind) == (BudgetPolicy.SIGNAL, BudgetPolicy.SIGNAL)
    assert [demand.is_for(each) for each in (outer, inner, rank, settings(kwh=4.0)._replace(joins=True))] == [False, True, False, False]
    assert [Demand(BudgetPolicy.STOP).is_for(each) for each in (outer, inner, rank)] == [True, False, True]
    budgets.keep([outer, inner])
    assert len(list(budgets)) == 1
    budgets.keep([outer])
    assert list(budgets) == []


def test_the_budget_of_the_command_is_that_of_a_training_within_it_that_states_the_same():
    budgets = RunBudgets(settings(kwh=5.0, policy="stop"))
    assert budgets.add(settings(kwh=5.0, policy="stop")._replace(joins=True)) == ""


def test_a_second_look_at_the_same_earlier_sessions_says_nothing_twice():
    budgets = RunBudgets(settings(kwh=5.0))
    budgets.begin({})
    assert len(budgets.check(spent(6.0), {}, time_s=0.0, ended=False)) == 1
    budgets.begin({})
    assert budgets.check(spent(6.0), {}, time_s=1.0, ended=False) == []


@pytest.mark.parametrize("limit", [-1.0, 0.0, math.inf, math.nan])
def test_a_budget_that_is_not_possible_is_said_and_not_watched(limit):
    budgets = RunBudgets(settings(kwh=5.0))
    assert "states a budget that is not watched: a budget of" in budgets.add(settings(kwh=limit))
    budgets.begin({})
    assert len(list(budgets)) == 1


def test_the_number_of_budgets_is_bounded():
    budgets = RunBudgets(settings(kwh=1.0))
    notes = [budgets.add(settings(kwh=2.0 + number)) for number in range(30)]
    assert notes[-1] == "more than 20 different budgets were stated by processes of this run: the others are not watched"
    budgets.begin({})
    assert len(list(budgets)) == 20


def ranks(tmp_path, *options, seconds=60):
    """Track a rank with each of *options* as processes of one run, and return their exit codes, what they print, and the record.

    Their GPU draws power once all of them train under the meter of the first one.
    """
    place, trace = Place(tmp_path), tmp_path / "power"
    trace.write_text(f"origin in {tmp_path / 'origin'}\nwave 0.001:0 1000:3600\n")
    place.env = environment(build(tmp_path), trace, **{name: value for name, value in place.env.items() if name != "CARBON_REPLAY"})
    started = []
    for number, words in enumerate(options):
        rank = {"RANK": str(number), "LOCAL_RANK": str(number), "WORLD_SIZE": str(len(options)), "LOCAL_WORLD_SIZE": str(len(options))}
        command = place.command("--run-id", "r", "--meter", "nvml", *words, "--", "sh", "-c", f"touch {tmp_path}/{number}; exec sleep {seconds}")
        started.append(subprocess.Popen(command, env=place.env | rank, stderr=subprocess.PIPE, text=True))
        assert until(lambda: list(Path(place.store, "journals").glob("r/*.jsonl")), seconds=60.0)  # the first one meters
    assert until(lambda: all(each.poll() is not None or (tmp_path / f"{number}").exists() for number, each in enumerate(started)), seconds=60.0)
    assert until(lambda: not any("tracking.sidecar" in words for each in started[1:] for words in children(each.pid).values()), seconds=60.0)
    (tmp_path / "origin").write_text(f"{time.monotonic()}")
    told = [each.communicate(timeout=60)[1] for each in started]
    return [each.returncode for each in started], told, place.record("r")


STOPS = ("--max-kwh", "1e-4", "--on-budget", "stop", "--grace", "0.5")


@pytest.mark.parametrize("options", [((), STOPS), (STOPS, ()), (("--max-hours", "5"), STOPS)])
def test_a_budget_that_one_rank_states_stops_the_run(tmp_path, options):
    codes, told, run = ranks(tmp_path, *options)
    assert codes == [-signal.SIGTERM] * len(options), told
    assert any("a process of this run states a budget of its own" in note for note in run.notes) or options[0] == STOPS
    assert sum("signalled to write a checkpoint" in note for note in run.notes) == 1


def test_the_same_budget_in_every_rank_is_said_once(tmp_path):
    _, _, run = ranks(tmp_path, STOPS, STOPS)
    assert sum("signalled to write a checkpoint" in note for note in run.notes) == 1
    assert not [note for note in run.notes if "budget of its own" in note]


def test_a_bad_budget_in_one_rank_is_an_error_of_that_rank_alone(tmp_path):
    codes, told, run = ranks(tmp_path, (), ("--max-hours", "soon"), seconds=3)
    assert codes == [0, 1]
    assert "error: max_hours is not a number: 'soon'\nhint: " in told[1]
    assert not (tmp_path / "1").exists()  # its command did not start
    assert "Traceback" not in "".join(told)
    assert run.state == "finished"
