"""Who may ask: only pages of the app itself, under its own names, and only the one who started it may write."""

import pytest
from starlette.testclient import TestClient

from traincarbon.webapp.address import Address
from traincarbon.webapp.guard import MOST_BODY_B, POLICY, Guard
from webapp.started import PLAN, TOKEN, URL


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1:9999", "localhost", "127.0.0.1:8765.evil.example", "", "127.0.0.1:8765@evil"])
@pytest.mark.parametrize("path", ["/", "/healthz", "/api/runs", "/static/app.js", "/nothing"])
def test_a_forged_host_is_refused_everywhere(client, host, path):
    answer = client.get(path, headers={"host": host})
    assert answer.status_code == 403
    assert "is not that of this app" in answer.json()["error"]


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765"])
def test_the_names_of_this_machine_are_let_in(client, host):
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1:8765.evil.example", "file://", "x" * 5000])
def test_a_page_of_another_origin_may_not_ask(client, origin):
    assert client.post("/api/estimate", json=PLAN, headers={"origin": origin}).status_code == 403
    assert client.get("/api/runs", headers={"origin": origin}).status_code == 403


def test_a_page_of_the_app_may_ask(client):
    assert client.post("/api/estimate", json=PLAN, headers={"origin": URL}).status_code == 200


def test_a_request_that_a_browser_says_comes_from_another_site_may_not_change_anything(client):
    assert client.post("/api/estimate", json=PLAN, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert client.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200  # a link from a mail


def test_every_answer_forbids_what_is_not_of_the_app(client):
    for path in ("/", "/nothing", "/healthz", "/static/app.css", "/plan?params=%3Cscript%3E"):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY
    assert client.get("/", headers={"host": "evil.example"}).headers["content-security-policy"] == POLICY


def test_a_body_that_is_too_long_is_refused_whether_its_length_is_stated_or_not(client):
    assert client.post("/api/estimate", content=b" " * (MOST_BODY_B + 1)).status_code == 413
    pieces = (b" " * 100_000 for _ in range(MOST_BODY_B // 100_000 + 1))
    assert client.post("/api/estimate", content=pieces).status_code == 413
    assert client.post("/api/estimate", content=b"{}", headers={"content-length": "-1"}).status_code == 413


def test_the_link_with_the_token_leaves_a_cookie_and_no_token_in_the_address(client):
    answer = client.get("/", params={"token": TOKEN, "params": "7B"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?params=7B"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("carbon-8765=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_the_link_with_the_token_cannot_lead_to_another_host(client):
    for path in ("//evil.example/", "/\\evil.example", "/%2F%2Fevil.example"):
        place = client.get(URL + path, params={"token": TOKEN}).headers["location"]
        assert place.startswith("/")
        assert not place.startswith(("//", "/\\"))


def test_a_wrong_token_changes_nothing(client):
    assert client.get("/", params={"token": "guess"}).status_code == 200
    assert client.post("/api/plans", json={"name": "a", "plan": PLAN}, headers={"authorization": "Bearer guess"}).status_code == 403
    assert (
        client.post("/api/plans", json={"name": "a", "plan": PLAN}, headers={"authorization": "Bearer %FC", "cookie": "carbon-8765=guess"}).status_code == 403
    )


def test_an_app_that_other_machines_reach_shows_nothing_without_the_token(make_client):
    client = make_client(address=Address("10.0.0.7", 8765, others=("127.0.0.1:8765",)))
    assert client.get("/").status_code == 401
    assert client.get("/api/runs").status_code == 401
    assert client.get("/healthz", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/user/ada/proxy/8765/healthz"])
def test_behind_another_server_paths_work_with_and_without_the_path_before_them(make_client, path):
    client = make_client(address=Address("127.0.0.1", 8765, "/user/ada/proxy/8765"))
    assert client.get(path).json()["status"] == "ok"
    page = client.get(path.replace("healthz", "")).text
    assert 'href="/user/ada/proxy/8765/static/app.css"' in page
    assert 'href="/static' not in page


def test_a_websocket_is_closed():
    import asyncio

    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(None, address=Address("127.0.0.1", 1), token="t", is_read_only=False)({"type": "websocket"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_the_client_of_the_tests_is_not_let_in_by_accident(make_client):
    assert isinstance(make_client(), TestClient)
    assert make_client().get("/healthz", headers={"host": "testserver"}).status_code == 403
