"""The services of carbon intensities on loopback: they answer as the documentation of each shows, or as a test wants."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOUR = 497_000
"""An hour in September 2026."""


class Asked:
    """A request that came."""

    def __init__(self, path: str, headers: Any) -> None:
        parts = urlsplit(path)
        self.path, self.params, self.headers = parts.path, {name: values[-1] for name, values in parse_qs(parts.query).items()}, dict(headers)


@contextmanager
def served(answer: Callable[[Asked], tuple[int, object, dict[str, str]] | object]) -> Iterator[tuple[str, list[Asked]]]:
    """Serve what *answer* returns for each request: content, or status, content and headers; yield the address and the requests."""
    seen: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = Asked(self.path, self.headers)
            seen.append(asked)
            found = answer(asked)
            status, content, headers = found if isinstance(found, tuple) else (200, found, {})
            body = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
