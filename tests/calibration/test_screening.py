import pytest

from made_runs import expected_hours_h, fitted, record, slower
from traincarbon.calibration.expected import expect
from traincarbon.calibration.observed import from_records
from traincarbon.calibration.screening import reasons
from traincarbon.quantities import EnergySource


def aside(shipped, *records):
    good = slower(shipped, (1.0, 1.05), prefix="good")
    return {each.id: each.reason for each in fitted([*good, *records], shipped).set_aside}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"energy_j": {"gpu": -3.6e6, "other": None}}, "negative energy: -1 kWh"),
        ({"energy_j": {"gpu": float("inf"), "other": None}}, "its energy is infinite"),
        ({"gpu_kwh": 200.0}, "energy above nameplate × hours: 1,000 W each, of 400 W"),
        ({"other_kwh": 400.0}, "energy above nameplate × hours: servers take 2,000 W per accelerator, their nameplate is 812 W"),
        ({"gpu_kwh": 2.0}, "idle accelerators: they took 10 W each, of 400 W"),
        ({"hours_h": 10.0}, "fewer hours than the work takes at the peak rate: an MFU of 10.7"),
        ({"hours_h": 2e6}, "idle accelerators: an MFU of 5.3e-05"),
        ({"params": 0.0}, "its parameters are 0"),
        ({"params": float("nan")}, "its parameters are nan"),
        ({"tokens": float("inf")}, "its tokens are inf"),
        ({"plan": {"active_params": 2e9}}, "more active parameters than parameters: 2e+09"),
        ({"plan": {"precision": "fp4"}}, "NVIDIA A100 SXM4 80GB has no fp4 rate"),
    ],
)
def test_what_cannot_be_is_set_aside_by_name_with_the_figure(shipped, fields, reason):
    given = {"hours_h": 200.0, **fields}
    if given["hours_h"] == 10.0:
        given["params"] = 1e10
    assert aside(shipped, record("bad", **given))["bad"].startswith(reason.split(" of 10.7")[0])


def test_servers_that_draw_less_than_the_accelerators_in_them_are_refused(shipped):
    observed, _ = from_records([record("a", hours_h=200.0, gpu_kwh=60.0)], shipped, wall_kwh={"a": 40.0})
    assert reasons(observed, expect(observed, shipped))[0] == "its servers used 40 kWh, less than their accelerators, 60 kWh"


def test_the_same_numbers_under_another_name_count_once(shipped):
    first, second = slower(shipped, (1.2, 1.3))
    again = record("again", params=first.params, tokens=first.tokens, duration_s=first.duration_s)
    found = fitted([first, second, again], shipped)
    assert list(found.used.ids) == ["run-0", "run-1"]
    assert found.set_aside[0].id == "again"


def test_runs_that_differ_in_energy_alone_are_two_runs(shipped):
    one = slower(shipped, (1.0,), gpu_kwh=30.0)[0]
    other = slower(shipped, (1.0,), gpu_kwh=31.0, prefix="other")[0]
    assert len(fitted([one, other], shipped).used) == 2


def test_a_run_far_from_similar_runs_is_an_outlier_by_name(shipped):
    records = slower(shipped, (1.0, 1.05, 0.95, 1.02, 4.0), sizes=(1e9, 2e9, 3e9, 4e9, 5e9))
    found = fitted(records, shipped)
    assert [(each.id, each.reason) for each in found.set_aside] == [("run-4", "an outlier: 3.9 times the hours of similar runs")]
    assert len(found.used) == 4


def test_of_three_runs_none_is_an_outlier(shipped):
    assert len(fitted(slower(shipped, (1.0, 1.05, 4.0)), shipped).used) == 3


def test_a_power_far_from_similar_runs_is_set_aside_without_the_hours(shipped):
    records = slower(shipped, (1.0, 1.05, 0.95, 1.02, 1.0), sizes=(1e9, 2e9, 3e9, 4e9, 5e9))
    kwh = [0.28 * each.duration_s * 8 / 3600 for each in records]
    kwh[4] /= 3.0
    metered = [
        record(each.run_id, params=each.params, tokens=each.tokens, duration_s=each.duration_s, gpu_kwh=at) for each, at in zip(records, kwh, strict=True)
    ]
    found = fitted(metered, shipped)
    assert found.set_aside[0].id == "run-4"
    assert found.set_aside[0].reason.startswith("only its energy: its accelerators took 0.33 times")
    assert (len(found.used), len(found.errors["energy"].rows)) == (5, 4)


def test_expected_hours_are_no_reason(shipped):
    hours_h = expected_hours_h(shipped, params=1e9, tokens=2e10)
    assert not aside(shipped, record("fine", hours_h=1.1 * hours_h, gpu_kwh=0.3 * hours_h))


def test_a_low_power_that_was_only_modelled_sets_the_energy_aside_and_keeps_the_hours(shipped):
    runs = [record(f"part-{at}", params=1e9, tokens=2e10, hours_h=240.0 + at, gpu_kwh=2.0, how={"gpu": EnergySource.MODELLED}) for at in range(2)]
    found = fitted(runs, shipped)
    assert [each.reason for each in found.set_aside] == ["only its energy: it was modelled, of a small part of the machine"] * 2
    assert found.calibration.n_runs == 2
    assert found.calibration.effect("power", "a100-sxm4-80gb", "", "decoder pretrain") is None
