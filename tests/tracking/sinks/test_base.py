"""A sink is opened by its name; what is missing is said with the command that adds it."""

import sys

import pytest

from traincarbon.tracking.options import settings_from
from traincarbon.tracking.settings import SinkRequest
from traincarbon.tracking.sinks.base import SinkError, open_sink, title_of
from traincarbon.tracking.sinks.requests import NAMES


def test_each_sink_has_a_title_as_people_write_it():
    assert [title_of(name) for name in NAMES] == ["W&B", "MLflow", "TensorBoard", "Trackio", "OpenTelemetry", "Prometheus"]


@pytest.mark.parametrize(
    ("name", "package", "command"),
    [("wandb", "wandb", "install wandb"), ("mlflow", "mlflow", "install mlflow"), ("tensorboard", "tensorboard", "install tensorboard"),
     ("trackio", "trackio", "install trackio"), ("otel", "opentelemetry", "[otel]")],
)  # fmt: skip
def test_a_package_that_is_not_installed_is_named_with_the_command_that_adds_it(name, package, command, monkeypatch):
    for module in [module for module in sys.modules if module.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SinkError, match=package) as caught:
        open_sink(SinkRequest(name), settings_from(argv=["x"]))
    assert command in str(caught.value)
