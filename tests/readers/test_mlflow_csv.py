"""Runs that MLflow exports."""

from dataclasses import replace
from pathlib import Path

import pytest

from imports import kept, read_kept, read_text
from traincarbon.errors import CarbonError
from traincarbon.readers.imported import NO_ZONE
from traincarbon.readers.mlflow_csv import is_mlflow, read

HEADER = "run_id,experiment_id,status,artifact_uri,start_time,end_time"
ROW = "abc,7,FINISHED,s3://bucket/jane,2026-11-25 13:00:00.5+00:00,2026-11-25 14:00:00.5+00:00"


def read_one(header="", cells="", row=ROW, **options):
    return read_text(read, f"{HEADER}{header}\n{row}{cells}\n", **options)


def test_a_real_export_gives_the_runs_that_have_ended():
    records, left_out, notes = read_kept("mlflow.csv")
    assert [(record.run_id[:11], record.state, record.params, record.tokens) for record in records] == [
        ("mlflow-ebf1", "failed", 1.2e6, 1e6),
        ("mlflow-355d", "finished", 4.8e6, 4e6),
        ("mlflow-8eca", "finished", 1.2e6, 4e6),
    ]
    assert (records[2].duration_s, records[2].started_at) == (4.024, "2026-11-25T13:30:37.141000Z")
    assert (records[2].hw, records[2].accelerators, records[2].metered_kwh) == ("cpu", None, None)
    assert set(records[2].missing.values()) == {"MLflow logs no energy of it"}
    assert left_out == ["line 2, run '96717015658845629fdf715c91b45487': it is 'RUNNING' and has not ended; import it when it has"]
    assert notes == []


def test_who_ran_it_and_where_is_not_taken():
    (record, *_), _, _ = read_kept("mlflow.csv")
    assert "somebody" not in repr(record)
    assert "/data/" not in repr(record)


def test_the_index_of_pandas_does_not_matter():
    lines = Path(kept("mlflow.csv")).read_text("utf-8").splitlines()
    text = "".join(f"{'' if number == 0 else number - 1},{line}\n" for number, line in enumerate(lines))
    assert is_mlflow(text)
    assert [replace(record, source="mlflow") for record in read_text(read, text).records] == read_kept("mlflow.csv").records


def test_a_sample_of_power_is_not_the_power_of_a_run():
    (record,), _, _ = read_one(",metrics.system/gpu_0_power_usage_watts,params.num_gpus", ",312.5,8")
    assert (record.energy_j["gpu"], record.accelerators) == (None, 8)
    assert record.missing["gpu"] == "MLflow exports only the last sample of power, which says nothing about the whole run"


def test_energy_that_was_logged_is_taken_and_a_zero_is_none():
    assert read_one(",metrics.energy_kwh", ",1.5").records[0].energy_j["other"] == 5.4e6
    assert read_one(",metrics.energy_kwh", ",0.0").records[0].energy_j["other"] is None


def test_the_user_says_which_columns_count():
    (record,), _, _ = read_one(",params.size,metrics.seen,params.n_params", ",1.2B,20e9,999", params_column="params.size", tokens_column="metrics.seen")
    assert (record.params, record.tokens) == (1.2e9, 20e9)
    with pytest.raises(CarbonError, match="no such column"):
        read_one(params_column="params.size")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW.replace("abc", ""), "column run_id is empty"),
        (ROW.replace("FINISHED", "SCHEDULED"), "has not ended"),
        (ROW.replace("2026-11-25 14:00:00.5+00:00", ""), "has not ended"),
        (ROW.replace("13:00", "15:00"), "it ended before it began"),
        (ROW.replace("2026-11-25 13", "yesterday 13"), "no date and time"),
        ("abc,7", "more or fewer cells"),
    ],
)
def test_a_row_that_cannot_be_is_named(row, reason):
    records, left_out, _ = read_one(row=row)
    assert records == []
    assert left_out[0].startswith("line 2")
    assert reason in left_out[0]


def test_another_table_is_refused():
    with pytest.raises(CarbonError, match="lacks experiment_id, status"):
        read_text(read, "run_id,a\n1,2\n")


PAGE = "Start Time,Duration,Run ID,Name,Source Type,Source Name,User,Status,n_params,tokens_seen,energy_kwh"


@pytest.mark.parametrize(("duration", "seconds"), [("2.0h", 7200.0), ("35.3min", 2118.0), ("12.5s", 12.5), ("1.2d", 103_680.0), ("2:00:00", 7200.0)])
def test_the_csv_of_the_web_page_is_read(duration, seconds):
    text = f"{PAGE}\n2026-10-01 08:00:00,{duration},0a1b,run,LOCAL,train.py,u,FINISHED,124000000,1000000000,\n"
    assert is_mlflow(text)
    (record,), left_out, notes = read_text(read, text)
    assert (record.run_id, record.duration_s, record.state, record.params, record.tokens) == ("mlflow-0a1b", seconds, "finished", 124e6, 1e9)
    assert (record.started_at, record.project, left_out, notes) == ("2026-10-01T08:00:00.000000Z", "run", [], [NO_ZONE])


def test_a_duration_without_a_unit_is_named():
    _, left_out, _ = read_text(read, f"{PAGE}\n2026-10-01 08:00:00,12,0a1b,run,LOCAL,train.py,u,FINISHED,,,\n")
    assert "column Duration: '12' is not a time such as 35.3min" in left_out[0]


def test_an_energy_that_no_machine_draws_is_set_aside_with_the_unit():
    row = "abc,7,FINISHED,x,2026-11-25 13:00:00+00:00,2026-11-25 13:01:00+00:00"
    (record,), left_out, _ = read_one(",metrics.energy_kwh,params.gpus", ",50000,-1", row=row)
    assert (record.metered_kwh, record.accelerators, left_out) == (None, None, [])
    assert record.notes[-1] == "no energy of other: 50,000 kWh in 60 s is 3 GW; 1 server draws at most 30 kW; is it in J?"
