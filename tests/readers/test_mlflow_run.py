"""Records of runs in the stores of MLflow."""

import pytest

from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.mlflow_run import POWER, StoredRun, add_power, record_of_run, samples_of

OPTIONS = ImportOptions(hw="h100-sxm5-80gb")


def stored(*, status="FINISHED", ended_s=1.7e9 + 600, cells=()):
    run = StoredRun("r", "0", status, 1.7e9, ended_s, samples_of(OPTIONS), dict(cells))
    for at in range(0, 601, 60):
        add_power(run, "system/gpu_0_power_usage_watts", 1.7e9 + at, 500.0)
        add_power(run, "system/gpu_0_memory_usage_megabytes", 1.7e9 + at, 7.0)
    return run


def test_only_power_in_watts_is_power():
    assert POWER.fullmatch("system/node-1/gpu_3_power_usage_watts").groups() == ("node-1", "3")
    assert not POWER.fullmatch("system/gpu_3_power_usage_percentage")
    record = record_of_run(stored(), OPTIONS)
    assert (record.energy_j["gpu"], record.accelerators, record.nodes) == (3e5, 1, 1)


def test_power_is_better_than_an_energy_that_was_logged():
    record = record_of_run(stored(cells={"metrics.gpu_energy_kwh": "0.5", "metrics.energy_kwh": "0.6"}), OPTIONS)
    assert (record.energy_j["gpu"], record.how["gpu"]) == (3e5, "power")
    assert record.energy_j["other"] == pytest.approx(3.6e5)


def test_a_power_that_no_gpu_draws_is_no_sample():
    run = stored()
    add_power(run, "system/gpu_0_power_usage_watts", 1.7e9 + 300.0, 4294967.295)
    record = record_of_run(run, OPTIONS)
    assert (record.energy_j["gpu"], "unknown" in record.notes[0]) == (3e5, True)


@pytest.mark.parametrize(
    ("known", "reason"), [({"status": "RUNNING"}, "has not ended"), ({"ended_s": None}, "has not ended"), ({"ended_s": 1.6e9}, "before it began")]
)
def test_a_run_whose_times_cannot_be_is_refused(known, reason):
    with pytest.raises(ValueError, match=reason):
        record_of_run(stored(**known), OPTIONS)
