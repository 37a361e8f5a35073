"""A record from elsewhere is believed only where each of its values can be."""

import pytest

from journals import WALL_S, lines_of
from traincarbon.errors import CarbonError
from traincarbon.ledger.record import merge
from traincarbon.ledger.record_checks import checked_record
from traincarbon.ledger.run import Run

GOOD = merge(lines_of(), now_s=WALL_S).to_dict()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "traincarbon/run/2"}, "its schema is 'traincarbon/run/2'"),
        ({"run_id": ""}, "run_id is ''"),
        ({"run_id": 5}, "run_id is '5'"),
        ({"state": "great"}, "its state is 'great'"),
        ({"duration_s": "x"}, "duration_s is 'x', not a number"),
        ({"duration_s": -1.0}, "duration_s is -1, which is negative"),
        ({"duration_s": float("nan")}, "duration_s is 'nan'"),
        ({"samples": True}, "samples is 'True'"),
        ({"samples": 1e200}, "samples is 1e+200, which is too large for a count"),
        ({"exit_code": -(2**53)}, "exit_code is -9.0072e+15, which is too large for a count"),
        ({"energy_j": {"gpu": -5.0}}, "energy_j.gpu is -5"),
        ({"cost_usd": {"low": 1}}, "cost_usd is"),
        ({"cost_usd": {"low": 3, "median": 2, "high": 1}}, "cost_usd is"),
    ],
)
def test_what_cannot_be_is_refused_with_its_value(change, words):
    with pytest.raises(CarbonError, match="is") as raised:
        checked_record({**GOOD, **change})
    assert words in str(raised.value)
    assert raised.value.hint


def test_what_is_not_stated_is_none_and_not_nothing():
    record = Run.from_dict({"schema": "traincarbon/run/1", "run_id": "r", "state": "finished"})
    assert record.energy_j == {"gpu": None, "cpu": None, "dram": None, "other": None}
    assert (record.exit_code, record.accelerators, record.cost_usd, record.tokens, record.duration_s, record.nodes) == (None, None, None, None, 0.0, 1)


def test_what_is_not_ours_is_left_out_and_texts_are_bounded():
    checked = checked_record(
        {**GOOD, "how": {"gpu": "guess", "moon": "counter"}, "missing": {"moon": "x"}, "hw": "x" * 5000, "argv": "x", "plan": 3, "more": 1}
    )
    assert (checked["how"], checked["missing"], len(checked["hw"]), checked["argv"], checked["plan"]) == ({}, {}, 2000, (), None)


def test_a_record_from_journals_is_checked_too():
    figures = {"facility_energy_kwh": {"low": 1e-6, "median": 1e-6, "high": 1e-6}}
    assert any("less than the 0.0004167 kWh" in note for note in merge(lines_of(figures=figures), now_s=WALL_S + 1e6).notes)
    assert not any("less than" in note for note in merge(lines_of(), now_s=WALL_S + 1e6).notes)
