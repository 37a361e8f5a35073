"""An answer is kept as long as nothing is written to the index, by anyone."""

import os

import pytest

from journals import lines_of, write_lines
from made_runs import record
from traincarbon.ledger import index_kept
from traincarbon.ledger.index import Index
from traincarbon.ledger.index_file import connect, insert
from traincarbon.ledger.index_kept import KeptAnswers
from traincarbon.ledger.listed_runs import Filter, month_sums
from traincarbon.ledger.store import Ledger


@pytest.fixture
def file(tmp_path):
    return str(tmp_path / "index.sqlite")


def test_it_is_asked_once_until_this_connection_or_another_writes(file):
    connection, other, kept, asked = connect(file), connect(file), KeptAnswers(), []

    def answer(question="?"):
        return kept.answer(question, lambda: asked.append(question) or len(asked), connection=connection)

    assert [answer(), answer(), answer("!"), answer("!")] == [1, 1, 2, 2]
    insert(other, "folders", [("a", 1, 1)])
    assert [answer(), answer()] == [3, 3]
    insert(connection, "folders", [("b", 1, 1)])
    assert [answer(), answer(), answer("!")] == [4, 4, 5]
    connection.close()
    connection = connect(file)
    assert [answer(), answer()] == [6, 6]
    for each in (connection, other):
        each.close()


def test_only_some_answers_are_kept(file, monkeypatch):
    monkeypatch.setattr(index_kept, "_MOST", 2)
    connection, kept = connect(file), KeptAnswers()
    for question in range(5):
        kept.answer(question, lambda: "x", connection=connection)
    assert len(kept._answers) <= 2
    connection.close()


def test_what_fails_is_not_kept(file):
    connection, kept = connect(file), KeptAnswers()
    with pytest.raises(ZeroDivisionError):
        kept.answer("?", lambda: 1 / 0, connection=connection)
    assert kept.answer("?", lambda: 5, connection=connection) == 5
    connection.close()


def test_sums_by_month_are_those_of_all_runs_whoever_adds_one(tmp_path, monkeypatch):
    with Ledger(tmp_path) as ledger, Ledger(tmp_path) as other:
        ledger.add([record("one"), record("two")])
        rows, asked = ledger.index.rows, []
        monkeypatch.setattr(ledger.index, "rows", lambda question, *values: asked.append(values) or rows(question, *values))

        def runs(**chosen):
            ledger.index.refresh()
            return sum(each.runs for each in month_sums(ledger.index, Filter(**chosen)))

        assert [runs(), runs(), runs(state="running"), runs()] == [2, 2, 0, 2]
        assert len(asked) == 2
        other.add([record("three")])
        assert [runs(), runs()] == [3, 3]
        ledger.add([record("four")])
        assert [runs(), runs()] == [4, 4]
        ledger.forget("two", dry_run=False)
        assert [runs(), runs()] == [3, 3]


def test_a_run_that_goes_on_and_wrote_nothing_new_changes_no_answer(tmp_path, monkeypatch):
    now_s = lines_of()[0]["wall_s"] + 20.0
    monkeypatch.setattr("time.time", lambda: now_s)
    write_lines(os.path.join(tmp_path, "journals", "one", "a1-7-1.jsonl"), lines_of(run_id="one", end=False))
    index = Index(str(tmp_path), str(tmp_path / "index.sqlite"))
    assert index.records()[0][0].state == "running"
    before = index._connection.total_changes
    index.refresh()
    assert index._connection.total_changes == before
    now_s += 1e4
    assert index.records()[0][0].state == "killed"
    assert index._connection.total_changes > before
    index.close()
