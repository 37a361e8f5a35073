"""Whatever dies while journals are taken out of a pack, lists and questions in SQL count the same runs, and the others stay whole."""

import os
import signal

import pytest

from packed_stores import BEGAN_S, files_in, killed_at, write_run
from traincarbon import runs
from traincarbon.evidence.seals import verify
from traincarbon.ledger.packs.generations import current_lines, current_lines_of, finish_removal, next_lines, settle

pytest.importorskip("pyarrow")

FORGETS = "runs.forget(sys.argv[4:], dry_run=False, store=sys.argv[3])"


def counted(store):
    """Return the runs that SQL counts, each with its number of ends."""
    return dict(runs.query("SELECT run_id, count(*) FILTER (kind = 'end') FROM intervals GROUP BY ALL", store=store).rows)


def aged_folder(store):
    """Let the index trust the folder of the pack, as it does one that has not changed for some seconds."""
    (folder,) = [entry.path for entry in os.scandir(os.path.join(store, "journals"))]
    os.utime(folder, (BEGAN_S, BEGAN_S))
    runs.list(store=store)


@pytest.mark.parametrize("forgotten", [("one",), ("one", "two")])
@pytest.mark.parametrize("step", range(1, 14))
def test_a_kill_at_any_step_leaves_lists_and_questions_that_agree(tmp_path, forgotten, step):
    store = str(tmp_path)
    write_run(store, "one")
    write_run(store, "two", writer="b2-8-2")
    runs.compact(store=store)
    aged_folder(store)
    code = killed_at(step, FORGETS, store, *forgotten, before=("replace", "fsync", "remove", "rmdir")).returncode
    assert code in {0, -signal.SIGKILL}
    assert (code == 0) == (step > (12 if len(forgotten) == 1 else 6))
    listed = {run.run_id for run in runs.list(store=store)}
    assert counted(store) == dict.fromkeys(listed, 1)
    assert {run.seal for run in verify(store=store)} <= {"intact"} if listed else not listed
    left = [run_id for run_id in forgotten if run_id in listed]
    if left:
        runs.forget(left, dry_run=False, store=store)
    write_run(store, "three", writer="c3-9-3")
    runs.compact(store=store)
    names = {"one", "two", "three"} - {*forgotten}
    assert counted(store) == dict.fromkeys(names, 1)
    assert {run.run_id for run in runs.list(store=store)} == names
    assert all(name.endswith((".jsonl", ".parquet")) for name in files_in(store))
    assert len(files_in(store)) == 2 * len(names)


def test_lines_wait_for_their_summaries_alone(tmp_path):
    pack = tmp_path / "a.jsonl"
    pack.write_bytes(b"old\n")
    (tmp_path / "a.parquet").write_bytes(b"old lines")
    waiting = next_lines(str(pack), b"new\n")
    with open(waiting, "wb") as stream:
        stream.write(b"new lines")
    assert current_lines(str(pack)) == str(tmp_path / "a.parquet")
    pack.write_bytes(b"new\n")
    assert current_lines(str(pack)) == waiting
    assert current_lines_of([str(pack), str(tmp_path / "none.jsonl")]) == [waiting]
    settle(str(pack))
    assert sorted(os.listdir(tmp_path)) == ["a.jsonl", "a.parquet"]
    assert (tmp_path / "a.parquet").read_bytes() == b"new lines"


def test_lines_that_wait_for_summaries_that_never_came_are_removed(tmp_path):
    pack = tmp_path / "a.jsonl"
    pack.write_bytes(b"old\n")
    (tmp_path / "a.parquet").write_bytes(b"old lines")
    with open(next_lines(str(pack), b"new\n"), "wb") as stream:
        stream.write(b"new lines")
    settle(str(pack))
    assert (tmp_path / "a.parquet").read_bytes() == b"old lines"
    assert sorted(os.listdir(tmp_path)) == ["a.jsonl", "a.parquet"]


def test_what_is_left_of_a_removed_pack_goes_unless_it_was_copied_again(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f".{name}.jsonl.gone").write_bytes(b"old")
        (tmp_path / f"{name}.parquet").write_bytes(b"lines")
        (tmp_path / "b.jsonl").write_bytes(b"new")
        finish_removal(str(tmp_path / f".{name}.jsonl.gone"))
    assert sorted(os.listdir(tmp_path)) == ["b.jsonl", "b.parquet"]


def test_a_pack_whose_name_goes_on_is_another_one(tmp_path):
    for name in ("a", "a.b"):
        (tmp_path / f"{name}.jsonl").write_bytes(b"new\n")
        with open(next_lines(str(tmp_path / f"{name}.jsonl"), b"new\n"), "wb") as stream:
            stream.write(name.encode())
    settle(str(tmp_path / "a.jsonl"))
    assert (tmp_path / "a.parquet").read_bytes() == b"a"
    with open(current_lines(str(tmp_path / "a.b.jsonl")), "rb") as stream:
        assert stream.read() == b"a.b"
