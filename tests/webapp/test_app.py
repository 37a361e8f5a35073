"""Errors become answers: JSON for programs, a page for people, and never a traceback."""

import threading

import pytest

from webapp.started import EVIL


def test_a_path_that_does_not_exist_is_said_in_the_form_of_the_asker(client):
    assert set(client.get("/api/nothing").json()) == {"error", "hint"}
    page = client.get("/nothing")
    assert page.status_code == 404
    assert "<html" in page.text


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_a_path_with_any_text_is_harmless(client, text):
    from urllib.parse import quote

    answer = client.get("/" + quote(text.replace("\x00", ""), safe=""))
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert len(answer.text) < 10_000


def test_a_store_that_hangs_gives_503_and_the_rest_works(make_client, monkeypatch):
    client = make_client(answer_s=0.1)
    go_on = threading.Event()
    monkeypatch.setattr("traincarbon.ledger.store.Ledger.run", lambda *_: go_on.wait(30.0))
    answer = client.get("/api/runs/last")
    assert answer.status_code == 503
    assert "still being read" in answer.json()["error"]
    assert client.get("/healthz").status_code == 200
    assert client.get("/").status_code == 200
    go_on.set()
