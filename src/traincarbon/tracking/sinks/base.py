"""The interface of sinks: what each is given, and what it may fail with."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import NamedTuple, Protocol

from traincarbon.errors import CarbonError
from traincarbon.extras import install_command
from traincarbon.tracking.settings import Settings, SinkRequest
from traincarbon.tracking.sinks.status import Status


class Sink(Protocol):
    """Where a run is logged. It may block or raise: it has a process of its own, which waits and says so."""

    where: str
    """What it logs to, for the user."""

    def log(self, status: Status) -> None:
        """Take how the run stands."""

    def finish(self, status: Status) -> None:
        """Take what the run came to; a reader finds it when this returns."""

    def close(self) -> None:
        """Let go of everything. A sink that is read, as by Prometheus, may wait here until it was."""


class SinkError(CarbonError):
    """A sink cannot be used."""


class _Kind(NamedTuple):
    module: str
    title: str
    package: str = ""
    extra: str = ""


_KINDS: Mapping[str, _Kind] = {
    "wandb": _Kind("wandb", "W&B", package="wandb"),
    "mlflow": _Kind("mlflow", "MLflow", package="mlflow"),
    "tensorboard": _Kind("tensorboard", "TensorBoard", package="tensorboard"),
    "trackio": _Kind("trackio", "Trackio", package="trackio"),
    "otel": _Kind("otel", "OpenTelemetry", extra="otel"),
    "prometheus": _Kind("prometheus", "Prometheus"),
}
"""A sink to its module in :mod:`traincarbon.tracking.sinks`, its title, and what it needs."""


def title_of(name: str) -> str:
    """Return a sink as people write it."""
    return _KINDS[name].title


def open_sink(request: SinkRequest, settings: Settings) -> Sink:
    """Return the sink that *request* names, open.

    Raises:
        SinkError: its package is not installed, or it cannot be opened.
    """
    kind = _KINDS[request.name]
    try:
        opened: Callable[[str, Settings], Sink] = import_module(f"traincarbon.tracking.sinks.{kind.module}_sink").opened
        return opened(request.where, settings)
    except ImportError as error:
        raise SinkError(f"{error}: {install_command(extra=kind.extra, package=kind.package)}") from error
