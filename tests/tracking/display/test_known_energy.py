"""What a summary says of how energy is known."""

from dataclasses import replace

import pytest

from traincarbon.ledger.run import Run
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.quantities import EnergySource
from traincarbon.tracking.display.known_energy import ASSUMED, MEASURED, MODELLED, facility_shares, parts_text

COUNTER, POWER, ASSUMPTION, MODEL = EnergySource.COUNTER, EnergySource.POWER, EnergySource.ASSUMED, EnergySource.MODELLED


def run(*devices, cpu_j=3.6e6, facility_kwh=20.0):
    """A run of GPUs, each with how it is known and its kWh, and a processor that is modelled."""
    uses = tuple(DeviceUse(1, f"gpu:{number}", "gpu", how, kwh * 3.6e6, None, None, None, metered_s=1.0) for number, (how, kwh) in enumerate(devices))
    return Run(
        run_id="r", state="finished", started_at="", duration_s=3600.0, energy_j={"gpu": sum(use.energy_j for use in uses), "cpu": cpu_j, "dram": None},
        how={"gpu": max((how for how, _ in devices), key=list(EnergySource).index), "cpu": MODEL}, missing={}, versions={}, counts={}, by_device=uses,
        facility_energy_kwh={"low": facility_kwh, "median": facility_kwh, "high": facility_kwh},
    )  # fmt: skip


def test_one_silent_gpu_does_not_make_the_others_assumed():
    found = run((COUNTER, 2.0), (COUNTER, 3.0), (ASSUMPTION, 4.0))
    assert parts_text(found, MEASURED) == "gpu (2 of 3) 5 kWh (by counter)"
    assert parts_text(found, ASSUMED) == "gpu (1 of 3) 4 kWh"
    assert parts_text(found, MODELLED) == "cpu 1 kWh"
    assert facility_shares(found) == "25 % measured, 5 % modelled, 70 % assumed"
    assert found.measured_j == pytest.approx(5.0 * 3.6e6)


def test_both_ways_of_measuring_are_named_where_gpus_differ():
    assert parts_text(run((COUNTER, 2.0), (POWER, 3.0)), MEASURED) == "gpu 5 kWh (by counter and power)"


def test_a_part_whose_devices_are_not_stated_is_known_as_the_record_says():
    found = replace(run((COUNTER, 2.0)), by_device=())
    assert parts_text(found, MEASURED) == "gpu 2 kWh (by counter)"
    assert parts_text(found, ASSUMED) == "nothing"


def test_the_shares_of_an_unknown_facility_are_not_stated():
    assert facility_shares(replace(run((COUNTER, 2.0)), facility_energy_kwh=None)) == ""
