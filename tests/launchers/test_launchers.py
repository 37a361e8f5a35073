"""Every way to launch a training is one run, in which each of 32 GPUs counts once."""

import os

import pytest

from launchers.cases import CASES, Case, run_case
from launchers.rig import Rig
from traincarbon.quantities import J_PER_KWH

_MOST_ERROR = 0.005
_RAY_WANTED = "CARBON_TEST_RAY"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_launcher_gives_one_run_with_each_gpu_counted_once(rig: Rig, case: Case) -> None:
    if case.needs and not (rig.torch / "bin" / case.needs).exists():
        pytest.skip(f"{case.needs} is not installed")
    if case.needs == "ray" and not os.environ.get(_RAY_WANTED):
        pytest.skip(f"four nodes of Ray take minutes to start on two cores, and do not always: {_RAY_WANTED}=1 runs it")
    found = run_case(rig, case)
    run = found.run
    assert (run.state, run.nodes, run.nodes_expected, run.accelerators) == ("finished", 4, 4, 32)
    assert abs(found.error) <= _MOST_ERROR
    assert found.meters == 4
    assert run.facility_energy_kwh is not None
    assert run.facility_energy_kwh["low"] * J_PER_KWH >= (run.energy_j["gpu"] or 0.0)
