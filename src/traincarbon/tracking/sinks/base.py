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
    distribution: str = ""
    """What an extra installs, by whose version it is known."""


_KINDS: Mapping[str, _Kind] = {
    "wandb": _Kind("wandb", "W&B", package="wandb"),
    "mlflow": _Kind("mlflow", "MLflow", package="mlflow"),
    "tensorboard": _Kind("tensorboard", "TensorBoard", package="tensorboard"),
    "trackio": _Kind("trackio", "Trackio", package="trackio"),
    "otel": _Kind("otel", "OpenTelemetry", extra="otel", distribution="opentelemetry-exporter-otlp-proto-http"),
    "prometheus": _Kind("prometheus", "Prometheus"),
}
"""A sink to its module in :mod:`traincarbon.tracking.sinks`, its title, and what it needs."""


def title_of(name: str) -> str:
    """Return a sink as people write it."""
    return _KINDS[name].title


class SinkState(NamedTuple):
    """Whether a sink can be used here."""

    name: str
    title: str
    is_installed: bool
    version: str | None
    """That of the package that it needs, None if it needs none or that is not installed."""
    install: str
    """The command that installs the package, "" where nothing is missing."""


def sink_states() -> tuple[SinkState, ...]:
    """Return each sink with the version of its package; none of them is imported."""
    return tuple(_state_of(name, kind) for name, kind in _KINDS.items())


def _state_of(name: str, kind: _Kind) -> SinkState:
    from importlib.metadata import PackageNotFoundError, version

    distribution = kind.distribution or kind.package
    if not distribution:
        return SinkState(name, kind.title, is_installed=True, version=None, install="")
    try:
        return SinkState(name, kind.title, is_installed=True, version=version(distribution), install="")
    except PackageNotFoundError:
        return SinkState(name, kind.title, is_installed=False, version=None, install=install_command(extra=kind.extra, package=kind.package))


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
