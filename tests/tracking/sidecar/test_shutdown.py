"""A training is ended step by step, each reported once."""

import os
import signal
import time
from types import SimpleNamespace

import pytest

from traincarbon.tracking.settings import BudgetPolicy
from traincarbon.tracking.sidecar import shutdown
from traincarbon.tracking.sidecar.job import LiveProcess
from traincarbon.tracking.sidecar.shutdown import Shutdown


class Job:
    """A process that notes what is sent to it, and ends with what is deadly."""

    pid = 4711

    def __init__(self, *deadly):
        self.sent = []
        self.deadly = {signal.SIGKILL, *deadly}

    @property
    def gone(self):
        return bool(self.deadly & set(self.sent))

    def send(self, number):
        if self.gone:
            return False
        self.sent.append(number)
        return True


@pytest.fixture
def session(monkeypatch):
    """The processes of a session: number to the signals that end it; and what was sent to them."""
    marked, sent = {}, []

    def send_all(number, left):
        for each in left:
            sent.append((each.pid, number))
            if number in marked.get(each.pid, ()):
                del marked[each.pid]

    monkeypatch.setattr(shutdown, "has_handler", lambda pid, number: (pid, number) == (Job.pid, signal.SIGUSR1))
    monkeypatch.setattr(shutdown, "send_all", send_all)
    return SimpleNamespace(marked=marked, sent=sent, alive=lambda but=(): [LiveProcess(pid, "python") for pid in marked if pid not in but])


@pytest.fixture
def shutdown_of(session):
    def make(job, *, number=signal.SIGUSR1, grace_s=60.0, policy="stop"):
        return Shutdown(SimpleNamespace(budget_signal=number, grace_s=grace_s, on_budget=BudgetPolicy(policy)), job, session)

    return make


def test_the_signal_is_the_one_that_the_training_handles(shutdown_of):
    job = Job()
    assert shutdown_of(job).step([BudgetPolicy.SIGNAL], now_s=0.0) == ["SIGUSR1 was sent to the training, so that it can save its state"]
    assert job.sent == [signal.SIGUSR1]


def test_the_signal_is_a_request_to_stop_where_the_training_does_not_handle_it(shutdown_of):
    job = Job()
    assert "SIGTERM was sent" in shutdown_of(job, number=signal.SIGUSR2).step([BudgetPolicy.SIGNAL], now_s=0.0)[0]
    assert job.sent == [signal.SIGTERM]


def test_a_stop_is_requested_then_enforced_after_the_grace_period_each_reported_once(shutdown_of):
    job = Job()
    stop = shutdown_of(job, grace_s=10.0)
    assert stop.step([BudgetPolicy.STOP], now_s=100.0) == ["the training was asked to stop (SIGTERM)"]
    assert stop.step([], now_s=109.9) == []
    assert stop.step([], now_s=110.0) == ["the training did not stop and was killed"]
    assert stop.step([], now_s=200.0) == []
    assert job.sent == [signal.SIGTERM, signal.SIGKILL]


def test_a_kill_takes_all_processes_of_the_session_with_it(shutdown_of, session):
    session.marked.update({1: {signal.SIGKILL}, 2: {signal.SIGKILL}})
    stop = shutdown_of(Job(), grace_s=0.0)
    assert stop.step([BudgetPolicy.STOP], now_s=0.0) == ["the training was asked to stop (SIGTERM)"]
    assert stop.step([], now_s=0.2) == ["the training did not stop and was killed"]
    assert session.sent == [(1, signal.SIGKILL), (2, signal.SIGKILL)]


@pytest.mark.parametrize("grace_s", [0.0, 1.0])
def test_a_training_that_stops_when_asked_is_left_in_peace(shutdown_of, grace_s):
    job = Job(signal.SIGTERM)
    stop = shutdown_of(job, grace_s=grace_s)
    stop.step([BudgetPolicy.STOP], now_s=0.0)
    assert stop.step([], now_s=5.0) == []
    assert job.sent == [signal.SIGTERM]


def test_an_orphaned_training_ends_with_all_its_processes_each_asked_once(shutdown_of, session):
    job = Job(signal.SIGTERM)
    session.marked.update({Job.pid: {signal.SIGTERM, signal.SIGKILL}, 2: {signal.SIGTERM}, 3: {signal.SIGTERM}})

    def end_with_the_job(number, _real=job.send):
        session.marked.pop(Job.pid, None)
        return _real(number)

    job.send = end_with_the_job
    shutdown_of(job).end_now()
    assert session.marked == {}
    assert session.sent.count((2, signal.SIGTERM)) == 1
    assert job.sent == [signal.SIGTERM]


def test_an_orphaned_training_that_ignores_the_request_is_killed_after_some_seconds(shutdown_of, session, monkeypatch):
    now_s = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now_s.__setitem__(0, now_s[0] + seconds))
    job = Job()
    session.marked[2] = {signal.SIGKILL}
    shutdown_of(job).end_now()
    assert job.sent[-1] == signal.SIGKILL
    assert session.sent[-1] == (2, signal.SIGKILL)
    assert 4.0 < now_s[0] < 11.0


@pytest.mark.parametrize(("policy", "includes_survivors"), [("stop", True), ("signal", False)])
def test_only_a_budget_that_stops_takes_what_is_left_behind_too(shutdown_of, policy, includes_survivors):
    stop = shutdown_of(Job(), policy=policy)
    assert not stop.includes_survivors
    stop.step([BudgetPolicy.SIGNAL], now_s=0.0)
    assert stop.includes_survivors == includes_survivors


def test_a_process_that_cannot_be_killed_is_not_waited_for_for_ever(shutdown_of, session, monkeypatch):
    now_s = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now_s.__setitem__(0, now_s[0] + seconds))
    session.marked[2] = set()
    shutdown_of(Job()).end_now()
    assert now_s[0] < 12.0
    assert os.getpid() not in [pid for pid, _ in session.sent]
