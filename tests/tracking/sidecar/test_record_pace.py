"""How often records are written, with how many digits, and what later ones leave out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.tracking.sidecar.record_pace import RecordPace, compact

FORECAST = {"share_done": 0.5}


def times(interval_s, *, until_s):
    """When records are due if a job that began at 100 s is looked at every interval."""
    pace, now_s, found = RecordPace(interval_s=interval_s, began_s=100.0), 100.0, []
    while now_s < 100.0 + until_s:
        now_s += interval_s
        if pace.is_due(now_s):
            found.append(now_s - 100.0)
    return found


@pytest.mark.parametrize(("interval_s", "dense", "wide_s"), [(5.0, 119, 30.0), (1.0, 599, 6.0), (20.0, 29, 30.0), (60.0, 9, 60.0)])
def test_records_are_dense_for_ten_minutes_and_then_up_to_six_times_as_far_apart(interval_s, dense, wide_s):
    found = times(interval_s, until_s=3600.0)
    assert sum(at_s < 600.0 for at_s in found) == dense
    gaps = [later - earlier for earlier, later in zip(found[dense + 1 :], found[dense + 2 :], strict=False)]
    assert sum(gaps) / len(gaps) == pytest.approx(max(wide_s, interval_s), rel=0.34)
    assert max(gaps) <= wide_s + interval_s


def test_a_day_has_under_three_thousand_records():
    assert len(times(5.0, until_s=86_400.0)) == 119 + (86_400 - 600) // 30


def test_a_record_says_when_the_next_one_is_due():
    pace = RecordPace(interval_s=5.0, began_s=0.0)
    assert [pace.lines({}, {}, now_s=now_s, ended=False)[0][1]["interval_s"] for now_s in (5.0, 700.0)] == [5.0, 30.0]


def test_later_records_leave_out_what_others_tell_and_say_progress_in_one_line():
    pace = RecordPace(interval_s=5.0, began_s=0.0)
    fields = {"devices": {"gpu:0": {"energy_j": 5.0, "power_min_w": 0.5, "power_mean_w": 1.0, "power_max_w": 2.0}}, "forecast": FORECAST, "mfu": 0.4}
    assert [kind for kind, _ in pace.lines(fields, {"tokens": 5.0}, now_s=5.0, ended=False)] == ["interval", "progress"]
    ((kind, stated),) = pace.lines(fields, {"tokens": 6.0}, now_s=700.0, ended=False)
    assert (kind, stated["tokens"], stated["forecast"], stated["devices"]) == ("interval", 6.0, FORECAST, {"gpu:0": {"energy_j": 5.0, "power_max_w": 2.0}})
    ((_, stated),) = pace.lines(fields, {"tokens": 6.0}, now_s=730.0, ended=False)
    assert "tokens" not in stated
    assert "forecast" not in stated


def test_the_last_record_has_everything():
    pace = RecordPace(interval_s=5.0, began_s=0.0)
    pace.lines({"forecast": FORECAST}, {}, now_s=700.0, ended=False)
    (_, stated), (kind, progress) = pace.lines({"forecast": FORECAST, "devices": {"a": {"power_mean_w": 1.0}}}, {"tokens": 1.0}, now_s=710.0, ended=True)
    assert (stated["forecast"], stated["devices"], kind, progress) == (FORECAST, {"a": {"power_mean_w": 1.0}}, "progress", {"tokens": 1.0})


def test_samples_of_the_script_are_not_mixed_up_with_readings():
    pace = RecordPace(interval_s=5.0, began_s=0.0)
    lines = pace.lines({"samples": 30}, {"samples": 7.0, "steps": 2.0}, now_s=700.0, ended=False)
    assert [(kind, stated["samples"]) for kind, stated in lines] == [("interval", 30), ("progress", 7.0)]


@given(st.dictionaries(st.sampled_from(["energy_j", "low", "median", "utilisation"]), st.floats(0.0, 1e12)))
def test_shorter_numbers_are_the_same_to_the_digits_that_are_known(values):
    for name, value in compact(values).items():
        assert value == pytest.approx(values[name], rel=1e-8, abs=1e-3)


def test_numbers_in_order_stay_in_order():
    short = compact({"low": 1.00000000049, "median": 1.0000000005, "high": 1.00000000051})
    assert short["low"] <= short["median"] <= short["high"]


def test_what_is_no_finite_number_stays_as_it_is():
    assert compact({"a": None, "b": "x", "c": 12345678901234, "d": float("inf")}) == {"a": None, "b": "x", "c": 12345678901234, "d": float("inf")}
