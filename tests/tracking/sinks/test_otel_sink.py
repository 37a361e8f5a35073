"""A collector gets what a tracked training took by OTLP: names, units and attributes of the conventions."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest


@pytest.fixture
def collector():
    """A server on loopback that keeps each request: its address and the requests."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            requests.append((self.path, ExportMetricsServiceRequest.FromString(body)))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", requests
    server.shutdown()
    server.server_close()
    thread.join()


def metrics(request):
    return {metric.name: metric for resource in request.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics}


def test_the_last_push_is_the_record(logged, collector):
    where, requests = collector
    record, told = logged(f"otel={where}")
    path, last = requests[-1]
    found = metrics(last)
    assert path == "/v1/metrics"
    assert found["carbon.energy_kwh"].gauge.data_points[0].as_double == pytest.approx(record.facility_energy_kwh["median"], rel=1e-12)
    assert found["carbon.energy_kwh"].unit == "kWh"
    assert (found["hw.energy"].unit, found["hw.energy"].sum.is_monotonic, found["hw.power"].unit) == ("J", True, "W")
    (point,) = found["hw.power"].gauge.data_points
    assert {each.key: each.value.string_value for each in point.attributes}["hw.type"] == "gpu"
    resource = {each.key: each.value.string_value for each in last.resource_metrics[0].resource.attributes}
    assert (resource["service.name"], resource["carbon.run_id"], resource["carbon.project"]) == ("traincarbon", "r", "toy")
    assert f"OpenTelemetry: {where}/v1/metrics" in told


def test_the_address_may_come_from_the_environment(logged, collector):
    where, requests = collector
    logged("otel", OTEL_EXPORTER_OTLP_ENDPOINT=where)
    assert "carbon.energy_kwh" in metrics(requests[-1][1])
