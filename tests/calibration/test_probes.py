import pytest

import traincarbon
from made_runs import expected_hours_h, fitted, record
from traincarbon.calibration.observed import from_records
from traincarbon.calibration.probes import after_warm_up, is_probe, probe_remarks, tells_pace
from traincarbon.ledger.warm_up import WarmUp

PLAN = {"params": 3e9, "tokens": 6e10, "hw": "dgx-a100", "servers": 1}


def probe(shipped, *, slower=1.3, minutes=10.0, warm_s=180.0, state="finished"):
    """A few minutes of a training that takes *slower* times the expected hours: loading for *warm_s*, then its pace."""
    whole_s = slower * expected_hours_h(shipped, params=3e9, tokens=6e10) * 3600.0 / 8.0
    steady_s = minutes * 60.0
    tokens = 6e10 * steady_s / whole_s
    return record("probe", params=3e9, tokens=tokens, duration_s=warm_s + steady_s, state=state, warm_up=WarmUp(warm_s, 0.0, steady_s))


def test_a_probe_of_minutes_gives_the_whole_training(shipped):
    for minutes in (5.0, 10.0, 30.0):
        effect = fitted([probe(shipped, minutes=minutes)], shipped).calibration.effect("mfu", "a100-sxm4-80gb", "", "decoder pretrain")
        whole = fitted([record("whole", params=3e9, tokens=6e10, hours_h=1.3 * expected_hours_h(shipped, params=3e9, tokens=6e10))], shipped)
        assert effect.log_factor == pytest.approx(whole.calibration.effect("mfu", "a100-sxm4-80gb", "", "decoder pretrain").log_factor, abs=1e-9)


def test_half_a_run_gives_the_whole(shipped, tmp_path, monkeypatch):
    from traincarbon.calibration.store import save

    monkeypatch.setenv("CARBON_CALIBRATIONS", str(tmp_path))
    whole_h = 1.3 * expected_hours_h(shipped, params=3e9, tokens=6e10)
    halves = [record(f"half-{at}", params=3e9, tokens=3e10 + 1e6 * at, hours_h=0.5 * whole_h * (1.0 + at / 3e4)) for at in range(6)]
    save(fitted(halves, shipped).calibration)
    hours = traincarbon.estimate(database=shipped, **PLAN)["accelerator_hours_h"]
    assert hours.median == pytest.approx(whole_h, rel=0.06)
    assert hours.low < whole_h < hours.high


@pytest.mark.parametrize(
    ("state", "minutes", "tells"), [("killed", 5.0, True), ("failed", 5.0, True), ("killed", 0.5, False), ("running", 5.0, False), ("lost", 5.0, False)]
)
def test_a_run_that_was_stopped_tells_its_pace_after_a_minute(shipped, state, minutes, tells):
    stopped = probe(shipped, state=state, minutes=minutes)
    assert tells_pace(stopped) is tells
    assert len(from_records([stopped], shipped)[0]) == tells


def test_the_energy_of_the_warm_up_is_left_out_in_proportion(shipped):
    observed, _ = from_records([record(hours_h=8.0, gpu_kwh=2.0, warm_up=WarmUp(900.0, 0.1, 2700.0))], shipped)
    assert (observed.hours_h[0], observed.tokens[0]) == pytest.approx((6.0, 1.8e10))
    assert observed.accelerator_kwh[0] == pytest.approx(1.5)


@pytest.mark.parametrize("warm_up", [None, WarmUp(0.0, 0.0, 0.0), WarmUp(10.0, 0.1, 1e9)])
def test_a_warm_up_that_is_unknown_or_impossible_is_none(warm_up):
    assert after_warm_up(record(warm_up=warm_up)) == (1.0, 1.0)


def test_a_calibration_says_how_many_of_its_runs_are_probes(shipped):
    records = [probe(shipped), record("long", warm_up=None)]
    (remark,) = probe_remarks([each.run_id for each in records if is_probe(each)], ["probe", "long"])
    assert remark.startswith("1 of 2 runs is a probe")
    assert probe_remarks([each.run_id for each in records if is_probe(each)], ["long"]) == []


def test_a_run_below_an_hour_or_one_that_was_stopped_is_a_probe():
    known = WarmUp(10.0, 0.0, 3000.0)
    assert is_probe(record(duration_s=3100.0, warm_up=known))
    assert is_probe(record(duration_s=9e4, state="killed", warm_up=known))
    assert not is_probe(record(duration_s=9e4, warm_up=known))
    assert not is_probe(record(duration_s=3100.0))
