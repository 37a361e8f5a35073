import math

import pytest

from made_runs import record
from traincarbon.calibration.observed import Job, from_records
from traincarbon.ledger.run_energy import DeviceUse


def reasons(shipped, *records):
    return {aside.id: aside.reason for aside in from_records(records, shipped)[1]}


def test_energy_of_a_scheduler_that_may_be_that_of_the_processors_is_not_that_of_a_server(shipped):
    runs = [record(f"covers-{covers}", other_kwh=10.0, energy_covers=covers) for covers in ("node", "")]
    observed, _ = from_records(runs, shipped)
    assert observed.server_kwh[0] == 10.0
    assert math.isnan(observed.server_kwh[1])


def test_a_record_becomes_a_row_of_numbers(shipped):
    observed, aside = from_records([record(hours_h=80.0, gpu_kwh=25.0, other_kwh=10.0, plan={"active_params": 5e8, "region": "france"})], shipped)
    assert not aside
    assert (observed.params[0], observed.active_params[0], observed.hours_h[0], observed.accelerators[0]) == (1e9, 5e8, 80.0, 8.0)
    assert (observed.accelerator_kwh[0], observed.server_kwh[0]) == pytest.approx((25.0, 35.0))
    assert observed.jobs == [Job("dgx-a100", is_mixture=True)]
    assert observed.sites == ["FR"]
    assert observed.families() == ["moe decoder pretrain"]


def test_servers_that_no_meter_saw_whole_are_not_known(shipped):
    observed, _ = from_records([record(gpu_kwh=25.0)], shipped)
    assert observed.accelerator_kwh[0] == 25.0
    assert math.isnan(observed.server_kwh[0])


def test_a_meter_at_the_wall_tells_of_the_servers(shipped):
    observed, _ = from_records([record("a", gpu_kwh=25.0)], shipped, wall_kwh={"a": 41.0})
    assert observed.server_kwh[0] == 41.0


def test_energy_with_wide_gaps_is_not_believed(shipped):
    observed, _ = from_records([record(hours_h=80.0, gpu_kwh=25.0, other_kwh=10.0, gaps_s=18000.0)], shipped)
    assert math.isnan(observed.accelerator_kwh[0])
    assert observed.hours_h[0] == 80.0


def test_the_accelerator_of_a_machine_without_any_is_its_processor(shipped):
    chip = next(product.id for product in shipped.products("accelerators") if product.keys["type"] == "cpu")
    observed, _ = from_records([record(hw=chip, accelerators=1, energy_j={"gpu": None, "cpu": 3.6e6, "dram": None, "other": None})], shipped)
    assert observed.accelerator_kwh[0] == 1.0


def test_the_plans_server_is_taken_where_it_holds_the_chip_that_ran(shipped):
    observed, _ = from_records([record(hw="a100-sxm4-80gb", plan={"hw": "dgx-a100"})], shipped)
    assert observed.jobs[0].hardware == "dgx-a100"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"state": "killed"}, "aborted"),
        ({"state": "running"}, "aborted"),
        ({"tokens": None}, "no tokens"),
        ({"tokens": 0.0}, "no tokens"),
        ({"params": None}, "no parameters"),
        ({"duration_s": 0.0}, "a clock error"),
        ({"duration_s": math.nan}, "a clock error"),
        ({"hw": "dgx-a100 + dgx-h100"}, "mixed hardware"),
        ({"shared_with": ("other",)}, "shared accelerators: they also ran other, so neither time nor energy is its own"),
        ({"hw": "dgx-a100", "plan": {"hw": "dgx-h100"}}, "mixed hardware: planned on h100-sxm5-80gb, run on a100-sxm4-80gb"),
        ({"hw": ""}, "no hardware"),
        ({"hw": "nonesuch-9000"}, "no hardware 'nonesuch-9000'"),
        ({"plan": {"region": "atlantis"}}, "no region or zone 'atlantis'"),
        ({"plan": {"active_params": "many"}}, "active_params is"),
        ({"by_device": (DeviceUse(1, "gpu:0", "gpu", "counter", 1.0, 400.0, 0.01, 30.0),)}, "idle accelerators"),
    ],
)
def test_a_run_that_teaches_nothing_is_set_aside_with_the_reason(shipped, fields, reason):
    assert reasons(shipped, record("bad", **fields))["bad"].startswith(reason)


def test_a_run_that_comes_twice_counts_once(shipped):
    observed, aside = from_records([record("a"), record("a")], shipped)
    assert list(observed.ids) == ["a"]
    assert aside[0].reason == "a duplicate"


def test_nothing_at_all_is_a_table_without_rows(shipped):
    observed, aside = from_records([], shipped)
    assert (len(observed), aside) == (0, [])


def test_a_layout_that_a_plan_states_is_known_once_for_all_runs_that_had_it(shipped):
    plan = {"tp": 2.0, "pp": 1.0, "batch_tokens": 65536.0}
    observed, _ = from_records([record("a", plan=plan), record("b", tokens=3e10, plan=plan), record("c"), record("d", plan={"tp": 2.0})], shipped)
    assert observed.layout_of.tolist() == [0, 0, -1, -1]
    assert observed.layouts == [{"batch_tokens": 65536.0, "hw": "dgx-a100", "params": 1e9, "tp": 2.0, "pp": 1.0, "dp": 4.0}]


def test_the_tokens_of_a_step_may_be_counted(shipped):
    observed, _ = from_records([record(tokens=1e9, counts={"steps": 1000.0}, plan={"dp": 8.0})], shipped)
    assert observed.layouts[0]["batch_tokens"] == 1e6


def test_of_very_many_layouts_the_first_are_looked_at(shipped, monkeypatch):
    monkeypatch.setattr("traincarbon.calibration.observed._MOST_LAYOUTS", 2)
    records = [record(f"r{at}", plan={"dp": 8.0, "batch_tokens": 65536.0 * batch}) for at, batch in enumerate((1, 2, 3, 1, 2))]
    assert from_records(records, shipped)[0].layout_of.tolist() == [0, 1, -1, 0, 1]


def test_the_words_of_a_note_set_no_run_aside(shipped):
    assert not reasons(shipped, record("noted", notes=("GPU 0 is shared with another process",)))


def test_a_job_states_the_fields_of_a_plan_and_its_label():
    job = Job("dgx-a100", is_mixture=True, kind="finetune", layers=40.0)
    assert job.plan_fields == {"hw": "dgx-a100", "kind": "finetune", "layers": 40.0}
    assert job.label == "moe decoder finetune"
