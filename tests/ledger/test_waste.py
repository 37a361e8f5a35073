"""What a run did not use: idle GPUs, work done twice, and time between attempts, each only with evidence."""

import pytest

from journals import attempt_lines, device, line
from traincarbon.ledger.record import merge
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
    run = merge([*attempt_lines(0.0, 100.0, number=1, steps=50.0, state="failed"), *attempt_lines(200.0, 100.0, number=2, steps=50.0)], now_s=2e9)
    assert len(run.attempts) == 2
    assert (run.waste.repeated_steps, run.waste.repeated_kwh, run.waste.interrupted_s) == (None, None, pytest.approx(100.0))


def test_nothing_known_is_no_waste():
    assert waste_of((), (), cost_usd=None, cost_basis="") == NO_WASTE


def test_time_between_sessions_that_finished_is_no_interruption():
    run = merge([*attempt_lines(0.0, 100.0, number=1), *attempt_lines(200.0, 100.0, number=2)], now_s=2e9)
    assert (len(run.attempts), run.waste.interrupted_s) == (2, 0.0)
