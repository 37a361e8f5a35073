"""Records that differ in name, times and energy alone."""

import pytest

from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.alike import Alike
from traincarbon.readers.imported import instant, record_of, timestamp
from traincarbon.readers.plausible import Basis

BASIS = Basis(unit="J")


def checked(*, energy_j=3.6e6, run_id="slurm-1", duration_s=3600.0):
    energies = {} if energy_j is None else {Part.OTHER: (energy_j, EnergySource.POWER)}
    known = {"nodes": 2, "accelerators": 8, "hw": "a100", "source": "sacct", "exit_code": 0}
    return record_of(
        run_id=run_id, state="finished", began=instant(1.7e9), duration_s=duration_s, energy_j=energies, missing={"": "none"}, basis=BASIS, versions={}, **known
    )


def like(record, *, energy_j, run_id="slurm-2", duration_s=1800.0):
    return Alike(record, BASIS).run(run_id=run_id, project="", started_at=timestamp(instant(1.7e9)), duration_s=duration_s, energy_j=energy_j)


@pytest.mark.parametrize(("first", "second"), [(3.6e6, 2.5e6), (None, None)])
def test_a_record_is_the_one_that_a_full_check_gives(first, second):
    run = like(checked(energy_j=first), energy_j=second)
    assert run.record() == checked(energy_j=second, run_id="slurm-2", duration_s=1800.0)
    assert (run.source, run.notes) == ("sacct", ())


@pytest.mark.parametrize(("energy_j", "duration_s"), [(1e12, 1800.0), (1.0, 1800.0), (None, 1800.0), (2.5e6, 0.0), (2.5e6, 1e9)])
def test_what_may_be_impossible_is_left_to_the_full_check(energy_j, duration_s):
    assert like(checked(), energy_j=energy_j, duration_s=duration_s) is None
