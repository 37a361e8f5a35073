"""The ledger: runs found by a part of their id, merged, imported and forgotten, the journals untouched until told."""

import json
import os
import shutil

import pytest

from journals import lines_of, write_lines
from traincarbon.errors import AmbiguousError, CarbonError, NotFoundError
from traincarbon.ledger import index_progress
from traincarbon.ledger import store as module
from traincarbon.ledger.journal import new_journal, run_folder
from traincarbon.ledger.record import read_run
from traincarbon.ledger.run import Run
from traincarbon.ledger.store import Ledger


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "store") as opened:
        yield opened


def write_run(store, run_id, *, name="a1-7-1", **rest):
    return write_lines(os.path.join(run_folder(str(store), run_id), f"{name}.jsonl"), lines_of(run_id=run_id, writer=name, **rest))


def record(run_id, **rest):
    return Run.from_dict(
        {"schema": "traincarbon/run/1", "run_id": run_id, "state": "finished", "duration_s": 5.0, "started_at": "2026-11-24T10:00:00Z", **rest}
    )


def test_a_ledger_without_a_store_is_empty_and_makes_nothing_of_the_journals(ledger):
    assert ledger.runs() == []
    assert not os.path.exists(os.path.join(ledger.store, "journals"))


def test_a_run_is_found_by_its_id_by_a_beginning_that_only_it_has_and_as_the_last(ledger):
    for number, run_id in enumerate(["bert", "bert-large", "gpt"]):
        write_run(ledger.store, run_id, begin_s=100.0 * number)
    assert [ledger.run(id).run_id for id in ("bert", "bert-", "g", "last")] == ["bert", "bert-large", "gpt", "gpt"]


def test_a_beginning_of_several_names_them_and_one_of_none_says_where_to_look(ledger):
    for number in range(9):
        write_run(ledger.store, f"bert-{number}", begin_s=100.0 * number)
    with pytest.raises(AmbiguousError, match="9 runs begin with 'bert'") as raised:
        ledger.run("bert")
    assert raised.value.hint == "use one of bert-8, bert-7, bert-6, bert-5, bert-4 and 4 more"
    for id in ("gpt", ""):
        with pytest.raises(NotFoundError, match="no run") as missing:
            ledger.run(id)
        assert "carbon runs list" in missing.value.hint


@pytest.mark.parametrize("run_id", ["'; DROP TABLE runs; --", "<script>alert(1)</script>", "x" * 2000, "a/../../b", "\u202eevil", "nul\0byte", "%", "_", "é😀"])
def test_a_hostile_id_is_an_id_like_any_other(ledger, run_id):
    write_run(ledger.store, "other")
    write_run(ledger.store, run_id, begin_s=50.0)
    assert ledger.run(run_id).run_id == run_id
    assert ledger.run("last").run_id == run_id
    (file,) = ledger.forget(run_id, dry_run=False)
    assert not os.path.exists(file)
    assert [one.run_id for one in ledger.runs()] == ["other"]


def test_forgetting_shows_first_and_removes_only_when_told(ledger):
    files = [write_run(ledger.store, "one"), write_run(ledger.store, "one", name="a1-8-2", begin_s=100.0)]
    kept = write_run(ledger.store, "two")
    assert ledger.forget("one") == sorted(files)
    assert all(os.path.exists(file) for file in files)
    assert ledger.forget("one", dry_run=False) == sorted(files)
    assert not os.path.exists(os.path.dirname(files[0]))
    assert os.path.exists(kept)
    assert [one.run_id for one in ledger.runs()] == ["two"]


def test_a_run_that_runs_is_not_forgotten(ledger):
    journal = new_journal(ledger.store, "live")
    journal.write("start", {})
    with pytest.raises(CarbonError, match="is running"):
        ledger.forget("live", dry_run=False)
    assert os.path.exists(journal.file)


def test_a_file_that_holds_another_run_too_is_not_removed(ledger):
    file = write_lines(os.path.join(ledger.store, "journals", "x", "x.jsonl"), [*lines_of(run_id="one"), *lines_of(run_id="two")])
    with pytest.raises(CarbonError, match="also holds run 'two'"):
        ledger.forget("one", dry_run=False)
    assert os.path.exists(file)


def test_the_stores_of_several_nodes_become_one_run(ledger, tmp_path):
    for number in range(3):
        write_run(tmp_path / f"node{number}", "big", node=f"n{number}", name=f"n{number}-7-1", devices=("gpu:0", "gpu:1"))
    merged = ledger.merge([tmp_path / f"node{number}" for number in range(3)])
    assert (merged.runs, merged.copied, merged.unchanged, merged.faults) == (1, 3, 0, ())
    (run,) = ledger.runs()
    assert (run.nodes, run.accelerators, run.energy_j["gpu"], run.duration_s) == (3, 6, 9000.0, 15.0)
    again = ledger.merge([tmp_path / "node0", tmp_path / "node1"])
    assert (again.copied, again.unchanged) == (0, 2)
    assert ledger.runs() == [run]


def test_merging_takes_what_grew_since_and_nothing_that_is_shorter(ledger, tmp_path):
    part, whole = tmp_path / "part", tmp_path / "whole"
    lines = lines_of(run_id="r", intervals=5)
    write_lines(part / "journals" / "r" / "x.jsonl", lines[:3])
    write_lines(whole / "journals" / "r" / "x.jsonl", lines)
    assert ledger.merge([part]).copied == 1
    assert ledger.merge([whole]).copied == 1
    assert ledger.merge([part]).unchanged == 1
    assert (ledger.run("r").energy_j["gpu"], ledger.run("r").state) == (2500.0, "finished")


def test_files_of_one_name_that_differ_are_both_kept(ledger, tmp_path):
    for store, process in (("one", 1), ("two", 2)):
        write_lines(tmp_path / store / "x.jsonl", lines_of(run_id="r", process=process, begin_s=100.0 * process))
    assert ledger.merge([tmp_path / "one", tmp_path / "two"]).copied == 2
    assert ledger.merge([tmp_path / "two"]).unchanged == 1
    assert (ledger.run("r").energy_j["gpu"], ledger.run("r").restarts) == (3000.0, 1)


def test_a_file_of_several_runs_is_merged_for_each(ledger, tmp_path):
    write_lines(tmp_path / "mixed" / "x.jsonl", [*lines_of(run_id="a"), *lines_of(run_id="b")])
    ledger.merge([tmp_path / "mixed"])
    assert {run.run_id for run in ledger.runs()} == {"a", "b"}


def test_what_is_no_journal_is_left_out_and_named(ledger, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "data.jsonl").write_text('{"text": "training data"}\n')
    merged = ledger.merge([tmp_path / "other"])
    assert (merged.copied, merged.faults) == (0, (f"{tmp_path / 'other' / 'data.jsonl'}: it is not a journal",))
    with pytest.raises(NotFoundError, match="no folder"):
        ledger.merge([tmp_path / "nowhere"])


def test_a_copy_that_the_disk_has_no_room_for_is_an_error_and_leaves_nothing(ledger, tmp_path, monkeypatch):
    write_run(tmp_path / "other", "one")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_PIECE_B", 10)
    monkeypatch.setattr(module.Progress, "add", lambda _, read_b: full(read_b))
    with pytest.raises(CarbonError, match="No space left on device"):
        ledger.merge([tmp_path / "other"])
    assert not any(files for _, _, files in os.walk(run_folder(ledger.store, "one")))


def test_a_journal_that_may_not_be_read_is_left_out_and_said_to_be(ledger, tmp_path, monkeypatch):
    file = write_run(tmp_path / "other", "one")
    monkeypatch.setattr(module.os, "access", lambda *_: False)
    monkeypatch.setattr(module, "read_lines", lambda _: iter([(None, "one.jsonl: Permission denied", 0)]))
    assert ledger.merge([tmp_path / "other"]).faults == (f"{file}: no permission to read it",)


def test_a_store_merged_into_itself_stays_as_it_is(ledger):
    write_run(ledger.store, "one")
    assert ledger.merge([ledger.store]).copied == 0


def test_imported_records_are_runs_and_come_in_once(ledger):
    one = record("one", energy_j={"gpu": 3.6e6}, how={"gpu": "counter"}, cost_usd={"low": 1.0, "median": 2.0, "high": 3.0})
    assert ledger.add([one, record("two")]) == ["one", "two"]
    assert ledger.add([one]) == []
    assert ledger.run("one").to_dict() == one.to_dict()
    assert ledger.forget("one", dry_run=False)
    assert [run.run_id for run in ledger.runs()] == ["two"]


def test_a_dry_run_of_an_import_says_what_is_new_and_writes_nothing(ledger):
    ledger.add([record("one")])
    assert ledger.add([record("one"), record("two")], dry_run=True) == ["two"]
    assert [run.run_id for run in ledger.runs()] == ["one"]


def test_of_two_imports_that_know_as_much_the_later_counts(ledger):
    for hw in ("z100", "a100", "m100"):
        ledger.add([record("one", hw=hw)])
    assert ledger.run("one").hw == "m100"


def test_a_run_with_journals_of_its_own_keeps_what_they_say(ledger):
    write_run(ledger.store, "one")
    ledger.add([record("one", hw="elsewhere")])
    assert ledger.run("one").hw == "box"


def test_a_store_that_cannot_be_written_takes_no_import(tmp_path):
    (tmp_path / "journals").write_text("a file in the way")
    with Ledger(tmp_path) as ledger, pytest.raises(CarbonError, match="Not a directory") as raised:
        ledger.add([record("one")])
    assert "--store" in raised.value.hint


def test_a_store_that_was_copied_elsewhere_says_the_same(ledger, tmp_path):
    for number in range(5):
        write_run(ledger.store, f"run-{number}", begin_s=10.0 * number)
    runs = ledger.runs()
    shutil.copytree(ledger.store, tmp_path / "copy")
    with Ledger(tmp_path / "copy") as copy:
        assert copy.runs() == runs


def test_merging_that_takes_long_tells_how_far_it_is(tmp_path, monkeypatch):
    for run_id in ("one", "two"):
        write_run(str(tmp_path / "other"), run_id)
    monkeypatch.setattr(index_progress, "_FIRST_S", -1.0)
    monkeypatch.setattr(index_progress, "_EVERY_S", 0.0)
    monkeypatch.setattr(module, "_PIECE_B", 1000)
    for copied in (2, 0):
        told = []
        with Ledger(tmp_path / "store", progress=told.append) as ledger:
            assert ledger.merge([tmp_path / "other"]).copied == copied
        told = [line for line in told if not line.startswith("reading journals")]  # into the index
        assert all(line.startswith("merging journals: 0 of 0 MB") for line in told)
        assert len(told) > 2 if copied else len(told) == 2
    for name in ("one", "two"):
        (file,) = (tmp_path / "other" / "journals" / name).iterdir()
        assert (tmp_path / "store" / "journals" / name / file.name).read_bytes() == file.read_bytes()


def test_pipes_and_devices_in_a_store_or_a_folder_to_merge_block_nothing(ledger, tmp_path):
    write_run(ledger.store, "mine")
    other = tmp_path / "other"
    write_run(str(other), "theirs")
    write_run(str(other), "mine", intervals=1)
    for folder in (other / "journals" / "theirs", tmp_path / "store" / "journals" / "mine"):
        os.mkfifo(folder / "pipe.jsonl")
        os.symlink("/dev/zero", folder / "zero.jsonl")
    os.mkfifo(other / "salt")
    (tmp_path / "store" / "journals" / "theirs").mkdir()
    os.mkfifo(tmp_path / "store" / "journals" / "theirs" / "a1-7-1.jsonl")
    merged = ledger.merge([other])
    assert (merged.runs, len(merged.faults)) == (2, 3)
    assert {run.run_id for run in ledger.runs()} == {"mine"}
    with Ledger(other) as theirs:
        assert {run.run_id for run in theirs.runs()} == {"mine", "theirs"}
    assert read_run(ledger.store, "mine") is not None


def test_a_record_whose_journal_became_a_pipe_is_written_again(ledger):
    ledger.add([record("one")])
    (folder,) = (folder for folder in os.scandir(os.path.join(ledger.store, "journals")))
    (file,) = os.scandir(folder.path)
    os.remove(file.path)
    os.mkfifo(file.path)
    assert ledger.add([record("one")]) == ["one"]
    assert [run.run_id for run in ledger.runs()] == ["one"]


def test_journals_of_imported_runs_are_merged_once_and_count_all_their_runs(ledger, tmp_path):
    with Ledger(tmp_path / "other") as other:
        other.add([record("one"), record("two")])
        other.add([record("three")])
    merged = ledger.merge([tmp_path / "other"])
    assert (merged.runs, merged.copied, merged.unchanged, merged.faults) == (3, 2, 0, ())
    assert ledger.merge([tmp_path / "other"]).copied == 0
    assert ledger.add([record("one"), record("two"), record("three")]) == []
    assert len(ledger.runs()) == 3


def test_the_same_record_in_several_journals_counts_once(ledger, tmp_path):
    ledger.add([record("one"), record("two")])
    with Ledger(tmp_path / "other") as other:
        other.add([record("two"), record("three")])
    ledger.merge([tmp_path / "other"])
    assert {run.run_id: run.to_dict() for run in ledger.runs()} == {name: record(name).to_dict() for name in ("one", "two", "three")}
    assert len(ledger.forget("two")) == 2
    ledger.forget("two", dry_run=False)
    assert sorted(run.run_id for run in ledger.runs()) == ["one", "three"]


@pytest.mark.parametrize("change", [{"record": {**record("one").to_brief(), "duration_s": 77.0}}, {"run_id": "two"}], ids=["record", "run"])
def test_merging_a_record_that_differs_under_the_same_writer_drops_it_not(ledger, tmp_path, change):
    ledger.add([record("one")])
    shutil.copytree(ledger.store, tmp_path / "other")
    (file,) = (tmp_path / "other" / "journals").glob("*/*.jsonl")
    (line,) = map(json.loads, file.read_text().splitlines())
    line.pop("sum")
    write_lines(str(file), [line | change])
    assert ledger.merge([tmp_path / "other"])[1:] == (1, 0, ())
    lines = [json.loads(path.read_text()) for path in (tmp_path / "store" / "journals").glob("*/*.jsonl")]
    assert sorted((each["run_id"], each["record"]["duration_s"]) for each in lines) == sorted(
        [("one", 5.0), (change.get("run_id", "one"), change.get("record", {}).get("duration_s", 5.0))]
    )
    assert ledger.merge([tmp_path / "other"])[1:] == (0, 1, ())


def test_a_store_that_is_a_file_or_a_pipe_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    for name in ("file", "pipe"):
        with pytest.raises(CarbonError, match="is not a folder"):
            Ledger(tmp_path / name)


def test_questions_to_a_store_in_which_nothing_was_recorded_write_nothing(tmp_path):
    store = tmp_path / "store"
    for is_there in (False, True):
        if is_there:
            store.mkdir()
        with Ledger(store) as ledger:
            assert (ledger.runs(), ledger.faults(), ledger.index.ids("")) == ([], [], [])
            with pytest.raises(NotFoundError):
                ledger.run("last")
        assert list(tmp_path.rglob("*")) == ([store] if is_there else [])


def test_what_is_recorded_while_a_ledger_without_runs_is_open_is_found_and_has_an_index_on_disk(tmp_path):
    with Ledger(tmp_path) as ledger:
        assert ledger.runs() == []
        write_run(tmp_path, "one")
        assert [run.run_id for run in ledger.runs()] == ["one"]
    assert list(tmp_path.glob("index-*.sqlite"))


def test_each_run_is_read_by_itself_in_the_order_of_the_list(tmp_path):
    with Ledger(tmp_path) as ledger:
        ledger.add([record(f"r{number}", started_at=f"2026-11-0{number % 3 + 1}T00:00:00Z") for number in range(7)])
        assert [run.to_dict() for run in ledger.each_run()] == [run.to_dict() for run in ledger.runs()]
        found = ledger.each_run()
        next(found)
        ledger.forget("r0", dry_run=False)
        assert "r0" not in [run.run_id for run in found]
