"""Finding a run by its id, whatever answers."""

from functools import partial

import pytest

from made_runs import record
from traincarbon.errors import AmbiguousError, NotFoundError
from traincarbon.ledger import checked_file, index_file, ledger_reader
from traincarbon.ledger.checked_file import CheckedFile
from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.store import Ledger


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path) as found:
        found.add([record(run_id, started_at=f"2026-01-0{at}T00:00:00Z") for at, run_id in enumerate(("bert-1", "bert-12", "last", "gpt"), 1)])
        yield found


@pytest.mark.parametrize(("id", "expected"), [("bert-1", "bert-1"), ("g", "gpt"), ("last", "last"), ("bert-12", "bert-12")])
def test_an_exact_id_or_a_beginning_that_is_of_one_run_finds_it(ledger, id, expected):
    assert ledger.run(id).run_id == ledger.full_id(id) == expected


def test_last_is_the_run_that_began_last(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.add([record("a", started_at="2026-01-02T00:00:00Z"), record("last-but-one", started_at="2026-01-01T00:00:00Z")])
        assert ledger.run("last").run_id == "a"


@pytest.mark.parametrize(("id", "error"), [("bert", AmbiguousError), ("", NotFoundError), ("x", NotFoundError)])
def test_another_is_an_error(ledger, id, error):
    with pytest.raises(error):
        ledger.run(id)


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["shown", "forgotten"])
def test_a_run_that_the_index_has_lost_is_looked_for_in_all_of_it(ledger, monkeypatch, tmp_path, is_forgotten):
    monkeypatch.setattr(checked_file, "_WORTH_B", 1)
    ledger.runs()
    ledger.close()
    (file,) = tmp_path.glob("index-*.sqlite")
    file.write_bytes(file.read_bytes().replace(b"bert-12", b"zert-12"))
    CheckedFile(str(file)).remember()
    if is_forgotten:
        assert len(ledger.forget("bert-12", dry_run=False)) == 1
    else:
        assert ledger.run("bert-12").run_id == "bert-12"
    assert sorted(run.run_id for run in ledger.runs()) == ["bert-1", *([] if is_forgotten else ["bert-12"]), "gpt", "last"]


def test_a_mistyped_id_is_answered_without_a_look_at_the_whole_index_and_with_what_was_probably_meant(ledger, monkeypatch):
    monkeypatch.setattr(checked_file, "_WORTH_B", 1)
    looked = []
    monkeypatch.setattr(index_file, "_check_content", looked.append)
    monkeypatch.setattr(ledger_reader, "looked_twice", partial(always_in_doubt, ledger, ledger_reader.looked_twice))
    for id, hint in (
        ("bret-12", "did you mean bert-12? list"),
        ("Bert-1", "did you mean bert-1? list"),
        ("BeRT-12", "did you mean bert-12? list"),
        ("bert-2", "did you mean bert-1 or bert-12? list"),
        ("brt", "list all with"),
        ("zzz", "list all with"),
        ("", "list all with"),
    ):
        with pytest.raises(NotFoundError) as raised:
            ledger.full_id(id)
        assert raised.value.hint.startswith(hint)
    assert looked == []


def always_in_doubt(ledger, real, *given, **named):
    """Let the whole index have been looked through long ago."""
    ledger.index._connection.was_looked_through = lambda **_: False
    return real(*given, **named)


def test_a_run_that_is_gone_is_said_so(ledger):
    with pytest.raises(NotFoundError, match="no run 'gone'"):
        ledger.found("gone")


def test_what_answers_is_for_the_kinds_of_ledger_to_say():
    for ask in (LedgerReader.runs, lambda reader: next(reader.each_run())):
        with pytest.raises(NotImplementedError), LedgerReader() as reader:
            ask(reader)
