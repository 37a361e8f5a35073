"""Saving needs the token; without it, or read-only, nothing is written."""

import os

import pytest

from webapp.started import EVIL, PLAN, TOKEN, URL


def files(store):
    return sorted(os.path.relpath(os.path.join(folder, name), store) for folder, _, names in os.walk(store) for name in names if name.endswith(".toml"))


def test_a_plan_is_saved_opened_and_listed(make_client, store):
    client = make_client(with_token=True)
    answer = client.post("/plans", data={**PLAN, "name": "My plan"}, headers={"origin": URL})
    assert (answer.status_code, answer.headers["location"]) == (303, "/plans/my-plan")
    assert files(store) == ["plans/my-plan.toml"]
    place = client.get("/plans/my-plan").headers["location"]
    assert "hw=dgx-h100" in place
    assert "name=My+plan" in place
    assert 'href="/plans/my-plan"' in client.get("/").text
    assert client.get("/api/plans").json() == ["my-plan"]


def test_the_cookie_of_the_link_is_enough(make_client, store):
    client = make_client()
    assert client.get("/", params={"token": TOKEN}).status_code == 303
    assert client.post("/plans", data={**PLAN, "name": "a"}, headers={"origin": URL}).status_code == 303
    assert files(store) == ["plans/a.toml"]


@pytest.mark.parametrize("path", ["/plans", "/api/plans"])
def test_nothing_is_written_without_the_token(make_client, store, path):
    answer = make_client().post(path, data={**PLAN, "name": "a"})
    assert answer.status_code == 403
    assert "token" in answer.text
    assert files(store) == []


@pytest.mark.parametrize(
    ("options", "has_form", "has_advice"),
    [({"with_token": True}, True, False), ({}, False, True), ({"with_token": True, "is_read_only": True}, False, False)],
    ids=["token", "no token", "read-only"],
)
@pytest.mark.parametrize("path", ["/", "/plan"])
def test_only_who_may_save_is_offered_it(make_client, path, options, has_form, has_advice):
    page = make_client(**options).get(path, params=PLAN, headers={"hx-request": "true"} if path == "/plan" else {}).text
    assert ('name="name"' in page, "To save plans, open the link" in page) == (has_form, has_advice)


@pytest.mark.parametrize("path", ["/plans", "/api/plans"])
def test_nothing_is_written_in_an_app_that_is_read_only(make_client, store, path):
    answer = make_client(with_token=True, is_read_only=True).post(path, data={**PLAN, "name": "a"})
    assert answer.status_code == 403
    assert "read-only" in answer.text
    assert files(store) == []


def test_a_form_of_another_origin_writes_nothing_even_with_the_token(make_client, store):
    assert make_client(with_token=True).post("/plans", data={**PLAN, "name": "a"}, headers={"origin": "http://evil.example"}).status_code == 403
    assert files(store) == []


def test_programs_save_json(make_client, store):
    client = make_client(with_token=True)
    answer = client.post("/api/plans", json={"name": "b", "plan": PLAN})
    assert (answer.status_code, answer.json()) == (201, {"name": "b"})
    assert client.post("/api/plans", json={"name": "b", "plan": PLAN}).status_code == 400
    assert client.post("/api/plans", json={"name": "c", "plan": []}).status_code == 400
    assert files(store) == ["plans/b.toml"]


@pytest.mark.parametrize("text", EVIL.values(), ids=EVIL)
def test_any_name_is_saved_as_a_harmless_file_or_refused(make_client, text):
    client = make_client(with_token=True)
    answer = client.post("/plans", data={**PLAN, "name": text})
    assert answer.status_code in (303, 400)
    assert "<script>alert" not in answer.text
    assert "<script>alert" not in client.get("/").text


def test_a_saved_plan_that_does_not_exist_is_said(client):
    answer = client.get("/plans/nothing")
    assert answer.status_code == 404
    assert "no saved plan" in answer.text
