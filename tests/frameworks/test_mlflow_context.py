"""MLflow tags each run of a metered training with our id, without code in it."""

from importlib.metadata import entry_points

import pytest

import traincarbon

mlflow = pytest.importorskip("mlflow")

from traincarbon.frameworks.mlflow_context import CarbonContext


def test_mlflow_finds_the_provider_by_itself():
    found = [each.load() for each in entry_points(group="mlflow.run_context_provider") if each.name == "carbon"]
    assert found[:1] == [CarbonContext]


def test_a_run_within_a_metered_training_has_its_id_and_one_outside_has_none(place):
    mlflow.set_tracking_uri(f"sqlite:///{place.store}.db")
    with mlflow.start_run() as outside:
        pass
    with traincarbon.track(run_id="r", quiet=True), mlflow.start_run() as inside:
        pass
    assert "carbon.run_id" not in mlflow.get_run(outside.info.run_id).data.tags
    assert mlflow.get_run(inside.info.run_id).data.tags["carbon.run_id"] == "r"
