"""The lookup process answers, or its failure becomes a note; it leaves no process and no descriptor."""

import os
import signal
import subprocess
import sys
import time

import pytest

from left_behind import nothing_left_behind
from traincarbon.tracking.value import lookup_process as module
from traincarbon.tracking.value.lookup_process import LookupProcess
from traincarbon.tracking.value.valuation import EarlierSessions, RunQuestion, Valuation


@pytest.fixture(autouse=True)
def _nothing_stays():
    """Neither a descriptor nor a process may be left by a test."""
    with nothing_left_behind():
        yield


def awaited(asked, *, seconds=10.0):
    end_s = time.monotonic() + seconds
    answer = None
    while answer is None and time.monotonic() < end_s:
        answer = asked.answer(wait_s=0.05)
    return answer


def fail(_):
    raise RuntimeError("the disk is on fire")


def test_the_answer_is_that_of_who_is_asked_and_comes_once():
    asked = LookupProcess(look_up=lambda question: Valuation(hw=question.run_id * 3, notes=("é" * 200_000,)))
    asked.ask(RunQuestion(run_id="a"))
    answer = awaited(asked)
    assert (answer.hw, len(answer.notes[0])) == ("aaa", 200_000)
    assert asked.fileno() == -1
    assert asked.answer() is None
    asked.close()


@pytest.mark.parametrize(
    "look_up", [fail, lambda _: os.kill(os.getpid(), signal.SIGKILL), lambda _: os._exit(3), lambda _: [1], lambda _: {"hw": {1, 2}}, lambda _: {"hw": 7}]
)
def test_one_that_fails_is_a_note(look_up, capfd):
    asked = LookupProcess(look_up=look_up)
    asked.ask(RunQuestion())
    assert awaited(asked) == Valuation(notes=("the hardware database could not be asked: no CO2e and no cost",))
    capfd.readouterr()


def test_one_that_hangs_is_given_up_with_a_note(monkeypatch):
    asked = LookupProcess(look_up=lambda _: time.sleep(60))
    asked.ask(RunQuestion())
    assert asked.answer() is None
    monkeypatch.setattr(module, "_TIMEOUT_S", 0.0)
    assert asked.answer() == Valuation(notes=("the hardware database did not answer: no CO2e and no cost",))


def test_one_that_is_not_needed_any_more_is_ended():
    asked = LookupProcess(look_up=lambda _: time.sleep(60))
    asked.close()
    asked.close()
    assert asked.answer() is None


def test_a_question_to_one_that_is_gone_is_no_error():
    asked = LookupProcess(look_up=lambda _: Valuation())
    os.kill(asked._pid, signal.SIGKILL)
    os.waitid(os.P_PID, asked._pid, os.WEXITED | os.WNOWAIT)
    asked.ask(RunQuestion(run_id="x" * 100_000))
    assert "could not be asked" in awaited(asked).notes[0]


def test_it_holds_none_of_the_descriptors_that_its_caller_names():
    reads, writes = os.pipe()
    asked = LookupProcess(close=[writes], look_up=lambda _: time.sleep(60))
    os.close(writes)
    asked.ask(RunQuestion())
    assert os.read(reads, 1) == b""  # the end, as nobody else holds the other one
    os.close(reads)
    asked.close()


def test_a_process_that_other_code_waited_for_is_no_error():
    asked = LookupProcess(look_up=lambda _: Valuation(hw="a"))
    asked.ask(RunQuestion())
    os.waitpid(asked._pid, 0)
    assert awaited(asked) == Valuation(hw="a")


def test_the_shipped_database_answers_with_figures_and_what_came_before(tmp_path):
    asked = LookupProcess()
    asked.ask(RunQuestion(devices={"gpu:0": "NVIDIA H100 80GB HBM3"}, accelerators=1, store=str(tmp_path), run_id="new"))
    answer = awaited(asked)
    assert answer.hw == "h100-sxm5-80gb"
    assert answer.earlier == EarlierSessions()


def test_the_lookup_of_a_new_run_imports_nothing_that_reads_journals(tmp_path):
    code = "import sys; from traincarbon.tracking.value.lookup_process import _look_up; from traincarbon.tracking.value.valuation import RunQuestion; "
    code += "_look_up(RunQuestion(store=sys.argv[1], run_id='r', journal='mine.jsonl')); print(*sys.modules)"
    (tmp_path / "journals" / "r").mkdir(parents=True)
    (tmp_path / "journals" / "r" / "mine.jsonl").write_text("")
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "traincarbon.ledger.record" not in done.stdout.split()


def test_another_question_is_answered_by_a_new_program(tmp_path):
    asked = LookupProcess()
    asked.ask(RunQuestion())
    asked.renew()
    asked.ask(RunQuestion(devices={"gpu:0": "NVIDIA H100 80GB HBM3"}, accelerators=1, store=str(tmp_path), run_id="new"))
    assert awaited(asked, seconds=30.0).hw == "h100-sxm5-80gb"


def test_where_no_program_can_be_started_the_answer_says_so(monkeypatch):
    monkeypatch.setattr(module.sys, "executable", "/nowhere")
    asked = LookupProcess()
    asked.renew()
    asked.ask(RunQuestion())
    assert "could not be asked" in awaited(asked).notes[0]
