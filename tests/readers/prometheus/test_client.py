"""What the client does with servers that are busy, slow, locked, or no Prometheus."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from traincarbon.errors import CarbonError
from traincarbon.readers.prometheus.address import TENANT, TOKEN, address_of
from traincarbon.readers.prometheus.client import Client

Asked = dict[str, list[str]]
Answer = tuple[int, object]


@contextmanager
def serving(answer: Callable[[str, Asked], Answer]) -> Iterator[tuple[str, list[tuple[str, Asked, dict[str, str]]]]]:
    """Serve *answer* and yield the address and the list of what was asked."""
    asked: list[tuple[str, Asked, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            what, parameters = self.path.rpartition("/")[2], parse_qs(body)
            asked.append((self.path, parameters, dict(self.headers)))
            status, content = answer(what, parameters)
            text = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"prom+http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def success(result: object) -> Answer:
    return 200, {"status": "success", "data": result}


def counter(parameters: Asked) -> Answer:
    """Answer a range of a counter of 1 unit a second, with a sample each second, both ends of the range included."""
    length_s = int(parameters["query"][0].rpartition("[")[2].removesuffix("ms]")) / 1e3
    end_s = float(parameters["time"][0])
    first = int(end_s - length_s)
    values = [[time_s, str(time_s)] for time_s in range(first, int(end_s) + 1)]
    return success({"resultType": "matrix", "result": [{"metric": {"__name__": "c"}, "values": values}]})


def client(address: str, waits: list[float] | None = None, **options: float) -> Client:
    return Client(address_of(address), sleep=(waits if waits is not None else []).append, **options)


def test_pages_join_without_a_gap_or_a_sample_twice() -> None:
    with serving(lambda _, parameters: counter(parameters)) as (address, asked), client(address) as found:
        (series,) = found.samples("c", 1000.0, 1000.0 + 15.0 * 3600.0)
    assert [time_s for time_s, _ in series.samples[1:-1]] == list(range(1000, 1000 + 15 * 3600))
    assert len(asked) == 3


def test_an_answer_that_would_be_too_long_is_asked_for_in_smaller_pages() -> None:
    def answer(_: str, parameters: Asked) -> Answer:
        length_ms = int(parameters["query"][0].rpartition("[")[2].removesuffix("ms]"))
        return counter(parameters) if length_ms < 2_000_000 else (422, {"status": "error", "errorType": "execution", "error": "too many samples"})

    with serving(answer) as (address, _), client(address) as found:
        (series,) = found.samples("c", 1000.0, 9000.0)
    assert {int(time_s) for time_s, _ in series.samples} >= set(range(1000, 9001))
    assert len(series.samples) == len({time_s for time_s, _ in series.samples})


def test_a_server_that_is_busy_is_asked_again_after_longer_and_longer_waits() -> None:
    answers = iter([(503, "busy"), (429, "slow down"), success([{"__name__": "up"}])])
    waits: list[float] = []
    with serving(lambda *_: next(answers)) as (address, asked), client(address, waits) as found:
        assert found.series(["up"], 0.0, 1.0) == [{"__name__": "up"}]
    assert (len(asked), waits) == (3, [0.5, 1.0])


def test_a_server_that_stays_busy_is_an_error_after_four_tries() -> None:
    with serving(lambda *_: (503, "busy")) as (address, asked), client(address) as found, pytest.raises(CarbonError, match="does not answer: HTTP 503"):
        found.series(["up"], 0.0, 1.0)
    assert len(asked) == 4


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((401, "no"), "refuses: HTTP 401"),
        ((404, "no page"), "does not answer: HTTP 404"),
        ((302, ""), "does not answer: HTTP 302"),
        ((200, "<html>"), "not as Prometheus does"),
        ((200, {"status": "error", "error": "parse error"}), "parse error"),
        ((200, [1, 2]), "not as Prometheus does"),
    ],
)
def test_what_is_no_answer_is_one_line_with_a_hint(answer: Answer, says: str) -> None:
    with serving(lambda *_: answer) as (address, _), client(address) as found, pytest.raises(CarbonError, match=says) as caught:
        found.series(["up"], 0.0, 1.0)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_an_error_that_names_no_login() -> None:
    with client("prom+http://me:hunter2@127.0.0.1:9") as found, pytest.raises(CarbonError, match="cannot be reached") as caught:
        found.series(["up"], 0.0, 1.0)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_a_server_that_does_not_answer_in_time_is_an_error() -> None:
    done = threading.Event()
    with serving(lambda *_: (done.wait(30.0), success([]))[1]) as (address, _), client(address, timeout_s=0.2) as found:
        with pytest.raises(CarbonError, match="takes too long"):
            found.series(["up"], 0.0, 1.0)
        done.set()


def test_login_token_and_tenant_go_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN, "t0ken")
    monkeypatch.setenv(TENANT, "team")
    with serving(lambda *_: success([])) as (address, asked), client(f"{address}/path/") as found:
        found.series(["up"], 0.0, 1.0)
    path, _, headers = asked[0]
    assert path == "/path/api/v1/series"
    assert (headers["Authorization"], headers["X-Scope-OrgID"]) == ("Bearer t0ken", "team")


def test_values_that_are_no_numbers_are_no_samples() -> None:
    values = [[1, "1"], [2, "NaN"], [3, "-1"], [4, "9223372036854775792"], [5, None], ["6", "6"], [7], [8, "8.5"]]
    result = {"resultType": "matrix", "result": [{"metric": {"__name__": "c", "n": 5}, "values": values}]}
    with serving(lambda *_: success(result)) as (address, _), client(address) as found:
        (series,) = found.samples("c", 0.0, 10.0)
    assert series == ({"__name__": "c"}, [(1.0, 1.0), (8.0, 8.5)])
