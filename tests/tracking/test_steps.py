"""A loop reports itself: steps, tokens, totals and where it resumed, and never harms the training."""

import os
import time

import pytest

import traincarbon
from traincarbon.tracking import steps as module
from traincarbon.tracking.progress_pipe import environment_of
from traincarbon.tracking.reports import ReportReader
from traincarbon.tracking.value.session_progress import Progress


@pytest.fixture
def pipe(monkeypatch):
    reads, writes = os.pipe()
    for name, value in environment_of(writes).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(module, "_EVERY_S", 0.0)
    module._DONE.clear()
    os.set_blocking(reads, False)
    yield reads
    module._DONE.clear()
    os.close(reads)
    os.close(writes)


def progress_of(pipe):
    found, reader = Progress(), ReportReader()
    try:
        while data := os.read(pipe, 1 << 16):
            for report in reader.feed(data, time_s=time.monotonic()):
                found.add(report)
    except BlockingIOError:
        pass
    return found


def test_outside_of_a_tracker_the_loader_itself_comes_back(monkeypatch):
    monkeypatch.delenv("CARBON_PROGRESS_FD", raising=False)
    loader = [1, 2]
    assert traincarbon.steps(loader, tokens=5) is loader


def test_a_loop_reports_steps_tokens_and_the_length_of_its_loader(pipe):
    assert list(traincarbon.steps(["ab", "c"], tokens=len)) == ["ab", "c"]
    found = progress_of(pipe)
    assert (found.counts, found.totals) == ({"steps": 2.0, "tokens": 3.0}, {"steps": 2.0})


@pytest.mark.parametrize("tokens", [512, 512.0])
def test_a_loop_for_each_epoch_continues_the_count(pipe, tokens):
    for _ in range(3):
        for _ in traincarbon.steps(range(10), tokens=tokens, epochs=3):
            pass
    found = progress_of(pipe)
    assert (found.counts, found.totals) == ({"steps": 30.0, "tokens": 30 * 512.0}, {"steps": 30.0})


def test_one_object_may_be_iterated_again(pipe):
    loader = traincarbon.steps([1, 2, 3])
    assert len(loader) == 3
    for _ in range(2):
        list(loader)
    assert progress_of(pipe).counts["steps"] == 6.0


def test_a_generator_has_no_total_unless_it_is_stated(pipe):
    list(traincarbon.steps(number for number in range(4)))
    assert progress_of(pipe).totals == {}
    list(traincarbon.steps((number for number in range(4)), total_steps=8))
    assert progress_of(pipe).totals == {"steps": 8.0}


def test_a_resumed_loop_says_where_it_began(pipe):
    list(traincarbon.steps(range(50), start=1000, total_steps=1050, tokens=8))
    found = progress_of(pipe)
    assert found.counts == {"steps": 1050.0, "tokens": 400.0}
    assert found.done_here() == {"steps": 50.0, "tokens": 400.0}
    assert found.resumed() == {"steps": 1000.0, "tokens": 0.0}


def test_the_step_that_a_break_leaves_is_not_done(pipe):
    for number in traincarbon.steps(range(10)):
        if number == 4:
            break
    assert progress_of(pipe).counts["steps"] == 4.0


def test_an_exception_goes_through_and_what_was_done_is_reported(pipe):
    def train():
        for number in traincarbon.steps(range(10)):
            if number == 7:
                raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        train()
    assert progress_of(pipe).counts["steps"] == 7.0


def test_an_exception_of_the_loader_goes_through(pipe):
    def broken():
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(traincarbon.steps(broken()))
    assert progress_of(pipe).counts["steps"] == 1.0


@pytest.mark.parametrize("tokens", [lambda batch: batch["no such key"], lambda _: "many", lambda _: -1, lambda _: float("nan"), "many", None])
def test_tokens_that_cannot_be_counted_do_not_stop_the_loop(pipe, tokens):
    assert list(traincarbon.steps([1, 2, 3], tokens=tokens)) == [1, 2, 3]
    assert progress_of(pipe).counts == {"steps": 3.0}


def test_a_loader_whose_length_fails_still_iterates(pipe):
    class Streamed:
        def __len__(self):
            raise TypeError("a stream has no length")

        def __iter__(self):
            return iter([1, 2])

    assert list(traincarbon.steps(Streamed())) == [1, 2]
    assert progress_of(pipe).counts["steps"] == 2.0


@pytest.mark.usefixtures("pipe")
def test_a_fork_counts_for_itself():
    list(traincarbon.steps(range(5)))
    pid = os.fork()
    if not pid:
        os._exit(module._count(None).steps)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
