"""Prometheus reads the run from a server at an address that the user gives."""

import errno
import socket
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files

from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sinks.base import SinkError
from traincarbon.tracking.sinks.exposition import CONTENT_TYPE, exposition
from traincarbon.tracking.sinks.requests import Address, address_of
from traincarbon.tracking.sinks.status import Status, facts_of

_REQUEST_S = 5.0
"""A client that is slower is hung up on. [s]"""
_REPLACED_S, _ENDED_S, _PAUSE_S = 3.0, 65.0, 0.25
"""How long to try an address that is in use: by the exporter of a metering process that was killed, and by that of a run that has ended and is read once more. [s]"""
_FIRST_SCRAPE_S, _NEXT_SCRAPE_S = 15.0, 60.0
"""How long the last values wait for Prometheus, if it never read before, and if it did. [s]"""
_ENDED = b"A run that has ended."
"""What the page of an exporter begins with that serves the last values."""
_ANYWHERE = "0.0.0.0"  # noqa: S104  the user asks for every address with an empty host


class Exporter:
    """The server and the text that it serves.

    Args:
        address: Where it listens.
        labels: Labels of every metric.
        facts: What is known of the run.

    Raises:
        OSError: it cannot listen there.
    """

    def __init__(self, address: Address, *, labels: Mapping[str, str], facts: Mapping[str, str]) -> None:
        self._labels, self._facts = labels, facts
        self.text = exposition(None, labels=labels, facts=facts)
        self.read_text = ""
        """The text that was read last; a read that began before the run ended does not have the last values."""
        self._server = _Server(address, self)
        host, port = self._server.server_address[:2]
        self.where = f"http://{Address(str(host), int(port))}/metrics"
        self.has_finished = False
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": _PAUSE_S}, daemon=True).start()

    def log(self, status: Status) -> None:
        """Serve how the run stands."""
        self.text = exposition(status, labels=self._labels, facts=self._facts)

    def finish(self, status: Status) -> None:
        """Serve what the run came to."""
        self.log(status)
        self.has_finished = True

    def close(self) -> None:
        """Wait until Prometheus has read the last values, as it comes by itself; then stop."""
        until_s = time.monotonic() + (_NEXT_SCRAPE_S if self.read_text else _FIRST_SCRAPE_S)
        while self.has_finished and self.read_text is not self.text and time.monotonic() < until_s:
            time.sleep(_PAUSE_S)
        self._server.shutdown()
        self._server.server_close()


def opened(where: str, settings: Settings) -> Exporter:
    """Return the exporter at the address *where*, listening.

    Raises:
        SinkError: it cannot listen there.
    """
    address = address_of(where)
    labels = {"run_id": settings.run_id, **({"project": settings.project} if settings.project else {})}
    began_s = time.monotonic()
    until_s = began_s + _REPLACED_S
    while True:
        try:
            return Exporter(address, labels=labels, facts=facts_of(settings))
        except OSError as error:
            if _is_of_ended_run(address):
                until_s = min(time.monotonic() + _REPLACED_S, began_s + _ENDED_S)
            if error.errno != errno.EADDRINUSE or time.monotonic() > until_s:
                raise SinkError(f"it cannot listen on {address}: {error.strerror or error}") from error
        time.sleep(_PAUSE_S)


def _is_of_ended_run(address: Address) -> bool:
    """Return whether an exporter of ours listens there that only waits for Prometheus to read it once more."""
    connection = HTTPConnection(address.host or "127.0.0.1", address.port, timeout=1.0)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read(len(_ENDED)) == _ENDED
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: Address, exporter: Exporter) -> None:
        self.exporter = exporter
        if ":" in address.host:
            self.address_family = socket.AF_INET6
        super().__init__((address.host or _ANYWHERE, address.port), _Handler)

    def server_bind(self) -> None:
        """Bind, without a look at the name of this machine, which may ask the network."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave a client that hung up."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _REQUEST_S
    server_version, sys_version = "traincarbon", ""

    def do_GET(self) -> None:
        exporter, path = self.server.exporter, self.path.partition("?")[0]
        if path == "/metrics":
            text = exporter.text
            self._answer(text, CONTENT_TYPE)
            if self.command == "GET":
                exporter.read_text = text
        elif path == "/dashboard.json":
            self._answer(dashboard(), "application/json")
        elif path == "/":
            state = _ENDED.decode() if exporter.has_finished else "A run that is metered."
            self._answer(f"{state}\nMetrics for Prometheus: /metrics\nA dashboard for Grafana: /dashboard.json\n", "text/plain; charset=utf-8")
        else:
            self._answer("There are /metrics and /dashboard.json.\n", "text/plain; charset=utf-8", status=HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815  as above

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""

    def _answer(self, text: str, kind: str, *, status: HTTPStatus = HTTPStatus.OK) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def dashboard() -> str:
    """Return the dashboard for Grafana, as JSON that it imports."""
    return files("traincarbon.tracking.sinks").joinpath("grafana.json").read_text("utf-8")
