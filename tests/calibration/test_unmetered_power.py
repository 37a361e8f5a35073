import numpy as np
import pytest

from made_runs import fitted, record, slower
from traincarbon.calibration.expected import expect
from traincarbon.calibration.observed import from_records
from traincarbon.calibration.unmetered_power import accelerator_energy
from traincarbon.published.spreads import spreads_of


def parts_of(shipped, *records):
    observed, _ = from_records(records, shipped)
    expected = expect(observed, shipped)
    return accelerator_energy(observed, expected, shipped, spreads_of(shipped)), expected


def metered(shipped, *, gpu_w=None, server_w=None, how="counter", **options):
    """Runs whose accelerators and whole servers drew so many watts for each accelerator."""
    made = []
    for each in slower(shipped, (1.0, 1.05, 0.95), **options):
        kwh = each.duration_s * 8 / 3.6e6
        gpu_kwh = None if gpu_w is None else gpu_w * kwh
        other_kwh = None if server_w is None else (server_w - (gpu_w or 0.0)) * kwh
        given = {"params": each.params, "tokens": each.tokens, "duration_s": each.duration_s, "gpu_kwh": gpu_kwh, "other_kwh": other_kwh}
        made.append(record(each.run_id, **given, how={"gpu": how} if gpu_w else {"other": "power"}))
    return made


def test_what_was_measured_stays_as_it_is(shipped):
    found, _ = parts_of(shipped, *metered(shipped, gpu_w=280.0))
    assert (found.sigma, found.notes) == (0.0, ())
    assert found.used.accelerator_kwh / found.used.hours_h == pytest.approx([0.28] * 3)


def test_of_a_metered_server_the_expected_rest_is_taken_off(shipped):
    found, expected = parts_of(shipped, *metered(shipped, server_w=500.0))
    assert found.used.accelerator_kwh / found.used.hours_h * 1e3 == pytest.approx(500.0 - expected.host_w)
    assert np.isnan(found.used.server_kwh).all()
    # the spread of the rest, in proportion to what is left of the server
    assert found.sigma == pytest.approx(spreads_of(shipped).whole("host") * float(np.median(expected.host_w / expected.power_w)))
    assert 0.05 < found.sigma < spreads_of(shipped).whole("host")
    assert found.notes[0].startswith("whole servers were metered")


def test_a_server_with_less_power_than_the_expected_rest_is_ignored(shipped):
    found, _ = parts_of(shipped, *metered(shipped, server_w=50.0))
    assert np.isnan(found.used.accelerator_kwh).all()
    assert not found.notes


def test_models_give_way_to_whole_servers_and_both_to_measurements(shipped):
    modelled = metered(shipped, gpu_w=100.0, how="modelled", prefix="model")
    whole = metered(shipped, server_w=500.0, prefix="whole")
    measured = metered(shipped, gpu_w=280.0, prefix="measured")
    assert parts_of(shipped, *modelled)[0].notes[0].startswith("the power of the accelerators was modelled")
    assert parts_of(shipped, *modelled, *whole)[0].notes[0].startswith("whole servers were metered")
    found = parts_of(shipped, *modelled, *whole, *measured)[0]
    assert not found.notes
    assert np.flatnonzero(~np.isnan(found.used.accelerator_kwh)).tolist() == [6, 7, 8]


def test_whole_servers_teach_power_less_certainly_than_accelerators(shipped):
    sure, unsure = (
        fitted(records, shipped).calibration.effect("power", "a100-sxm4-80gb", "", "decoder pretrain")
        for records in (metered(shipped, gpu_w=250.0), metered(shipped, server_w=435.6))
    )
    assert unsure.log_factor == pytest.approx(sure.log_factor, abs=0.05)
    assert unsure.log_factor_sigma > 1.5 * sure.log_factor_sigma
