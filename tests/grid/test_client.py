"""Asking a service: a few tries, bounds, and errors without tokens."""

import socket
import sys

import pytest

from grid_services import served
from traincarbon.errors import CarbonError
from traincarbon.grid.client import Client, address_of
from traincarbon.grid.service import ServiceError
from traincarbon.grid.services.eia import Eia

SECRET = "hunter2-secret"


def asked(answer, *, path="/x", sleeps=None, **params):
    with served(answer) as (address, seen):
        environment = {"CARBON_EIA_URL": address, "EIA_API_KEY": SECRET}
        with Client(Eia(), environment=environment, sleep=([] if sleeps is None else sleeps).append) as client:
            try:
                return client.json(path, params={"api_key": client.token("EIA_API_KEY"), **params}), seen
            except ServiceError as error:
                return error, seen


def test_an_answer_is_decoded():
    found, seen = asked(lambda _: {"a": 1}, b="2")
    assert found == {"a": 1}
    assert seen[0].params == {"api_key": SECRET, "b": "2"}
    assert seen[0].headers["User-Agent"].startswith("traincarbon/")


def test_a_service_that_is_busy_is_asked_again_after_the_wait_that_it_states():
    answers = iter([(429, "slow down", {"Retry-After": "2"}), (503, "", {}), {"a": 1}])
    sleeps = []
    found, seen = asked(lambda _: next(answers), sleeps=sleeps)
    assert (found, len(seen), sleeps) == ({"a": 1}, 3, [2.0, 1.0])


def test_a_service_that_stays_busy_is_given_up():
    found, seen = asked(lambda _: (429, "", {}))
    assert (str(found), len(seen)) == ("the EIA answered 429: too many requests", 3)


def test_a_long_wait_is_not_waited_for():
    sleeps = []
    found, seen = asked(lambda _: (429, "", {"Retry-After": "3600"}), sleeps=sleeps)
    assert (len(seen), sleeps) == (1, [])
    assert "429" in str(found)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_is_not_shown(status):
    found, seen = asked(lambda asked: (status, f"invalid api key {asked.params['api_key']}", {}))
    assert str(found) == f"the EIA refused the token in EIA_API_KEY ({status})"
    assert len(seen) == 1
    assert SECRET not in f"{found!r} {found.hint}"


def test_a_web_page_is_no_answer():
    assert str(asked(lambda _: "<html>Sign in</html>")[0]) == "the EIA answered with a web page that is not JSON"
    assert str(asked(lambda _: "{")[0]) == "the EIA answered with something that is not JSON"
    assert "404" in str(asked(lambda _: (404, "", {}))[0])


def test_a_service_that_does_not_answer_is_said_without_its_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Client(Eia(), environment={"CARBON_EIA_URL": address}, sleep=lambda _: None) as client, pytest.raises(ServiceError) as failed:
        client.json("/x", params={"api_key": SECRET})
    assert str(failed.value) == "the EIA does not answer"
    assert failed.value.__cause__ is None


def test_an_answer_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("traincarbon.grid.client._MOST_B", 1000)
    assert "more than" in str(asked(lambda _: "x" * 5000)[0])


def test_an_address_has_to_be_one():
    assert address_of(Eia(), {}) == "https://api.eia.gov"
    with pytest.raises(ServiceError, match="CARBON_EIA_URL holds no web address"):
        address_of(Eia(), {"CARBON_EIA_URL": "file:///etc/passwd"})


def test_without_httpx_the_hint_says_how_to_add_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(CarbonError, match="httpx2") as failed:
        Client(Eia(), environment={})
    assert "live" in failed.value.hint
