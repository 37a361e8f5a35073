"""Lines that a store does not take are kept in the first spare store that does, and removed from it once the store has them."""

import os

import pytest

from traincarbon.ledger.journal import Journal
from traincarbon.ledger.record import read_run
from traincarbon.ledger.spare_store import SpareFile, SpareJournal, spare_stores, unsaved_journals


class Failing:
    """A file that cannot be written while ``fails`` is set."""

    def __init__(self, path):
        from traincarbon.ledger.appended_file import AppendedFile

        self.fails = False
        self.file = AppendedFile(path)

    end_b = None

    def append(self, line, *, head=()):
        if self.fails:
            raise OSError(28, "No space left on device")
        self.file.append(line, head=head)

    def close(self):
        self.file.close()


@pytest.fixture
def spares(tmp_path):
    (tmp_path / "file").write_text("")
    return [str(tmp_path / "file" / "no"), str(tmp_path / "spare")]


@pytest.fixture
def journal(tmp_path, spares):
    path = "journals/r/a1-7.jsonl"
    opened = []
    spare = SpareJournal(path, stores=spares)
    made = Journal(str(tmp_path / "store" / path), run_id="r", node="a1", process=7, opens=lambda at: opened.append(Failing(at)) or opened[0], spare=spare)
    return made, opened[0]


def interval(energy_j, to_s):
    return {"session": "s", "from_s": 0.0, "to_s": to_s, "devices": {"gpu:0": {"part": "gpu", "how": "counter", "energy_j": energy_j}}}


def test_what_the_store_does_not_take_is_in_the_spare_store_with_the_start(journal, spares):
    journal, file = journal
    journal.write("start", {"session": "s", "argv": ["train"]})
    file.fails = True
    assert not journal.write("interval", interval(10.0, 1.0))
    assert not journal.write("interval", interval(30.0, 2.0))
    journal.close()
    assert journal.kept_in == spares[1]
    record = read_run(spares[1], "r")
    assert (record.energy_j["gpu"], record.argv) == (30.0, ("train",))
    assert len(list(unsaved_journals(spares[1]))) == 1


def test_merged_with_what_the_store_has_nothing_counts_twice(journal, spares, tmp_path):
    from traincarbon.ledger.store import Ledger

    journal, file = journal
    journal.write("start", {"session": "s", "argv": ["train"]})
    journal.write("interval", interval(10.0, 1.0))
    file.fails = True
    journal.write("interval", interval(30.0, 2.0))
    journal.write("end", {"session": "s", "exit_code": 0, "from_s": 0.0, "to_s": 2.0})
    journal.close()
    with Ledger(tmp_path / "store") as ledger:
        assert ledger.run("r").energy_j["gpu"] == 10.0
        ledger.merge([spares[1]])
        record = ledger.run("r")
    assert (record.energy_j["gpu"], record.state) == (30.0, "finished")


def test_once_the_store_has_all_lines_the_spare_store_is_removed(journal, spares, tmp_path):
    journal, file = journal
    file.fails = True
    journal.write("start", {"session": "s"})
    assert journal.kept_in == spares[1]
    file.fails = False
    assert journal.write("interval", interval(10.0, 1.0))
    assert journal.kept_in == ""
    assert not os.path.exists(spares[1])
    assert read_run(str(tmp_path / "store"), "r").energy_j["gpu"] == 10.0


def test_where_no_spare_store_takes_them_none_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    spare = SpareJournal("journals/r/a.jsonl", stores=[str(tmp_path / "file" / "no")])
    spare.keep([b"line\n"], head=[])
    assert spare.store == ""


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="there are no owners here")
def test_a_folder_that_others_can_enter_or_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "open").mkdir(mode=0o777)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "mine").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    for name in ("open", "link"):
        store = str(tmp_path / name)
        with pytest.raises(PermissionError):
            SpareFile(store, os.path.join(store, "journals", "r", "a.jsonl")).append(b"line\n")
        assert list(unsaved_journals(store)) == []


def test_the_first_spare_store_is_below_the_users_data(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", "relative")
    found = spare_stores()
    assert found[0] == str(tmp_path / "traincarbon" / "unsaved")
    assert len(found) >= 3
    assert all(map(os.path.isabs, found))
