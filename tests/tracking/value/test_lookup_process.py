"""The process that asks the database answers, or its caller is told that it does not; nothing of it stays."""

import os
import signal
import time

import pytest

from traincarbon.tracking.value import lookup_process as module
from traincarbon.tracking.value.lookup_process import Appraiser


@pytest.fixture(autouse=True)
def _nothing_stays():
    """Neither a descriptor nor a process may be left by a test."""
    before = set(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) == len(before)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def awaited(asked, *, seconds=10.0):
    end_s = time.monotonic() + seconds
    answer = None
    while answer is None and time.monotonic() < end_s:
        answer = asked.answer(wait_s=0.05)
    return answer


def fail(_):
    raise RuntimeError("the disk is on fire")


def test_the_answer_is_that_of_who_is_asked_and_comes_once():
    asked = Appraiser(appraise=lambda request: {"hw": request["hw"] * 3, "text": "é" * 200_000})
    asked.ask({"hw": "a"})
    answer = awaited(asked)
    assert (answer["hw"], len(answer["text"])) == ("aaa", 200_000)
    assert asked.fileno() == -1
    assert asked.answer() is None
    asked.close()


@pytest.mark.parametrize("appraise", [fail, lambda _: os.kill(os.getpid(), signal.SIGKILL), lambda _: os._exit(3), lambda _: [1], lambda _: {"x": {1, 2}}])
def test_one_that_fails_is_a_note(appraise, capfd):
    asked = Appraiser(appraise=appraise)
    asked.ask({})
    assert awaited(asked) == {"notes": ["the hardware database could not be asked: no CO2e and no cost"]}
    capfd.readouterr()


def test_one_that_hangs_is_given_up_with_a_note(monkeypatch):
    asked = Appraiser(appraise=lambda _: time.sleep(60))
    asked.ask({})
    assert asked.answer() is None
    monkeypatch.setattr(module, "_PATIENCE_S", 0.0)
    assert asked.answer() == {"notes": ["the hardware database did not answer: no CO2e and no cost"]}


def test_one_that_is_not_needed_any_more_is_ended():
    asked = Appraiser(appraise=lambda _: time.sleep(60))
    asked.close()
    asked.close()
    assert asked.answer() is None


def test_a_question_to_one_that_is_gone_is_no_error():
    asked = Appraiser(appraise=lambda _: {})
    os.kill(asked._pid, signal.SIGKILL)
    os.waitid(os.P_PID, asked._pid, os.WEXITED | os.WNOWAIT)
    asked.ask({"hw": "x" * 100_000})
    assert "could not be asked" in awaited(asked)["notes"][0]


def test_it_holds_none_of_the_descriptors_that_its_caller_names():
    reads, writes = os.pipe()
    asked = Appraiser(close=[writes], appraise=lambda _: time.sleep(60))
    os.close(writes)
    asked.ask({})
    assert os.read(reads, 1) == b""  # the end, as nobody else holds the other one
    os.close(reads)
    asked.close()


def test_a_process_that_somebody_else_waited_for_is_no_error():
    asked = Appraiser(appraise=lambda _: {"hw": "a"})
    asked.ask({})
    os.waitpid(asked._pid, 0)
    assert awaited(asked) == {"hw": "a"}


def test_the_shipped_database_answers_with_figures_and_what_came_before(tmp_path):
    asked = Appraiser()
    asked.ask(
        {
            "devices": {"gpu:0": "NVIDIA H100 80GB HBM3"},
            "accelerators": 1,
            "plan": None,
            "database": None,
            "store": str(tmp_path),
            "run_id": "new",
            "journal": "",
        }
    )
    answer = awaited(asked)
    assert answer["hw"] == "h100-sxm5-80gb"
    assert answer["before"] == {"figures": {}, "counts": {}, "notes": []}
