"""Fetching a configuration: from a server of our own, and every way in which it can go wrong."""

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.model import hub
from traincarbon.estimation.model.huggingface import MOST_BYTES

LLAMA = (Path(__file__).parent / "data" / "llama-3.1-8b.json").read_bytes()


@pytest.fixture
def server(monkeypatch):
    """Serve what ``answers`` holds by path: a status and a body; remember what was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append((self.path, self.headers.get("Authorization")))
            status, body = server.answers.get(self.path, (404, b"{}"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.answers, server.asked = {}, []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_configuration_comes_from_the_endpoint(server):
    server.answers["/meta-llama/Llama-3.1-8B/resolve/main/config.json"] = (200, LLAMA)
    assert hub.fetch("meta-llama/Llama-3.1-8B").config.layers == 32
    assert server.asked == [("/meta-llama/Llama-3.1-8B/resolve/main/config.json", None)]


def test_a_revision_may_be_named(server):
    server.answers["/org/name/resolve/v1.0/config.json"] = (200, LLAMA)
    assert hub.fetch("org/name@v1.0").config.hidden == 4096


def test_a_token_of_the_environment_is_sent(server, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    server.answers["/org/name/resolve/main/config.json"] = (200, LLAMA)
    hub.fetch("org/name")
    assert server.asked[0][1] == "Bearer hf_secret"


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (404, "has no config.json", "check the name"),
        (401, "does not give out", "HF_TOKEN"),
        (403, "does not give out", "HF_TOKEN"),
        (500, "answered 500", "try again"),
    ],
)
def test_a_refusal_says_what_to_do(server, status, message, hint):
    server.answers["/org/name/resolve/main/config.json"] = (status, b"no")
    with pytest.raises(PlanError, match=message) as caught:
        hub.fetch("org/name")
    assert hint in caught.value.hint
    assert "config.json" in caught.value.hint


@pytest.mark.parametrize("body", [b"<html>", b"[]", b" " * (MOST_BYTES + 1), json.dumps({"model_type": "llama"}).encode()])
def test_an_answer_that_is_no_configuration_is_refused(server, body):
    server.answers["/org/name/resolve/main/config.json"] = (200, body)
    with pytest.raises(PlanError, match="hub:org/name"):
        hub.fetch("org/name")


def test_an_endpoint_that_nobody_answers_is_said(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(PlanError, match="cannot reach http://127.0.0.1:9/org/name") as caught:
        hub.fetch("org/name")
    assert "HF_ENDPOINT" in caught.value.hint


@pytest.mark.parametrize("endpoint", ["file:///etc", "ftp://host", "nonsense"])
def test_an_endpoint_that_is_no_web_address_is_refused(monkeypatch, endpoint):
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(PlanError, match="HF_ENDPOINT is"):
        hub.fetch("org/name")


@pytest.mark.parametrize("name", ["", "/", "a/b/c", "../../etc", "org/na me", "org/name?x=1", "org/name#x", "https://host/x", "org/", "-x/y", "a" * 300])
def test_what_is_no_name_asks_nobody(monkeypatch, name):
    monkeypatch.setattr(hub, "_get", lambda *_: pytest.fail("the network was used"))
    with pytest.raises(PlanError, match="no name of a model"):
        hub.fetch(name)
