"""A call that fails says why; nothing that an agent sends ends the server."""

import json
import sys

import pytest

from traincarbon.agents.answers import ANSWERS, Place
from traincarbon.agents.server import TOOLS, answer, serve
from traincarbon.database.load import open_database
from traincarbon.extras import MissingExtraError


@pytest.fixture(scope="module")
def place():
    return Place(open_database())


def test_every_tool_is_described_and_answered():
    assert list(TOOLS) == list(ANSWERS) == ["estimate", "compare", "advise", "optimise", "runs", "explain"]


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("estimate", {}, ("no plan given", "params")),
        ("estimate", {"param": "7B"}, ("param", "did you mean params")),
        ("estimate", {"params": "many", "tokens": "1T", "hw": "h100"}, ("many",)),
        ("estimate", {"params": "7B", "tokens": "1T", "hw": "h1000"}, ("h1000", "hint: ")),
        ("compare", {}, ("no plan given",)),
        ("advise", {"params": "7B", "tokens": "1T", "hw": "h100", "by": "luck"}, ("luck",)),
        ("optimise", {"hw": "h100", "budget_usd": "much"}, ("budget_usd",)),
        ("runs", {"id": "no-such-run"}, ("no-such-run",)),
        ("runs", {"run": "a"}, ("unknown argument 'run'",)),
        ("runs", {"limit": "all"}, ("error: ",)),
        ("explain", {"params": "7B", "tokens": "1T", "hw": "h100", "result": "water"}, ("did you mean water_l",)),
        ("delete", {}, ("unknown tool 'delete'", "estimate")),
        ("estimate", {"params": ["7B"], "tokens": {}, "hw": 3}, ("error: ",)),
    ],
)
def test_a_call_that_fails_says_what_was_wrong_in_two_lines(place, tmp_path, name, given, words):
    text, structured = answer(name, given, place._replace(store=str(tmp_path)))
    assert structured is None
    assert text.startswith("error: ")
    assert len(text.splitlines()) <= 2
    assert all(word in text for word in words)


def test_a_list_of_runs_is_an_object_for_the_protocol_and_a_list_as_text(place, tmp_path):
    text, structured = answer("runs", {}, place._replace(store=str(tmp_path)))
    assert (json.loads(text), structured) == ([], {"runs": []})


def test_without_the_package_the_error_says_how_to_add_it(place, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp_types", None)
    with pytest.raises(MissingExtraError, match="needs the package mcp") as error:
        serve(place)
    assert "[mcp]" in error.value.hint
