"""W&B has what a tracked training took, in the file that an offline run of it writes."""

import json

import pytest

pytest.importorskip("wandb")

from wandb.proto.wandb_internal_pb2 import Record

from traincarbon.readers.wandb_log import records


def read(folder):
    (file,) = (folder / "wandb").glob("offline-run-*/*.wandb")
    with file.open("rb") as stream:
        return [Record.FromString(data) for data in records(stream)]


def history(found):
    rows = [{item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in each.history.item} for each in found if each.HasField("history")]
    return [row["carbon/energy_kwh"] for row in rows if "carbon/energy_kwh" in row], rows


def test_the_last_value_of_the_history_is_that_of_the_record(logged, tmp_path):
    record, told = logged("wandb", WANDB_MODE="offline")
    found = read(tmp_path)
    energies, rows = history(found)
    assert energies[-1] == pytest.approx(record.facility_energy_kwh["median"], rel=1e-12)
    assert rows[-1]["carbon/tokens"] == record.tokens
    (run,) = [each.run for each in found if each.HasField("run")]
    assert (run.run_id, run.project, run.run_group, run.job_type) == ("carbon-r", "toy", "r", "carbon")
    assert [each.exit.exit_code for each in found if each.HasField("exit")] == [0]
    assert "W&B: " in told


def test_the_run_is_in_the_group_of_that_of_the_training_and_fails_with_it(logged, tmp_path):
    logged("wandb=lab/nlp", code="import sys, time; time.sleep(1); sys.exit(3)", exit_code=3, WANDB_MODE="offline", WANDB_RUN_GROUP="night")
    found = read(tmp_path)
    (run,) = [each.run for each in found if each.HasField("run")]
    assert (run.entity, run.project, run.run_group) == ("lab", "nlp", "night")
    assert [each.exit.exit_code for each in found if each.HasField("exit")] == [1]


def test_without_an_account_it_is_a_note(logged, tmp_path):
    _, told = logged("wandb", WANDB_API_KEY="", HOME=str(tmp_path), WANDB_BASE_URL="http://127.0.0.1:9", WANDB_INIT_TIMEOUT="5")
    assert "nothing is logged to it" in " ".join(told.split())
