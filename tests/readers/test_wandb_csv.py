"""Exports of Weights & Biases."""

import pytest

from imports import kept, read_kept, read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.formats import merged, read_file
from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.wandb_csv import is_metrics, is_runs, read_metrics, read_runs

TABLE = "Name,State,User,Created,Runtime,ID"


def test_the_table_of_the_page_gives_the_runs_that_have_ended():
    records, left_out, notes = read_kept("wandb-table.csv")
    assert [(record.run_id, record.state, record.params, record.tokens) for record in records] == [
        ("wandb-p6gfejee", "finished", 1.2e6, 5.6e6),
        ("wandb-vcex6cxl", "failed", 4.8e6, 5.55e6),
    ]
    assert (records[0].started_at, records[0].duration_s) == ("2026-11-25T13:27:50.000000Z", 5.3)
    assert (records[0].accelerators, records[0].hw) == (2, "NVIDIA A100-SXM4-80GB")
    assert set(records[0].missing.values()) == {"W&B logs no energy for it"}
    assert left_out == ["line 4, run 'q8w7e6r5': it is 'running' and has not ended; import it when it has"]
    assert notes == []
    assert "somebody" not in repr(records)


def test_the_table_of_the_script_has_dictionaries_in_it_and_no_states():
    records, left_out, notes = read_kept("wandb-script.csv")
    assert [(record.run_id, record.state, record.params, record.tokens, record.duration_s) for record in records] == [
        ("wandb-size-1-20261125T132756", "lost", 4.8e6, 5.55e6, 5.0),
        ("wandb-size-0-20261125T132751", "lost", 1.2e6, 5.6e6, 5.0),
    ]
    assert records[0].started_at == "2026-11-25T13:27:56.318593Z"
    assert (records[0].hw, left_out) == ("", [])
    assert "export the column State" in notes[0]


def test_system_metrics_are_integrated_over_all_gpus():
    (record,), left_out, notes = read_file(kept("wandb-metrics.csv"), options=ImportOptions())
    assert record.energy_j["gpu"] == pytest.approx(2.875e3, rel=0.01)
    assert (record.how, record.accelerators, record.samples, record.gaps_s) == ({"gpu": "power"}, 2, 6, 0.0)
    assert record.started_at == "2026-11-25T13:27:51.088601Z"
    assert record.duration_s == pytest.approx(4.9988, rel=1e-4)
    assert (record.state, record.run_id, left_out) == ("lost", "wandb-wandb-metrics", [])
    assert "import the table of runs with the column ID" in notes[0]


def test_the_table_and_the_metrics_of_a_run_are_one_run():
    with open(kept("wandb-metrics.csv"), encoding="utf-8") as stream:
        metrics = read_text(read_metrics, stream.read(), name="p6gfejee.csv")
    first, *_ = merged([*read_kept("wandb-table.csv").records, *metrics.records])
    assert (first.run_id, first.state, first.tokens, first.duration_s) == ("wandb-p6gfejee", "finished", 5.6e6, 5.3)
    assert first.energy_j["gpu"] == metrics.records[0].energy_j["gpu"]
    assert (first.how, first.samples) == ({"gpu": "power"}, 6)
    assert "gpu" not in first.missing


def test_a_chart_holds_several_runs():
    text = '"Relative Time (Process)","a - system/gpu.0.powerWatts","a - system/gpu.0.powerWatts__MIN","b - system/gpu.0.powerWatts"\n0,100,90,\n10,100,90,200\n20,,,200\n'
    assert is_metrics(text)
    found = {record.run_id: record for record in read_text(read_metrics, text, name="chart.csv").records}
    assert (found["wandb-a"].energy_j["gpu"], found["wandb-b"].energy_j["gpu"]) == (1000.0, 2000.0)
    assert found["wandb-a"].started_at == ""


def test_power_that_was_never_read_is_missing():
    (record,), _, _ = read_text(read_metrics, "_timestamp,system.gpu.0.powerWatts\n10,0\n20,0\n", name="x.csv")
    assert (record.energy_j["gpu"], record.how) == (None, {})
    records, left_out, _ = read_text(read_metrics, "_timestamp,system.gpu.0.powerWatts\n10,NaN\n20,7\n", name="x.csv")
    assert records == []
    assert "one sample of power" in left_out[0]


def test_a_process_share_of_a_gpu_is_not_counted_beside_the_gpu():
    text = "_timestamp,system.gpu.0.powerWatts,system.gpu.process.0.powerWatts\n0,100,60\n10,100,60\n"
    (record,), _, _ = read_text(read_metrics, text, name="x.csv")
    assert record.energy_j["gpu"] == 1000.0


def test_a_last_sample_of_power_in_the_table_is_not_the_power_of_the_run():
    (record,), _, _ = read_text(read_runs, f"{TABLE},system.gpu.0.powerWatts\na,finished,me,2026-11-25T13:00:00Z,60,x1,400\n")
    assert (record.energy_j["gpu"], record.missing["gpu"][:33]) == (None, "the export has only the last samp")


def test_a_run_without_an_id_is_known_by_its_name_and_when_it_began():
    (record,), _, _ = read_text(read_runs, "Name,State,Created,Runtime\nbert,finished,2026-11-25T13:00:00Z,60\n")
    assert record.run_id == "wandb-bert-20261125T130000"


def test_entities_that_are_persons_are_masked():
    (record,), _, _ = read_text(read_runs, f"{TABLE}\njane@example.org,finished,jane,2026-11-25T13:00:00Z,60,\n")
    assert "jane" not in repr(record)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a,finished,me,2026-11-25T13:00:00Z,,x1", "run 'x1': column Runtime is empty"),
        ("a,finished,me,2026-11-25T13:00:00Z,-3,x1", "column Runtime: -3 is negative"),
        ("a,finished,me,noon,60,x1", "'noon' is no date and time"),
        ("a,pending,me,2026-11-25T13:00:00Z,60,x1", "has not ended"),
        (",finished,me,2026-11-25T13:00:00Z,60,", "column Name is empty"),
        ("a,finished,me", "more or fewer cells"),
    ],
)
def test_a_row_that_cannot_be_is_named(row, reason):
    records, left_out, _ = read_text(read_runs, f"{TABLE}\n{row}\n")
    assert records == []
    assert left_out[0].startswith("line 2")
    assert reason in left_out[0]


def test_bad_samples_are_named_and_the_others_count():
    text = "_timestamp,system.gpu.0.powerWatts\n0,100\n5,-1\n5,x\n10,100\n"
    (record,), left_out, _ = read_text(read_metrics, text, name="x.csv")
    assert record.energy_j["gpu"] == 1000.0
    assert [fault.partition(":")[0] for fault in left_out] == ["line 3", "line 4"]


def test_a_column_that_is_not_there_is_refused():
    with pytest.raises(CarbonError, match="--params-column 'size'"):
        read_text(read_runs, f"{TABLE}\na,finished,me,2026-11-25T13:00:00Z,60,x1\n", params_column="size")


def test_exports_are_known_by_their_columns():
    assert is_runs('"Name","State","Notes","User","Tags","Created","Runtime","Sweep"')
    assert is_runs(",summary,config,name")
    assert not is_runs("name,hours")
    assert not is_metrics("_timestamp,system.cpu")


def test_gpus_of_several_nodes_are_told_apart_by_the_label_of_the_node():
    gpus = [f"system.gpu.{gpu}.powerWatts/l:node-{node}" for node in (0, 1) for gpu in (0, 1)]
    text = f"_timestamp,{','.join(gpus)}\n0,100,100,200,200\n60,100,100,200,200\n"
    assert is_metrics(text)
    (record,), left_out, _ = read_text(read_metrics, text, name="run.csv")
    assert (record.accelerators, record.nodes, record.energy_j["gpu"], left_out) == (4, 2, 36_000.0, [])


def test_the_time_of_a_chart_may_be_a_clock():
    text = '"Relative Time (Process)","ft1 - system/gpu.0.powerWatts"\n"1:00:00","300"\n"1:00:45","300"\n'
    (record,), left_out, _ = read_text(read_metrics, text, name="chart.csv")
    assert (record.duration_s, record.energy_j["gpu"], left_out) == (45.0, 13_500.0, [])


def test_a_sample_that_no_gpu_draws_is_unknown_and_the_others_count():
    text = "_timestamp,system.gpu.0.powerWatts\n0,300\n15,4294967.295\n30,300\n"
    (record,), _, _ = read_text(read_metrics, text, name="x.csv")
    assert (record.energy_j["gpu"], record.samples) == (9000.0, 2)
    assert record.notes[0].startswith("1 samples are unknown")


def test_samples_in_milliwatts_are_told():
    records, left_out, _ = read_text(read_metrics, "_timestamp,system.gpu.0.powerWatts\n0,300000\n15,300000\n", name="x.csv", hw="a100")
    assert (records, left_out[0].endswith("are they in milliwatts?")) == ([], True)


@pytest.mark.parametrize(
    ("gpus", "accelerator", "count", "hw"),
    [
        ("-1", "gpu", None, ""),
        ("[0, 1]", "cuda", 2, ""),
        ("0,1,3", "ddp", 3, ""),
        ("auto", "auto", None, ""),
        ("4", "NVIDIA A100", 4, "NVIDIA A100"),
        ("lots", "True", None, ""),
        ("cuda:0,cuda:1", "fsdp_native", 2, ""),
    ],
)
def test_what_frameworks_write_about_devices_drops_no_run(gpus, accelerator, count, hw):
    text = f'Name,ID,State,Created,Runtime,gpus,accelerator,num_params\na,x1,finished,2026-11-25T13:00:00Z,60,"{gpus}",{accelerator},1e9\n'
    (record,), left_out, _ = read_text(read_runs, text)
    assert (record.accelerators, record.hw, record.params, left_out) == (count, hw, 1e9, [])
    assert any("lots" in note for note in record.notes) is (gpus == "lots")
