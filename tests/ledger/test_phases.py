"""The phases of a run add up to it, over processes, sessions and nodes."""

import json

import pytest

from journals import attempt_lines
from traincarbon.ledger.phases import PhaseUse, fold_phases
from traincarbon.ledger.record import merge
from traincarbon.ledger.run import Run

EVAL = {"eval": {"duration_s": 100.0, "energy_j": 5e4, "tokens": 10.0}}


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


def test_a_phase_that_was_counted_for_too_long_until_its_end_was_reported_is_corrected():
    assert fold_phases(fold_phases({}, EVAL), {"eval": {"duration_s": 90.0, "energy_j": 4e4}}) == {"eval": PhaseUse(90.0, 4e4, 10.0)}


def test_a_lost_line_loses_nothing_and_nonsense_is_ignored():
    found = fold_phases({}, EVAL)
    assert found == {"eval": PhaseUse(100.0, 5e4, 10.0)}
    assert fold_phases(found, {"eval": {"duration_s": -1.0, "energy_j": "much"}}) == found
    assert fold_phases(found, "no table") == found
    assert len(fold_phases({}, {f"phase {number}": {} for number in range(1000)})) == 100


def test_the_phases_of_two_attempts_add_up_and_a_run_without_names_has_none():
    first, second = attempt_lines(0.0, 1000.0, number=1), attempt_lines(1100.0, 1000.0, number=2)
    assert merge([*first, *second], now_s=2e9).phases == ()
    for lines in (first, second):
        lines[1]["phases"] = EVAL
    phases = merge([*first, *second], now_s=2e9).phases
    assert [(phase.name, phase.duration_s, phase.energy_j) for phase in phases] == [("eval", 200.0, 1e5), ("train", 1800.0, 1.9e6)]


def test_a_phase_called_train_leaves_the_rest_without_a_name():
    lines = attempt_lines(0.0, 1000.0, number=1)
    lines[1]["phases"] = {"train": {"duration_s": 900.0, "energy_j": 9e5, "tokens": 0.0}}
    assert [phase.name for phase in merge(lines, now_s=2e9).phases] == ["train", "unnamed"]
