"""The folder mlruns of MLflow."""

import pytest

from imports import read_text
from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.readers.formats import expanded, read_file
from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.mlflow_folder import is_mlflow_meta, read

START_MS = 1_700_000_000_000
META = """artifact_uri: file:///home/somebody/mlruns/0/0a1b/artifacts
end_time: {end}
experiment_id: '0'
lifecycle_stage: active
run_id: 0a1b
run_name: gentle-cow-7
status: {status}
start_time: 1700000000000
user_id: somebody
"""
EXPERIMENT = "artifact_location: mlruns/0\nexperiment_id: '0'\nlifecycle_stage: active\nname: Default\n"


@pytest.fixture
def store(tmp_path):
    """A folder mlruns with an experiment and a run in it."""
    folder = tmp_path / "mlruns" / "0" / "0a1b"
    (folder / "params").mkdir(parents=True)
    (folder / "metrics" / "system").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text(EXPERIMENT)
    (folder / "meta.yaml").write_text(META.format(end=START_MS + 600_000, status=3))
    (folder / "params" / "n_params").write_text("124000000")
    (folder / "metrics" / "tokens_seen").write_text(f"{START_MS} 1000 1\n{START_MS + 500_000} 5000000 2\n")
    for gpu, watts in ((0, 300.0), (1, 100.0)):
        lines = [f"{START_MS + at * 1000} {watts} {at}\n" for at in range(10, 591, 10)]
        (folder / "metrics" / "system" / f"gpu_{gpu}_power_usage_watts").write_text("".join(lines))
    return tmp_path / "mlruns"


def only(store):
    (file,) = expanded(str(store))
    (record,), left_out, notes = read_file(file, options=ImportOptions())
    return record, left_out, notes


def test_power_of_the_system_metrics_is_integrated(store):
    record, left_out, _ = only(store)
    assert (record.energy_j["gpu"], record.how, record.accelerators, left_out) == (400.0 * 580, {"gpu": "power"}, 2, [])
    assert (record.run_id, record.state, record.duration_s, record.gaps_s) == ("mlflow-0a1b", "finished", 600.0, 20.0)
    assert (record.params, record.tokens, record.source) == (124e6, 5e6, "mlflow-run")
    assert "somebody" not in repr(record)


def test_several_nodes_name_themselves_before_the_metric(store):
    folder = store / "0" / "0a1b" / "metrics" / "system"
    for node in ("one", "two"):
        (folder / node).mkdir()
    for gpu, node in enumerate(("one", "two")):
        (folder / f"gpu_{gpu}_power_usage_watts").rename(folder / node / "gpu_0_power_usage_watts")
    record, _, _ = only(store)
    assert (record.nodes, record.accelerators, record.energy_j["gpu"]) == (2, 2, 400.0 * 580)


def test_a_run_that_has_not_ended_is_left_out(store):
    (store / "0" / "0a1b" / "meta.yaml").write_text(META.format(end="null", status=1))
    (file,) = expanded(str(store))
    assert read_file(file).left_out == ["run '0a1b': it is 'RUNNING' and has not ended; import it when it has"]


def test_a_line_that_is_cut_off_is_named(store):
    file = store / "0" / "0a1b" / "metrics" / "system" / "gpu_0_power_usage_watts"
    file.write_text(file.read_text() + f"{START_MS + 600_000}")
    record, left_out, _ = only(store)
    assert (record.energy_j["gpu"], left_out) == (400.0 * 580, ["run '0a1b': metric 'system/gpu_0_power_usage_watts', line 60: it is no time and value"])


def test_a_run_without_system_metrics_has_no_energy(store):
    for file in (store / "0" / "0a1b" / "metrics" / "system").iterdir():
        file.unlink()
    record, _, _ = only(store)
    assert (record.metered_kwh, record.gaps_s, "switch its system metrics on" in record.missing["gpu"]) == (None, 0.0, True)


def test_the_file_of_an_experiment_is_no_run():
    assert not is_mlflow_meta(EXPERIMENT)
    assert is_mlflow_meta(META)
    with pytest.raises(CarbonError, match="lie beside it"):
        read_text(read, META)


def test_a_folder_without_a_file_that_can_be_imported_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(NotFoundError, match="holds no file that can be imported") as caught:
        expanded(str(tmp_path))
    assert "meta.yaml" in caught.value.hint
