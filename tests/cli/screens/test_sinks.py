"""What ``carbon doctor`` says of the sinks: the version of each that is installed, and the command that installs the others."""

from importlib import metadata

import pytest

from traincarbon.cli.screens.sinks import sink_dicts, sink_rows
from traincarbon.tracking.sinks.requests import NAMES

HERE = {"wandb": "0.28.2", "opentelemetry-exporter-otlp-proto-http": "1.40"}


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    def version(name):
        if name not in HERE:
            raise metadata.PackageNotFoundError(name)
        return HERE[name]

    monkeypatch.setattr(metadata, "version", version)


def test_every_sink_is_there_with_its_version_or_how_to_install_it():
    rows = dict(sink_rows())
    assert tuple(rows) == NAMES
    assert (rows["wandb"], rows["otel"], rows["prometheus"]) == ("W&B 0.28.2", "OpenTelemetry 1.40", "Prometheus, which needs no package")
    assert all(rows[name].startswith("not installed: ") and rows[name].endswith(name) for name in ("mlflow", "tensorboard", "trackio"))
    assert list(dict(sink_rows(quiet=True))) == ["wandb", "otel", "prometheus"]


def test_json_states_the_same():
    stated = {each["name"]: each for each in sink_dicts()}
    assert stated["wandb"] == {"name": "wandb", "title": "W&B", "is_installed": True, "version": "0.28.2", "install": ""}
    assert (stated["mlflow"]["is_installed"], stated["mlflow"]["version"], stated["prometheus"]["version"]) == (False, None, None)
