"""Tasks of a run of CodeCarbon."""

from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.readers.codecarbon_tasks import of_tasks


def task(**stated):
    head = {"schema": RUN_SCHEMA, "run_id": "r", "state": "finished", "started_at": "2026-01-01T00:00:00Z", "duration_s": 60.0, "energy_j": {"cpu": 600.0}}
    return Run.from_dict({**head, **stated})


def test_a_total_that_one_task_does_not_state_is_unknown():
    known = {"facility_energy_kwh": {"low": 1.0, "median": 1.0, "high": 1.0}}
    whole = of_tasks({"a": task(**known), "b": task(**known)})
    assert whole.facility_energy_kwh == {"low": 2.0, "median": 2.0, "high": 2.0}
    assert of_tasks({"a": task(**known), "b": task()}).facility_energy_kwh is None


def test_tasks_come_in_the_order_of_their_beginning_and_without_a_name_are_unnamed():
    whole = of_tasks({"late": task(started_at="2026-01-01T01:00:00Z"), "": task(energy_j={"gpu": 60.0}, missing={"cpu": "none"})})
    assert [(phase.name, phase.energy_j) for phase in whole.phases] == [("unnamed", 60.0), ("late", 600.0)]
    assert (whole.energy_j["gpu"], whole.energy_j["cpu"], whole.missing) == (60.0, 600.0, {})
