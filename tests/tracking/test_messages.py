"""Messages cross as lines of JSON; a malformed line is ignored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_states import state
from traincarbon.tracking.messages import Begun, Final, Job, JobEnded, Note, TerminalUndo, from_line, to_line
from traincarbon.tracking.options import settings_from

MESSAGES = [
    Job(71, 1.5),
    JobEnded(2.5, exit_code=3, cpu_s=0.25),
    JobEnded(2.5, state="killed"),
    TerminalUndo("/dev/pts/3", "\x1b[r"),
    Note("é\n\0"),
    Begun(),
    Final(("a line\n",), state().budgets),
    state(),
    settings_from(argv=["x"], store="/nowhere", max_kwh=5),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_comes_back_as_it_was(message):
    line = to_line(message)
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")
    assert from_line(line) == message
    assert type(from_line(line)) is type(message)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_that_lacks_a_field_or_has_a_wrong_one_is_none(message):
    table = json.loads(to_line(message))
    for name in table.keys() - {"kind"}:
        assert from_line(json.dumps({**table, name: [[]]}).encode()) is None
    for name in type(message)._fields:
        if name not in type(message)._field_defaults:
            assert from_line(json.dumps({key: value for key, value in table.items() if key != name}).encode()) is None


def test_a_field_of_a_later_version_is_ignored():
    assert from_line(b'{"kind": "note", "text": "x", "colour": "red"}') == Note("x")


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=5))
def test_nothing_that_is_received_raises(value):
    for kind in ("settings", "job", "ended", "undo", "note", "begun", "state", "final", "unknown", 7, []):
        table = {"kind": kind, "pid": value, "began_s": value, "text": value, "ended_s": value, "run_id": value, "devices": value, "results": value}
        from_line(json.dumps(table).encode())
