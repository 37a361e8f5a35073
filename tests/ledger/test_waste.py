"""What a run did not use: idle GPUs, work done twice, and time between attempts, each only with evidence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journals import device, line
from traincarbon.ledger.attempts import Attempt, repeated_steps
from traincarbon.ledger.idle import is_idle
from traincarbon.ledger.record import Run, merge
from traincarbon.ledger.waste import NO_WASTE, waste_of

COST = {"cost_usd": {"low": 80.0, "median": 80.0, "high": 80.0}, "cost_basis": "rent"}


def run_of(gpus, *, seconds=3600.0, figures=None, start=None):
    """One process on one node; each GPU as (watts, utilisation)."""
    lines = [line("start", hw="box", accelerators=len(gpus), argv=["train.py"], **(start or {}))]
    step = seconds / 12.0
    for count in range(1, 13):
        devices = {
            f"gpu:{at}": device(watts * step * count, power_max_w=watts, **({} if busy is None else {"utilisation": busy}))
            for at, (watts, busy) in enumerate(gpus)
        }
        lines.append(line("interval", seq=count, mono_s=step * count, from_s=step * (count - 1), to_s=step * count, gap_s=0.0, samples=5, devices=devices))
    return merge([*lines, line("end", seq=13, mono_s=seconds, exit_code=0, **(figures or {}))], now_s=2e9)


def test_one_of_eight_gpus_was_idle_by_hand():
    # an hour: seven at 600 W and 90 %, one at 100 W and 0 %; $80 of rent are $10 a GPU
    waste = run_of([(600.0, 0.9)] * 7 + [(100.0, 0.0)], figures=COST).waste
    assert (waste.idle_gpus, waste.idle_gpu_h) == (1, pytest.approx(1.0))
    assert waste.idle_gpu_kwh == pytest.approx(0.1)
    assert waste.idle_gpu_usd == pytest.approx(10.0)
    assert (waste.waiting_gpu_h, waste.waiting_gpu_kwh, waste.waiting_gpu_usd) == (0.0, 0.0, 0.0)
    assert waste.repeated_steps is None


def test_the_cost_of_electricity_is_shared_by_energy():
    figures = {**COST, "cost_basis": "electricity alone"}
    assert run_of([(300.0, 0.9), (100.0, 0.0)], figures=figures).waste.idle_gpu_usd == pytest.approx(20.0)


def test_without_a_cost_the_energy_is_stated_alone():
    waste = run_of([(600.0, 0.9), (100.0, 0.0)]).waste
    assert (waste.idle_gpus, waste.idle_gpu_usd) == (1, None)


@pytest.mark.parametrize(
    ("gpus", "options", "idle"),
    [
        ([(600.0, 0.9), (70.0, None)], {}, 0),  # no utilisation, and no idle power known: only the other is judged
        ([(70.0, None)], {}, None),
        ([(70.0, None)], {"start": {"idle_gpu_w": 70.0}}, 1),
        ([(300.0, None)], {"start": {"idle_gpu_w": 70.0}}, 0),
        ([(300.0, 0.0)], {"start": {"idle_gpu_w": 70.0}}, 0),  # its power says that it works
        ([(120.0, 0.01)], {"start": {"idle_gpu_w": 70.0}}, 1),  # a program holds it
        ([(100.0, 0.0)], {"seconds": 120.0}, None),  # too short: data may still load
        ([(100.0, 0.05)], {}, 0),
    ],
)
def test_there_is_no_verdict_without_evidence(gpus, options, idle):
    assert run_of(gpus, **options).waste.idle_gpus == idle


def test_the_idle_time_of_a_gpu_that_also_works_is_waiting():
    lines = [line("start", hw="box", accelerators=1)]
    for count, busy in enumerate([0.0] * 4 + [0.8] * 8, 1):
        devices = {"gpu:0": device(100.0 * 300.0 * count, utilisation=busy)}
        lines.append(line("interval", seq=count, mono_s=300.0 * count, from_s=300.0 * (count - 1), to_s=300.0 * count, samples=1, devices=devices))
    waste = merge(lines, now_s=2e9).waste
    assert (waste.idle_gpus, waste.waiting_gpu_h, waste.waiting_gpu_kwh) == (0, pytest.approx(1 / 3), pytest.approx(100.0 * 1200.0 / 3.6e6))


def attempt_lines(begin_s, seconds, *, number, steps=None, start=None, state=None, watts=1000.0, end=True):
    who = {"writer": f"a1-{number}-1", "process": number, "session": f"s{number}"}
    lines = [line("start", mono_s=begin_s, hw="box", accelerators=1, **who)]
    stated = {} if start is None else {"resumed_from": {"steps": start}}
    devices = {"gpu:0": device(watts * seconds, utilisation=0.9)}
    at_s = begin_s + seconds
    lines.append(line("interval", seq=1, mono_s=at_s, from_s=begin_s, to_s=at_s, samples=1, devices=devices, **stated, **who))
    if steps is not None:
        lines.append(line("progress", seq=2, mono_s=at_s, steps=steps, **who))
    return [*lines, *([line("end", seq=3, mono_s=at_s, exit_code=0 if state is None else None, state=state, **who)] if end else [])]


def test_what_a_preemption_cost_by_hand():
    # 1000 s to step 500, 200 s away, again from step 400: 100 of 500 steps are lost, 0.2 of 1 MJ, 0.2 of the first attempt's half of $80
    first = attempt_lines(0.0, 1000.0, number=1, steps=500.0, state="killed")
    second = attempt_lines(1200.0, 1000.0, number=2, steps=600.0, start=400.0)
    second[-1] |= COST
    run = merge([*first, *second], now_s=2e9)
    assert [(each.state, each.duration_s, each.energy_j, each.steps, each.start_steps) for each in run.attempts] == [
        ("killed", 1000.0, 1e6, 500.0, None),
        ("finished", 1000.0, 1e6, 600.0, 400.0),
    ]
    assert run.waste.interrupted_s == pytest.approx(200.0)
    assert run.waste.repeated_steps == 100.0
    assert run.waste.repeated_kwh == pytest.approx(0.2e6 / 3.6e6)
    assert run.waste.repeated_usd == pytest.approx(8.0)


def test_a_restart_that_does_not_say_where_it_resumed_is_no_evidence_of_repeated_work():
    run = merge([*attempt_lines(0.0, 100.0, number=1, steps=50.0), *attempt_lines(200.0, 100.0, number=2, steps=50.0)], now_s=2e9)
    assert len(run.attempts) == 2
    assert (run.waste.repeated_steps, run.waste.repeated_kwh, run.waste.interrupted_s) == (None, None, pytest.approx(100.0))


def test_a_restart_from_nothing_repeats_everything():
    attempts = [Attempt(0.0, 10.0, "killed", 100.0, 50.0), Attempt(20.0, 10.0, "killed", 100.0, 20.0, 0.0), Attempt(40.0, 10.0, "finished", 100.0, 80.0, 20.0)]
    assert repeated_steps(attempts) == (50.0, 0.0, 0.0)


@given(st.lists(st.tuples(st.floats(1.0, 1000.0), st.none() | st.floats(0.0, 2000.0)), min_size=1, max_size=8))
def test_no_attempt_repeats_more_than_it_did(pairs):
    attempts = [Attempt(100.0 * at, 50.0, "finished", 10.0, steps, start) for at, (steps, start) in enumerate(pairs)]
    repeated = repeated_steps(attempts)
    assert all(0.0 <= lost <= attempt.steps * (1 + 1e-9) + 1e-9 for lost, attempt in zip(repeated, attempts, strict=True))
    assert repeated[-1] == 0.0


def test_nodes_that_ran_at_the_same_time_are_one_attempt():
    lines = []
    for number, node in enumerate(("a1", "b1")):
        lines += [{**one, "node": node, "writer": f"{node}-1"} for one in attempt_lines(2.0 * number, 100.0, number=number + 1, steps=50.0)]
    run = merge(lines, now_s=2e9)
    assert [(each.duration_s, each.energy_j, each.steps) for each in run.attempts] == [(102.0, 2e5, 50.0)]


def test_attempts_phases_and_waste_come_back_from_the_record_and_the_index():
    lines = attempt_lines(0.0, 1000.0, number=1, steps=500.0, start=0.0)
    lines[1]["phases"] = {"eval": {"duration_s": 100.0, "energy_j": 5e4, "tokens": 0.0}}
    run = merge(lines, now_s=2e9)
    assert [(phase.name, phase.duration_s, phase.energy_j) for phase in run.phases] == [("eval", 100.0, 5e4), ("train", 900.0, 9.5e5)]
    assert Run.from_dict(json.loads(json.dumps(run.to_dict()))).to_dict() == run.to_dict()
    assert Run.from_stored(json.loads(json.dumps(run.to_stored()))) == run


def test_a_node_that_names_no_phase_shares_that_of_the_others():
    lines = attempt_lines(0.0, 1000.0, number=1)
    lines[1]["phases"] = {"eval": {"duration_s": 250.0, "energy_j": 1e5, "tokens": 0.0}}
    other = [{**one, "node": "b1", "writer": "b1-2-1", "session": "other"} for one in attempt_lines(0.0, 1000.0, number=2, watts=2000.0)]
    phases = merge([*lines, *other], now_s=2e9).phases
    assert [(phase.name, phase.duration_s, phase.energy_j) for phase in phases] == [
        ("eval", pytest.approx(250.0), pytest.approx(1e5 + 0.25 * 2e6)),
        ("train", pytest.approx(750.0), pytest.approx(3e6 - 1e5 - 0.25 * 2e6)),
    ]


def test_nothing_known_is_no_waste():
    assert waste_of((), (), cost_usd=None, cost_basis="") == NO_WASTE
    assert is_idle(utilisation=None, power_w=0.0, idle_w=None) is None
