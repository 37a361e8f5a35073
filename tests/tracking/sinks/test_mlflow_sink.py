"""MLflow has what a tracked training took, in a database of SQLite: in the training's own run, or in one of ours."""

import sys
import time

import pytest

mlflow = pytest.importorskip("mlflow")

import traincarbon
from tracked import TRAINING, Place

OWN = f"""
import os, sys
sys.path[:0] = os.environ["PATH_OF_TEST"].split(":")
import mlflow
mlflow.set_experiment("nlp")
with mlflow.start_run(tags={{"carbon.run_id": os.environ["CARBON_RUN_ID"]}}):
    mlflow.log_metric("loss", 3.0)
{"".join(f"    {line}" + chr(10) for line in TRAINING.splitlines())}
"""


@pytest.fixture
def client(tmp_path):
    return mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/mlflow.db")


def runs(client):
    return client.search_runs([each.experiment_id for each in client.search_experiments()])


def test_without_a_run_of_the_training_there_is_one_of_ours_with_the_values_of_the_record(logged, client, tmp_path):
    record, told = logged(f"mlflow=sqlite:///{tmp_path}/mlflow.db")
    (run,) = runs(client)
    assert run.data.metrics["carbon/energy_kwh"] == pytest.approx(record.facility_energy_kwh["median"], rel=1e-12)
    assert run.data.metrics["carbon/tokens"] == record.tokens
    assert (run.data.tags["carbon.run_id"], run.data.tags["carbon.hw"], run.info.status) == ("r", "8xH100", "FINISHED")
    assert client.get_experiment(run.info.experiment_id).name == "toy"
    assert "MLflow: metrics carbon/" in told


def test_a_run_of_the_training_that_has_our_tag_gets_the_metrics(logged, client, tmp_path):
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    record, _ = logged(f"mlflow={uri}", code=OWN, MLFLOW_TRACKING_URI=uri, PATH_OF_TEST=":".join(sys.path))
    (run,) = runs(client)
    assert run.data.metrics["loss"] == 3.0
    assert run.data.metrics["carbon/energy_kwh"] == pytest.approx(record.facility_energy_kwh["median"], rel=1e-12)
    assert client.get_experiment(run.info.experiment_id).name == "nlp"


def test_a_server_that_is_not_there_is_a_note_and_delays_the_end_by_seconds_only(logged):
    record, told = logged("mlflow=http://127.0.0.1:9", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    assert record.state == "finished"
    assert "MLflow: " in told
    assert "what the run came to is missing there" in " ".join(told.split())


def test_a_run_that_the_training_has_open_in_python_gets_the_metrics(client, tmp_path, monkeypatch):
    place = Place(tmp_path)
    for name in ("CARBON_STORE", "CARBON_REPLAY"):
        monkeypatch.setenv(name, place.env[name])
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    with mlflow.start_run() as ours, traincarbon.track(run_id="r", hw="8xH100", log_to="mlflow", quiet=True):
        time.sleep(1.0)
    (run,) = runs(client)
    assert run.info.run_id == ours.info.run_id
    assert run.data.metrics["carbon/energy_kwh"] == pytest.approx(place.record("r").facility_energy_kwh["median"], rel=1e-12)
    assert run.data.tags["carbon.run_id"] == "r"
