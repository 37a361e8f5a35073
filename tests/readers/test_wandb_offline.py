"""Files of runs of W&B: one that wandb wrote, and messages of our own."""

import io
import json

import pytest

from encoded import double, items, moment, part, stats, wandb_file, whole
from imports import kept
from traincarbon.readers.formats import expanded, merged, read_file
from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.wandb_offline import is_wandb, read

START = 1.7e9


def run(*, resumed=False, id="abc123"):
    return part(17, part(1, id) + part(2, "somebody") + part(3, "llama") + moment(17, START) + (whole(18, 1) if resumed else b"") + part(13, "node-17"))


def powers(**watts):
    return [stats(START + at, **watts) for at in range(15, 316, 30)]


EXIT = part(18, whole(2, 320))


def read_records(*contents, **options):
    return read(io.BytesIO(wandb_file(*contents)), ImportOptions(**options))


def test_power_of_all_gpus_is_integrated_over_the_run():
    assert is_wandb(wandb_file())
    (record,), left_out, _ = read_records(run(), *powers(gpu_0_powerWatts=300.0, gpu_1_powerWatts=100.0, cpu=5.0), EXIT)
    assert (record.energy_j["gpu"], record.how, record.accelerators, left_out) == (400.0 * 300, {"gpu": "power"}, 2, [])
    assert (record.run_id, record.project, record.state, record.exit_code) == ("wandb-abc123", "llama", "finished", 0)
    assert (record.duration_s, record.gaps_s, record.samples, record.started_at) == (320.0, 20.0, 11, "2023-11-14T22:13:20.000000Z")
    assert "somebody" not in repr(record)
    assert "node-17" not in repr(record)


def test_several_nodes_are_told_apart_by_their_labels():
    labelled = {"gpu_0_powerWatts__l:one": 300.0, "gpu_0_powerWatts__l:two": 100.0}
    (record,), _, _ = read_records(run(), *powers(**labelled), EXIT)
    assert (record.nodes, record.accelerators, record.energy_j["gpu"]) == (2, 2, 400.0 * 300)


def test_configuration_and_summary_give_parameters_and_tokens():
    config = items(5, model={"n_params": {"value": 124e6}}, gpus=-1)
    (record,), _, _ = read_records(run(), config, items(2, tokens_seen=5e6, _timestamp=START + 100), items(3, tokens_seen=9e6, loss=float("nan")), EXIT)
    assert (record.params, record.tokens, record.accelerators) == (124e6, 9e6, None)
    assert record.missing["gpu"] == "W&B logged no power of GPUs"


def test_a_run_without_an_end_is_lost_and_lasts_until_its_last_sample():
    (record,), left_out, _ = read_records(run(), *powers(gpu_0_powerWatts=300.0))
    assert (record.state, record.duration_s, left_out) == ("lost", 315.0, [])
    (record,), _, _ = read_records(run(), *powers(gpu_0_powerWatts=300.0), part(18, whole(1, 1) + whole(2, 320)))
    assert (record.state, record.exit_code) == ("failed", 1)


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes():
    whole_file = wandb_file(run(), *powers(gpu_0_powerWatts=300.0), EXIT)
    (record,), left_out, _ = read(io.BytesIO(whole_file[:-3]), ImportOptions())
    assert (record.state, left_out) == ("lost", ["record 13: it is cut off"])
    _, left_out, _ = read_records(*powers(gpu_0_powerWatts=300.0))
    assert left_out == ["it does not name its run; it was cut off before the run began"]
    _, left_out, _ = read_records(run())
    assert left_out == ["run 'abc123': it logged nothing, so its duration is unknown"]


def test_the_parts_of_a_run_that_was_resumed_are_several_records():
    first, second = read_records(run(), *powers(gpu_0_powerWatts=300.0)), read_records(run(resumed=True), *powers(gpu_0_powerWatts=300.0))
    assert len(merged([*first.records, *second.records])) == 2


def test_a_power_that_no_gpu_draws_is_unknown():
    (record,), _, _ = read_records(run(), *powers(gpu_0_powerWatts=300.0), stats(START + 316, gpu_0_powerWatts=4294967.295), EXIT)
    assert (record.energy_j["gpu"], "1 samples are unknown" in record.notes[0]) == (300.0 * 300, True)


def test_the_file_states_the_hardware_in_newer_versions():
    gpu = part(24, part(1, "NVIDIA H100 80GB HBM3") + part(4, "Hopper"))
    (record,), _, _ = read_records(run(), part(26, part(18, "NVIDIA H100 80GB HBM3") + whole(19, 2) + gpu + gpu), EXIT)
    assert (record.hw, record.accelerators) == ("NVIDIA H100 80GB HBM3", 2)
    (record,), _, _ = read_records(run(), part(26, part(26, part(8, "AMD Instinct MI300X"))), EXIT)
    assert (record.hw, record.accelerators) == ("AMD Instinct MI300X", 1)


def test_values_of_history_may_be_numbers_of_their_own():
    history = part(2, part(1, part(1, "tokens_seen") + whole(5, 7000)) + part(1, part(1, "_timestamp") + double(6, START + 50)))
    (record,), _, _ = read_records(run(), history)
    assert (record.tokens, record.duration_s) == (7000.0, 50.0)


@pytest.mark.parametrize(
    ("metadata", "hw", "gpus"),
    [
        ({"gpu": "NVIDIA A100-SXM4-80GB", "gpu_count": 4}, "NVIDIA A100-SXM4-80GB", 4),
        ({"gpu_nvidia": [{"name": "Tesla T4"}, {"name": "Tesla T4"}]}, "Tesla T4", 2),
        ({}, "", None),
    ],
)
def test_the_hardware_stands_beside_the_file(tmp_path, metadata, hw, gpus):
    folder = tmp_path / "wandb" / "offline-run-20231114_221320-abc123"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "wandb-metadata.json").write_text(json.dumps(metadata))
    (folder / "run-abc123.wandb").write_bytes(wandb_file(run(), EXIT))
    (file,) = expanded(str(tmp_path / "wandb"))
    (record,), _, _ = read_file(file)
    assert (record.hw, record.accelerators, record.source) == (hw, gpus, "wandb-run")


def test_a_file_that_wandb_wrote_is_read():
    """By wandb 0.31 on two GPUs that a replayed NVML lets draw 300 W each; rewritten without names of machines."""
    (record,), left_out, notes = read_file(kept("run-uiikjart"))
    assert record.energy_j["gpu"] == pytest.approx(600.0 * 12.0, rel=1e-3)
    assert (record.run_id, record.state, record.hw, record.accelerators) == ("wandb-uiikjart", "finished", "NVIDIA H100 80GB HBM3", 2)
    assert (record.tokens, record.params, record.project, left_out, notes) == (12_000.0, 124e6, "llama", [], [])
