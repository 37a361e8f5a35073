"""Results come in order, no more than a few ahead, and an error ends the work."""

import threading

import pytest

from traincarbon.ledger.packs import ahead
from traincarbon.ledger.packs.ahead import computed_ahead


def test_results_come_in_the_order_of_the_items():
    assert list(computed_ahead(lambda item: item * item, range(50))) == [item * item for item in range(50)]
    assert list(computed_ahead(str, [])) == []


def test_no_more_is_begun_than_there_are_workers(monkeypatch):
    monkeypatch.setattr(ahead, "_MOST_WORKERS", 2)
    begun = []
    found = computed_ahead(lambda item: begun.append(item) or item, range(100))
    assert next(found) == 0
    assert len(begun) <= 3
    found.close()
    assert len(begun) <= 3


def test_an_error_is_raised_where_its_result_was_due():
    def work(item):
        if item == 3:
            raise ValueError("three")
        return item

    found = computed_ahead(work, range(6))
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(found)


def test_work_is_done_in_other_threads():
    assert threading.main_thread() not in set(computed_ahead(lambda _: threading.current_thread(), range(3)))
