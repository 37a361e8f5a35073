"""Test that ranks stop after the same step, with a store in memory and a thread for each rank."""

import itertools
import threading
from datetime import timedelta

import pytest

from traincarbon.frameworks.agreement import Agreement, agreement_of_ranks


class Memory:
    """A store as PyTorch's."""

    def __init__(self):
        self.values, self.changed = {}, threading.Condition()

    def set(self, key, value):
        with self.changed:
            self.values[key] = value.encode()
            self.changed.notify_all()

    def wait(self, keys, timeout):
        with self.changed:
            if not self.changed.wait_for(lambda: set(keys) <= self.values.keys(), timeout=timeout.total_seconds()):
                raise RuntimeError

    def compare_set(self, key, expected, desired):
        with self.changed:
            if self.values.get(key, b"") == expected.encode():
                self.values[key] = desired.encode()
                self.changed.notify_all()
            return self.values[key]

    def add(self, key, amount):
        with self.changed:
            self.values[key] = str(int(self.values.get(key, b"0")) + amount).encode()
            return int(self.values[key])

    def check(self, keys):
        with self.changed:
            return set(keys) <= self.values.keys()

    def delete_key(self, key):
        with self.changed:
            return self.values.pop(key, None) is not None


@pytest.fixture(autouse=True)
def _trainings(monkeypatch):
    """All ranks of these tests are threads of one process, whose trainings are counted for each rank here."""
    monkeypatch.setattr("traincarbon.frameworks.agreement._TRAININGS", itertools.repeat(7))
    monkeypatch.setattr("traincarbon.frameworks.agreement._EVERY_S", 0.01)


def steps_until_stop(store, rank, ranks, wanted_at, barrier, *, began=0, most=50_000):
    agreement = Agreement(store, rank=rank, ranks=ranks)
    for step in range(began + 1, began + most + 1):
        barrier.wait(timeout=20.0)  # as the reduction of gradients in a step
        if agreement.after(step, wanted=wanted_at is not None and step >= wanted_at):
            return step
    return None


@pytest.mark.parametrize("wanting", [0, 1, 2])
@pytest.mark.parametrize(("wanted_at", "began"), [(3, 0), (37, 25), (211, 0)])
def test_all_ranks_stop_after_the_same_step_whoever_wants_to(wanting, wanted_at, began):
    store, barrier, ranks, stopped = Memory(), threading.Barrier(3), 3, {}

    def run(rank):
        stopped[rank] = steps_until_stop(store, rank, ranks, wanted_at if rank == wanting else None, barrier, began=began)

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(ranks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(stopped.values())) == 1
    assert stopped[0] is not None
    assert stopped[0] >= wanted_at


def test_the_first_rank_stops_at_once_in_the_first_steps():
    store = Memory()
    first, second = Agreement(store, rank=0, ranks=2), Agreement(store, rank=1, ranks=2)
    assert not first.after(1, wanted=False)
    assert not second.after(1, wanted=False)
    assert first.after(2, wanted=True)
    assert second.after(2, wanted=False)


def test_a_rank_that_comes_late_is_waited_for_in_the_first_step():
    store = Memory()
    first = Agreement(store, rank=0, ranks=2)
    assert not first.after(26, wanted=True)
    second = Agreement(store, rank=1, ranks=2)
    assert not second.after(26, wanted=False)
    assert first.after(27, wanted=True)
    assert second.after(27, wanted=False)


def test_a_process_alone_stops_when_it_wants_to():
    agreement = agreement_of_ranks()
    assert not agreement.after(1, wanted=False)
    assert agreement.after(2, wanted=True)


def test_no_rank_stops_where_another_one_does_not_take_part():
    store = Memory()
    first = Agreement(store, rank=0, ranks=2)
    assert not any(first.after(step, wanted=True) for step in range(1, 30))


def test_a_rank_without_the_first_one_waits_for_it_once(monkeypatch):
    monkeypatch.setattr("traincarbon.frameworks.agreement._ARRIVAL", timedelta(seconds=0.01))
    second = Agreement(Memory(), rank=1, ranks=2)
    assert not second.after(1, wanted=True)
    with pytest.raises(TimeoutError):
        second.after(2, wanted=True)
    assert not any(second.after(step, wanted=True) for step in range(3, 30))


@pytest.mark.parametrize("steps", [(5000, 5000), (200, 5000), (5000, 200)])
@pytest.mark.parametrize("ahead", [0, 1])
def test_ranks_that_do_not_wait_for_each_other_all_come_to_the_end(ahead, steps):
    store = Memory()
    made, ended = ([threading.Event(), threading.Event()] for _ in range(2))

    def run(rank):
        if ahead and not rank:
            made[1].wait(timeout=20.0)
        agreement = Agreement(store, rank=rank, ranks=2)
        made[rank].set()
        if rank and not ahead:
            ended[0].wait(timeout=20.0)
        for step in range(1, steps[rank] + 1):
            assert not agreement.after(step, wanted=False)
        agreement.close()
        ended[rank].set()

    threads = [threading.Thread(target=run, args=(rank,), daemon=True) for rank in range(2)]
    for thread in threads:
        thread.start()
    assert [event.wait(timeout=20.0) for event in ended] == [True, True]


def test_a_rank_that_waits_no_longer_takes_all_with_it(monkeypatch):
    monkeypatch.setattr("traincarbon.frameworks.agreement._PATIENCE", timedelta(seconds=0.01))
    store = Memory()
    first, second, third = (Agreement(store, rank=rank, ranks=3) for rank in range(3))
    assert not any(rank.after(1, wanted=False) for rank in (first, second, third))
    for rank in (second, first, third):
        with pytest.raises(TimeoutError):
            rank.after(2, wanted=True)
        assert not rank.after(3, wanted=True)


def test_a_rank_far_behind_ends_the_agreement_and_not_the_memory(monkeypatch):
    monkeypatch.setattr("traincarbon.frameworks.agreement._EVERY_S", 0.0)
    store = Memory()
    first, second = Agreement(store, rank=0, ranks=2), Agreement(store, rank=1, ranks=2)
    with pytest.raises(TimeoutError):
        any(first.after(step, wanted=False) for step in range(1, 3000))
    with pytest.raises(TimeoutError):
        any(second.after(step, wanted=False) for step in range(1, 3000))
    assert len(store.values) < 3000


def test_between_two_steps_the_answer_stays():
    store = Memory()
    first, second = Agreement(store, rank=0, ranks=2), Agreement(store, rank=1, ranks=2)
    assert not first.after(1, wanted=False)
    assert not second.after(1, wanted=False)
    assert not first.after(1, wanted=True)
    assert not second.after(1, wanted=False)
    assert first.after(2, wanted=True)
    assert second.after(2, wanted=False)


def test_ranks_ask_about_once_a_second_and_leave_few_keys():
    store = Memory()
    first = Agreement(store, rank=0, ranks=1)
    for step in range(1, 300):
        first.after(step, wanted=False)
    assert first._every > 1
    assert len(store.values) <= 5


def test_after_fast_steps_a_wish_is_late_by_as_many_steps_as_were_done_at_most(monkeypatch):
    monkeypatch.setattr("traincarbon.frameworks.agreement._EVERY_S", 3600.0)
    store = Memory()
    first = Agreement(store, rank=0, ranks=1)
    asked = [step for step in range(1, 300) if (first.after(step, wanted=False), first._next)[1] == step + first._every and step > 11]
    assert asked[:4] == [13, 17, 25, 41]
    assert all(later <= 2 * earlier for earlier, later in itertools.pairwise(asked))
