"""The runs that a training has open in W&B and MLflow; the libraries themselves are asked in tests/tracking/sinks."""

from types import SimpleNamespace as Made

import pytest

from traincarbon.tracking.open_runs import open_runs


def mlflow(run):
    return Made(active_run=lambda: run, get_tracking_uri=lambda: "sqlite:///m.db")


def test_where_nothing_is_imported_nothing_is_open():
    assert open_runs({}) == {}


def test_an_open_run_is_named_and_where_it_is():
    modules = {"mlflow": mlflow(Made(info=Made(run_id="abc"))), "wandb": Made(run=Made(entity="lab", project="nlp", group=None, id="xyz"))}
    expected = {"mlflow_run": "abc", "mlflow_uri": "sqlite:///m.db", "wandb_entity": "lab", "wandb_project": "nlp", "wandb_group": "xyz"}
    assert open_runs(modules) == expected


@pytest.mark.parametrize("modules", [{"mlflow": mlflow(None), "wandb": Made(run=None)}, {"mlflow": Made(), "wandb": None}])
def test_what_is_not_open_or_looks_otherwise_is_left_out(modules):
    assert open_runs(modules) == {}


def test_what_is_no_text_or_too_long_is_left_out():
    found = open_runs({"wandb": Made(run=Made(entity=None, project="p" * 1000, group="g", id="x"))})
    assert found == {"wandb_group": "g"}
