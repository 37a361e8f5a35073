"""OpenTelemetry: metrics pushed by OTLP over HTTP, names and attributes by its semantic conventions for hardware."""

from collections.abc import Callable, Iterable
from typing import Any

from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sinks.metric_names import INSTRUMENTS, Instrument, help_of, metrics_of, unit_of
from traincarbon.tracking.sinks.status import Status, facts_of

_NEVER_MS = 86_400_000 * 365
"""The reader pushes when it is told to, with each status."""
_PUSH_MS = 10_000


class OtelSink:
    """Pushes each status to a collector.

    Args:
        where: The address of the collector, as ``http://localhost:4318``; "" for that of ``OTEL_EXPORTER_OTLP_ENDPOINT``, else its default.
        settings: The run.
    """

    def __init__(self, where: str, settings: Settings) -> None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource

        exporter = OTLPMetricExporter(endpoint=f"{where.rstrip('/')}/v1/metrics") if where else OTLPMetricExporter()
        self._reader = PeriodicExportingMetricReader(exporter, export_interval_millis=_NEVER_MS)
        facts = {f"carbon.{name}": value for name, value in facts_of(settings).items()}
        self._provider = MeterProvider([self._reader], resource=Resource.create({"service.name": "traincarbon", **facts}))
        self._meter = self._provider.get_meter("traincarbon")
        self._latest: Status | None = None
        self._names: set[str] = set()
        for instrument in INSTRUMENTS:
            create = self._meter.create_observable_counter if instrument.is_counter else self._meter.create_observable_gauge
            create(instrument.name, [self._observe(instrument)], unit=instrument.unit, description=instrument.help)
        self.where = str(exporter._endpoint)  # noqa: SLF001  the library has no other name for it

    def log(self, status: Status) -> None:
        """Push the numbers."""
        self._latest = status
        for name in status.values.keys() - self._names:
            self._names.add(name)
            self._meter.create_observable_gauge(f"carbon.{name}", [self._observe_run(name)], unit=unit_of(name), description=help_of(name))
        self._reader.collect(timeout_millis=_PUSH_MS)

    def finish(self, status: Status) -> None:
        """Push what the run came to."""
        self.log(status)

    def close(self) -> None:
        """Push what is left and let go."""
        self._provider.shutdown(timeout_millis=_PUSH_MS)

    def _observe(self, instrument: Instrument) -> Callable[[Any], Iterable[Any]]:
        from opentelemetry.metrics import Observation

        def observe(_options: object) -> Iterable[Any]:
            devices = self._latest.devices if self._latest is not None else ()
            return [Observation(value, attributes) for device in devices for each, attributes, value in metrics_of(device) if each is instrument]

        return observe

    def _observe_run(self, name: str) -> Callable[[Any], Iterable[Any]]:
        from opentelemetry.metrics import Observation

        def observe(_options: object) -> Iterable[Any]:
            values = self._latest.values if self._latest is not None else {}
            return [Observation(values[name])] if name in values else []

        return observe


def opened(where: str, settings: Settings) -> OtelSink:
    """Return the sink for a collector.

    Raises:
        ImportError: the extra ``otel`` is not installed.
    """
    return OtelSink(where, settings)
