"""What a tracker in Python writes on the stderr of the training harms nothing."""

import io
import sys

import pytest

from journals import WALL_S, lines_of
from traincarbon.ledger.record import merge
from traincarbon.tracking.display.training_stderr import TrainingStderr
from traincarbon.tracking.messages import Final


def test_a_message_is_a_line_and_a_quiet_tracker_writes_only_what_nobody_may_miss(capsys):
    TrainingStderr(quiet=False).print("one")
    TrainingStderr(quiet=True).print("two")
    TrainingStderr(quiet=True).print("three", even_if_quiet=True)
    assert capsys.readouterr().err == "carbon: one\ncarbon: three\n"


@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["closed", "of a notebook"])
def test_a_stream_that_is_not_stderr_is_not_given_to_the_process_that_shows_the_run(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    assert TrainingStderr(quiet=False).for_display() == (-1, 0.0)
    TrainingStderr(quiet=False).print("nothing happens")


def test_the_summary_is_written_and_one_that_fails_is_a_message(capsys):
    def fail():
        raise ValueError("no such thing")

    stderr, run = TrainingStderr(quiet=False), merge(lines_of(), now_s=WALL_S)
    stderr.summarise(lambda: run, Final(), store="")
    assert "run · finished" in capsys.readouterr().err
    stderr.summarise(lambda: None, Final(), store="")
    assert capsys.readouterr().err == ""
    stderr.summarise(fail, Final(), store="")
    assert capsys.readouterr().err == "carbon: the summary cannot be shown: ValueError: no such thing\n"
