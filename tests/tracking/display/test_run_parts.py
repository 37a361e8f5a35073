"""Phases, attempts and waste of a run in words: on one screen of the summary, and at length."""

import pytest

from journals import attempt_lines, device, line
from traincarbon.ledger.record import merge
from traincarbon.ledger.run import Run
from traincarbon.terminal_text import plain
from traincarbon.tracking.display.run_parts import attempt_rows, phase_rows, phases_text, waste_verdicts
from traincarbon.tracking.display.run_summary import MOST_LINES, page, summary

COST = {"cost_usd": {"low": 96.0, "median": 96.0, "high": 96.0}, "cost_basis": "rent"}
PHASES = {"eval": {"duration_s": 360.0, "energy_j": 1.8e6, "tokens": 0.0}, "checkpoint": {"duration_s": 36.0, "energy_j": 3.6e4, "tokens": 0.0}}


def run_of(gpus, *, hours=1.0, **start):
    step = hours * 3600.0 / 4.0
    lines = [line("start", hw="box", accelerators=len(gpus), argv=["train.py"], **start)]
    for count in range(1, 5):
        devices = {f"gpu:{at}": device(watts * step * count, utilisation=busy if count > 1 else min(busy, 0.9)) for at, (watts, busy) in enumerate(gpus)}
        to_s = step * count
        lines.append(line("interval", seq=count, mono_s=to_s, from_s=to_s - step, to_s=to_s, samples=9, devices=devices, phases=PHASES))
    return merge([*lines, line("end", seq=9, mono_s=hours * 3600.0, exit_code=0, tokens=5e6, **COST)], now_s=2e9)


def restarted():
    first = attempt_lines(0.0, 1000.0, number=1, steps=500.0, state="killed")
    second = attempt_lines(1200.0, 1000.0, number=2, steps=600.0, start=400.0)
    second[-1] |= COST
    return merge([*first, *second], now_s=2e9)


@pytest.mark.parametrize(
    ("gpus", "verdicts"),
    [
        ([(600.0, 0.9)] * 7 + [(100.0, 0.0)], ["1 of 8 GPUs was idle: 100 Wh, $12"]),
        ([(600.0, 0.9)] * 6 + [(100.0, 0.0)] * 2, ["2 of 8 GPUs were idle: 200 Wh, $24"]),
        ([(100.0, 0.0)], ["1 of 1 GPU was idle: 100 Wh, $96"]),
        ([(600.0, 0.9)] * 8, []),
    ],
)
def test_idle_gpus_by_hand(gpus, verdicts):
    assert waste_verdicts(run_of(gpus)) == verdicts


def test_gpus_that_wait_for_data_by_hand():
    lines = [line("start", hw="box", accelerators=1)]
    for count, busy in enumerate([0.0] * 4 + [0.8] * 8, 1):
        devices = {"gpu:0": device(100.0 * 300.0 * count, utilisation=busy)}
        lines.append(line("interval", seq=count, mono_s=300.0 * count, from_s=300.0 * (count - 1), to_s=300.0 * count, samples=1, devices=devices))
    assert waste_verdicts(merge(lines, now_s=2e9)) == ["the GPU waited for work 33 % of the time: 33 Wh"]


def test_a_restart_by_hand():
    run = restarted()
    assert waste_verdicts(run) == ["100 steps were done twice after a restart: 56 Wh, $9.6", "3.3 min passed between 2 attempts"]
    assert attempt_rows(run)[1:] == [("1", "killed", "16.7 min", "278 Wh", "500", "–"), ("2", "finished", "16.7 min", "278 Wh", "600", "400")]


def test_the_phases_are_in_the_summary_and_on_the_page():
    run = run_of([(1000.0, 0.9)])
    assert phases_text(run) == "train 53 min, 490 Wh (49 %) · eval 6 min, 500 Wh (50 %) · checkpoint 36 s, 10 Wh (1 %)"
    assert phase_rows(run)[1] == ("eval", "6 min", "10 %", "500 Wh", "50 %", "0")
    assert "Phases: train 53 min, 490 Wh (49 %)" in summary(run, columns=80)
    shown = [plain(text) for text in page(run)]
    assert any(text.split() == ["eval", "6", "min", "10", "%", "500", "Wh", "50", "%", "0"] for text in shown)


def test_a_run_of_one_attempt_without_phases_says_nothing_of_either():
    run = merge(attempt_lines(0.0, 1000.0, number=1), now_s=2e9)
    assert (phases_text(run), phase_rows(run), attempt_rows(run), waste_verdicts(run)) == ("", [], [], [])
    assert not any(word in summary(run, columns=80) for word in ("Phases", "Waste"))


def test_everything_at_once_fits_one_screen():
    interval = {"low": 1.0, "median": 2.0, "high": 4.0}
    plan = dict.fromkeys(("duration_s", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "total_kgco2e", "rent_usd"), interval)
    run = run_of([(1000.0, 0.9)] * 7 + [(100.0, 0.0)], plan={**plan, "planned_tokens": 9.0})
    stated = {
        **run.to_dict(),
        "mfu": 0.4,
        "gaps_s": 9.0,
        "notes": ["a note that is long " * 20] * 5,
        **dict.fromkeys(("facility_energy_kwh", "operational_kgco2e"), interval),
    }
    full = Run.from_dict({**stated, "embodied_kgco2e": interval})
    text = summary(full, columns=80)
    assert len(text.splitlines()) <= MOST_LINES
    assert max(map(len, text.splitlines())) <= 80
    assert "1 of 8 GPUs was idle" in text
    assert "Again: carbon runs show run" in text
