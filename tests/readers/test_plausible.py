"""Values that no machine can have, and the unit that was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.quantities import J_PER_KWH
from traincarbon.readers.plausible import Basis, faults_of, without_impossible

HOUR_S = 3600.0


def run(**stated):
    head = {"schema": RUN_SCHEMA, "run_id": "r", "state": "finished", "started_at": "", "duration_s": HOUR_S, "energy_j": {}}
    return Run.from_dict({**head, **stated})


def gpu(kwh, **stated):
    return run(energy_j={"gpu": kwh * J_PER_KWH}, how={"gpu": "power"}, accelerators=1, hw="a100-sxm4-80gb", **stated)


def exactly(value):
    return {"low": value, "median": value, "high": value}


@pytest.mark.parametrize("kwh", [0.0271, 0.4, 0.79])
def test_power_between_idle_and_cap_stays(kwh):
    record = gpu(kwh)
    assert without_impossible(record, Basis()) is record


@pytest.mark.parametrize(("kwh", "meant"), [(400.0, "Wh"), (1.4e6, "J"), (1.4e3, "kJ"), (0.4e-3, "MWh"), (0.81, "Wh"), (4.9e7, "mJ"), (0.4e-6, "GWh")])
def test_power_beyond_is_set_aside_with_the_unit_that_was_meant(kwh, meant):
    record = without_impossible(gpu(kwh, facility_energy_kwh=exactly(kwh), operational_kgco2e=exactly(kwh * 0.4)), Basis())
    assert (record.energy_j["gpu"], record.how, record.facility_energy_kwh, record.operational_kgco2e) == (None, {}, None, None)
    assert record.missing["gpu"].endswith(f"is it in {meant}?")
    assert record.notes[0] == f"no energy of gpu: {record.missing['gpu']}"


def test_joules_that_are_too_many_are_thousandths_of_joules():
    (fault,) = faults_of(gpu(300.0), Basis(unit="J"))
    assert fault.text.startswith("1.08e+09 J in 1 h is 300 kW; 1 × a100-sxm4-80gb draws at most 800 W")
    assert fault.text.endswith("is it in mJ?")


def test_the_other_parts_of_the_run_stay():
    record = without_impossible(run(energy_j={"gpu": 1e12, "cpu": 3.6e5, "dram": 3.6e4}, accelerators=1), Basis())
    assert record.energy_j == {"gpu": None, "cpu": 3.6e5, "dram": 3.6e4, "other": None}


def test_a_share_of_a_device_or_a_short_run_has_no_least_power():
    assert faults_of(gpu(0.001), Basis())
    assert faults_of(gpu(0.001), Basis(has_floor=False)) == []
    assert faults_of(run(duration_s=30.0, energy_j={"gpu": 1.0}, accelerators=1, hw="a100-sxm4-80gb"), Basis()) == []


def test_time_that_was_not_metered_needs_no_energy():
    assert faults_of(gpu(0.01, gaps_s=3000.0), Basis()) == []


@pytest.mark.parametrize(
    ("joules", "includes", "is_fault"),
    [(5000.0, True, True), (5000.0, False, True), (8.0e6, True, True), (8.0e6, False, False), (3.0e8, True, False), (2e10, False, True)],
)
def test_energy_of_whole_machines_has_at_least_the_idle_power_of_their_gpus_unless_it_may_be_of_processors_alone(joules, includes, is_fault):
    record = run(energy_j={"other": joules}, duration_s=43_200.0, nodes=2, accelerators=16, hw="a100-sxm4-80gb")
    assert bool(faults_of(record, Basis(unit="J", whole_includes_gpus=includes))) is is_fault


@pytest.mark.parametrize(
    ("stated", "field", "text"),
    [
        ({"facility_energy_kwh": exactly(5e5)}, "facility_energy_kwh", "is it in Wh?"),
        ({"facility_energy_kwh": exactly(1.0), "operational_kgco2e": exactly(400.0)}, "operational_kgco2e", "is it in grams?"),
        ({"facility_energy_kwh": exactly(100.0), "nodes": 8, "operational_kgco2e": exactly(0.04)}, "operational_kgco2e", "is it in tonnes?"),
        ({"accelerators": 10**7}, "accelerators", "no count"),
        ({"nodes": 10**7}, "nodes", "no count"),
        ({"params": 1e16}, "params", "a factor of a thousand"),
        ({"mfu": 45.0}, "mfu", "write 0.45"),
        ({"params": 1e12, "tokens": 2e13, "accelerators": 8}, "tokens", "are these hours of wall-clock time?"),
    ],
)
def test_counts_rates_and_carbon_have_bounds(stated, field, text):
    record = run(**stated)
    faults = faults_of(record, Basis())
    assert (faults[0].field, text in faults[0].text) == (field, True)
    assert getattr(without_impossible(record, Basis()), field) == (1 if field == "nodes" else None)


def test_a_carbon_of_zero_is_that_of_a_clean_grid():
    assert faults_of(run(facility_energy_kwh=exactly(1.0), operational_kgco2e=exactly(0.0)), Basis()) == []


def test_a_run_of_many_years_is_none():
    with pytest.raises(ValueError, match="is its time in milliseconds"):
        faults_of(run(duration_s=4.3e8), Basis())


@given(st.floats(min_value=1e-6, max_value=1e9), st.sampled_from(["mJ", "J", "Wh", "kWh", "MWh"]))
def test_the_unit_that_is_named_is_never_the_one_that_was_stated(kwh, unit):
    for fault in faults_of(gpu(kwh), Basis(unit=unit)):
        assert f"is it in {unit}?" not in fault.text
