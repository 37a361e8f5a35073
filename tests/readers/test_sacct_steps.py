"""Steps of the jobs that state no energy of their own."""

from datetime import UTC, datetime

from traincarbon.readers.sacct_job import Step
from traincarbon.readers.sacct_steps import Steps


def step(name="0", energy_j=5.0, nodes=1.0, hour=None):
    times = (None, None) if hour is None else (datetime(2026, 10, 1, hour, tzinfo=UTC), datetime(2026, 10, 1, hour + 1, tzinfo=UTC))
    return Step(name, nodes, *times, energy_j)


def test_steps_matter_until_their_job_states_its_energy():
    steps = Steps()
    assert steps.may_count("7")
    steps.after("7")
    assert not steps.may_count("7")
    steps.need("7")
    assert steps.may_count("7")


def test_a_job_has_the_energy_that_its_steps_show_together():
    steps = Steps()
    for each in (step("0", 5.0, 2.0, 8), step("1", 7.0, 2.0, 9), None):
        steps.add("7", each)
    steps.add("8", None)
    assert (steps.energy_j("7", nodes=2), steps.energy_j("8", nodes=2), steps.energy_j("9", nodes=2)) == (12.0, None, None)
    steps.add("7", step("batch", 20.0))
    assert steps.energy_j("7", nodes=2) == 20.0
    assert steps.jobs() == {"7", "8"}
