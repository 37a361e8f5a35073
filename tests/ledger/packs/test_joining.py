"""Small journals of imported runs become one, and every run stays as it was, whatever dies, fills up or writes meanwhile."""

import errno
import json
import os
import shutil
import signal
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from journals import WALL_S, lines_of, write_lines
from packed_stores import files_in, killed_at, no_lock, write_run
from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.evidence.audit import audit
from traincarbon.evidence.seals import verify
from traincarbon.ledger import index_progress
from traincarbon.ledger.packs import compacting, joining, resting
from traincarbon.ledger.packs.resting import SmallImport
from traincarbon.ledger.record import merge
from traincarbon.ledger.store import Ledger

pytest.importorskip("pyarrow")


def record(run_id, **who):
    return merge(lines_of(run_id=run_id, **who), now_s=WALL_S)


def imported(store, *run_ids, **who):
    """Import each run by itself, as a job does that imports what it finds each hour."""
    with Ledger(store) as ledger:
        for run_id in run_ids:
            assert ledger.add([record(run_id, **who)]) == [run_id]
    return str(store)


def records(store):
    return {run.run_id: run.to_dict() for run in runs.list(store=store)}


def seals(store):
    return [(run.run_id, run.seal, run.digest, [each.lines for each in run.journals]) for run in verify(store=store)]


def lines_in(store):
    return sorted(line for name in files_in(store) for line in Path(store, "journals", name).read_bytes().splitlines())


@pytest.fixture
def store(tmp_path):
    return imported(tmp_path / "store", "one", "two", "three", "four")


@pytest.fixture
def of_two(monkeypatch):
    """Let a journal be full with two records."""
    monkeypatch.setattr(resting, "RECORDS_OF_A_JOURNAL", 2)
    monkeypatch.setattr(joining, "RECORDS_OF_A_JOURNAL", 2)


def test_records_lines_and_seals_are_the_same_in_one_file_and_one_folder(store):
    before, sealed, lines = records(store), seals(store), lines_in(store)
    size_b = sum(os.path.getsize(os.path.join(store, "journals", name)) for name in files_in(store))
    found = runs.compact(store=store)
    assert (found.joined, found.removed, found.left) == ((4, 1, size_b), 0, ())
    assert len(files_in(store)) == len(os.listdir(os.path.join(store, "journals"))) == 1
    assert (records(store), seals(store), lines_in(store)) == (before, sealed, lines)
    for name in os.listdir(store):
        if name.startswith("index-"):
            os.remove(os.path.join(store, name))
    assert (records(store), seals(store)) == (before, sealed)
    again = runs.compact(store=store)
    assert (again.joined, [each.reason for each in again.left]) == ((0, 0, 0), ["imported"])
    assert lines_in(store) == lines


def test_exports_are_the_same_but_for_the_name_of_the_file(store):
    def contents():
        with zipfile.ZipFile(BytesIO(audit("two", store=store))) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}
        (journal,) = [found.pop(name) for name in list(found) if name.startswith("journals/")]
        found.pop("manifest.json")
        return journal, found

    before, exported = contents(), runs.export(store=store, format="csv")
    runs.compact(store=store)
    assert contents() == before
    assert runs.export(store=store, format="csv") == exported


def test_a_run_is_forgotten_and_imported_again_as_before(store):
    runs.compact(store=store)
    with Ledger(store) as ledger:
        assert ledger.add([record("two")]) == []
        ledger.forget("two", dry_run=False)
        assert {run.run_id for run in ledger.runs()} == {"one", "three", "four"}
        assert ledger.add([record("two")]) == ["two"]
    assert set(records(store)) == {"one", "two", "three", "four"}


def test_a_dry_run_says_what_would_be_joined_and_writes_nothing(store):
    names = files_in(store)
    found = runs.compact(store=store, dry_run=True)
    assert ((found.joined.journals, found.joined.files), found.left, files_in(store)) == ((4, 1), (), names)
    assert json.loads(json.dumps(found.to_dict()))["joined"] == found.joined._asdict()


@pytest.mark.usefixtures("of_two")
def test_full_journals_and_one_alone_stay(tmp_path):
    store = imported(tmp_path, "one", "two", "three")
    assert runs.compact(store=store).joined[:2] == (2, 1)
    names = files_in(store)
    found = runs.compact(store=store)
    assert (found.joined, sorted(each.journal for each in found.left), files_in(store)) == ((0, 0, 0), names, names)
    assert [each.journal for each in runs.compact(store=store, dry_run=True).left] == [each.journal for each in found.left]


@pytest.mark.usefixtures("of_two")
def test_groups_fill_journals_by_records_and_by_size(monkeypatch):
    small = [SmallImport(str(number), "a.jsonl", 10, 0, 1) for number in range(5)]
    assert [len(group) for group in joining.groups_of(small)] == [2, 2, 1]
    monkeypatch.setattr(joining, "SMALL_B", 15)
    assert [len(group) for group in joining.groups_of(small)] == [1] * 5
    assert list(joining.groups_of([])) == []


def test_a_run_that_was_imported_and_metered_keeps_both(store):
    write_run(store, "one")
    before = records(store)
    assert runs.compact(store=store).joined.journals == 4
    assert records(store) == before


def test_records_of_one_run_that_differ_all_stay(tmp_path):
    store = imported(tmp_path, "one", "two")
    imported(store, "one", intervals=6)
    before = records(store)
    assert before["one"]["duration_s"] == 30.0
    assert runs.compact(store=store).joined[:2] == (3, 1)
    assert (records(store), len(lines_in(store))) == (before, 3)
    with Ledger(store) as ledger:
        assert ledger.add([record("one"), record("one", intervals=6)]) == []


@pytest.mark.usefixtures("of_two")
def test_a_record_that_was_copied_back_is_not_kept_twice(tmp_path):
    store = imported(tmp_path / "store", "one", "two", "three")
    shutil.copytree(store, tmp_path / "copy")
    runs.compact(store=store)
    before, lines = records(store), lines_in(store)
    shutil.copytree(tmp_path / "copy" / "journals", os.path.join(store, "journals"), dirs_exist_ok=True)
    assert records(store) == before
    assert runs.compact(store=store).joined[1] == 0
    assert (records(store), lines_in(store)) == (before, lines)


def test_merging_what_was_joined_copies_nothing(tmp_path, store):
    shutil.copytree(store, tmp_path / "copy")
    runs.compact(store=store)
    names = files_in(store)
    with Ledger(store) as ledger:
        assert ledger.merge([tmp_path / "copy"])[:3] == (4, 0, 4)
    assert files_in(store) == names
    with Ledger(tmp_path / "copy") as ledger:
        assert ledger.merge([store])[:3] == (4, 0, 1)
        assert ledger.merge([imported(tmp_path / "other", "five")])[:3] == (1, 1, 0)


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-40], lambda text: text.replace(b'"state"', b'"stale"'), lambda text: text + b"\n", lambda text: text + b"{}\n"]
)
def test_a_journal_that_is_damaged_stays_as_it_is(store, damage):
    odd = os.path.join(store, "journals", files_in(store)[1])
    Path(odd).write_bytes(damage(Path(odd).read_bytes()))
    content, before, faults = Path(odd).read_bytes(), records(store), Ledger(store).faults()
    runs.compact(store=store)
    assert (records(store), Ledger(store).faults()) == (before, faults)
    assert Path(odd).read_bytes() == content


def test_two_records_of_one_name_that_differ_are_not_joined(store):
    one, two, *_ = (os.path.join(store, "journals", name) for name in files_in(store))
    line = json.loads(Path(one).read_bytes())
    line.pop("sum")
    line["record"]["duration_s"] = 77.0
    write_lines(two, [line])
    before = records(store)
    found = runs.compact(store=store)
    assert [each.detail for each in found.left] == ["another journal has a different record of the same name"] * 2
    assert (found.joined.journals, len(files_in(store)), records(store)) == (2, 3, before)
    imported(store, "five")
    joined = runs.compact(store=store).joined
    assert (joined.journals, set(records(store))) == (2, {*before, "five"})


@pytest.mark.usefixtures("of_two")
def test_a_record_that_a_full_journal_states_differently_stays(tmp_path):
    store = imported(tmp_path, "one", "two")
    runs.compact(store=store)
    (full,) = files_in(store)
    line = json.loads(Path(store, "journals", full).read_bytes().splitlines()[0])
    line.pop("sum")
    line["record"]["duration_s"] = 77.0
    write_lines(os.path.join(store, "journals", "import-0-1", "import-0-1.jsonl"), [line])
    before = records(store)
    assert [each.detail for each in runs.compact(store=store).left] == ["", "another journal has a different record of the same name"]
    assert (records(store), len(files_in(store))) == (before, 2)


def test_a_journal_that_changes_while_it_is_joined_stays_and_counts_once(store, monkeypatch):
    grown = os.path.join(store, "journals", files_in(store)[0])
    before, real = records(store), joining._check

    def slow(*given):
        real(*given)
        with open(grown, "ab") as stream:
            stream.write(b"\n")

    monkeypatch.setattr(joining, "_check", slow)
    assert runs.compact(store=store).joined.journals == 3
    assert (os.path.exists(grown), records(store)) == (True, before)


@pytest.mark.parametrize("broken", ["write_synced", "_check"])
def test_a_full_disk_is_an_error_and_leaves_everything_as_it_was(store, monkeypatch, broken):
    names, before = files_in(store), records(store)
    monkeypatch.setattr(joining, broken, full)
    with pytest.raises(CarbonError, match="cannot join journals of imported runs in .*: No space left"):
        runs.compact(store=store)
    assert (files_in(store), records(store)) == (names, before)
    assert sorted(os.listdir(os.path.join(store, "journals"))) == [os.path.dirname(name) for name in names]


def test_what_does_not_read_back_is_not_kept(store, monkeypatch):
    names, real = files_in(store), joining.write_synced
    monkeypatch.setattr(joining, "write_synced", lambda file, content, *, mode: real(file, content[:-1], mode=mode))
    with pytest.raises(CarbonError, match="what was written does not read back"):
        runs.compact(store=store)
    assert files_in(store) == names


STEPS = 13
"""Writes, renamings and removals of a compaction that joins three journals."""


@pytest.mark.parametrize("step", range(1, 16))
def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(tmp_path, step):
    store = imported(tmp_path, "one", "two", "three")
    before, lines = records(store), lines_in(store)
    found = killed_at(step, "runs.compact(store=sys.argv[3])", store, before=("replace", "fsync", "remove", "mkdir", "rmdir", "write"))
    assert found.returncode == (0 if step > STEPS else -signal.SIGKILL), found.stderr
    assert records(store) == before
    assert set(lines_in(store)) == set(lines)
    runs.compact(store=store)
    assert (records(store), lines_in(store)) == (before, lines)


def test_what_a_killed_process_left_is_cleared(store):
    journals = Path(store, "journals")
    (journals / ".import-1-2.part").write_bytes(b"{}")
    (journals / "import-1-2").mkdir()
    (journals / "import-1-3").mkdir()
    os.utime(journals / "import-1-2", (WALL_S - 1e6,) * 2)
    names = files_in(store)
    joining.clear_unfinished(str(journals))
    assert [name for name in files_in(store) if name in names] == [name for name in names if "part" not in name]
    assert not (journals / ".import-1-2.part").exists()
    assert [(journals / name).exists() for name in ("import-1-2", "import-1-3")] == [False, True]
    joining.clear_unfinished(str(journals / "none"))


def some(store):
    with Ledger(store) as ledger:
        return compacting.compact(ledger.store, ledger.index, most_b=1).joined[:2]


@pytest.mark.usefixtures("of_two")
def test_where_only_some_work_is_to_be_done_the_oldest_are_joined_into_one(store):
    assert [some(store) for _ in range(3)] == [(2, 1), (2, 1), (0, 0)]
    assert len(files_in(store)) == 2
    assert set(records(store)) == {"one", "two", "three", "four"}


def test_where_only_some_work_is_to_be_done_nothing_is_read_that_fits_into_no_other(store, monkeypatch):
    monkeypatch.setattr(joining, "RECORDS_OF_A_JOURNAL", 1)
    read = []
    monkeypatch.setattr(joining, "_read", lambda _, source, *__: read.append(source))
    assert some(store) == (0, 0)
    assert read == []


@pytest.mark.usefixtures("of_two")
def test_journals_that_cannot_be_joined_keep_no_others_back_where_only_some_work_is_to_be_done(tmp_path):
    store = imported(tmp_path, "one", "two", "three", "four")
    for name in sorted(files_in(store), key=lambda name: os.stat(os.path.join(store, "journals", name)).st_mtime_ns)[:2]:
        with open(os.path.join(store, "journals", name), "ab") as stream:
            stream.write(b"\n")
        os.utime(os.path.join(store, "journals", name), (WALL_S - 1e6,) * 2)
    assert some(store) == (2, 1)
    assert some(store) == (0, 0)
    assert set(records(store)) == {"one", "two", "three", "four"}


def full(*_, **__):
    """Fail as the system does where a disk is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_fills_up_after_something_was_packed_is_said_of_the_journals_that_stay(store, monkeypatch):
    write_run(store, "tracked")
    monkeypatch.setattr(joining, "write_synced", full)
    before = records(store)
    found = runs.compact(store=store)
    assert (found.removed, found.joined) == (1, (0, 0, 0))
    assert [("cannot join" in each.detail, "No space left" in each.detail) for each in found.left] == [(True, True)] * 4
    assert records(store) == before


@pytest.mark.usefixtures("of_two")
def test_a_disk_that_fills_up_after_something_was_joined_is_said_of_the_journals_that_stay(tmp_path, monkeypatch):
    store = imported(tmp_path, "one", "two", "three", "four", "five", "six")
    real, written = joining.write_synced, []

    def fills_up(*given, **rest):
        written.append(given)
        (real if len(written) == 1 else full)(*given, **rest)

    monkeypatch.setattr(joining, "write_synced", fills_up)
    before = records(store)
    found = runs.compact(store=store)
    assert (found.joined[:2], len(written)) == ((2, 1), 2)
    assert [bool(each.detail) for each in found.left] == [True, True, False, False]
    assert records(store) == before


def test_without_locks_nothing_is_joined_as_a_run_that_is_forgotten_meanwhile_would_come_back(store, monkeypatch):
    monkeypatch.setattr("fcntl.flock", no_lock)
    names = files_in(store)
    found = runs.compact(store=store)
    assert (found.joined, {each.detail for each in found.left}) == ((0, 0, 0), {"without locks, a run that is forgotten meanwhile could come back"})
    assert files_in(store) == names


def test_a_dry_run_says_of_copies_and_of_records_that_differ_what_is_done(store):
    names = files_in(store)
    shutil.copytree(os.path.join(store, "journals", os.path.dirname(names[0])), os.path.join(store, "journals", "import-0-0"))
    line = json.loads(Path(store, "journals", names[1]).read_bytes())
    line.pop("sum")
    line["record"]["duration_s"] = 77.0
    write_lines(os.path.join(store, "journals", "import-0-1", "import-0-1.jsonl"), [line])
    planned = runs.compact(store=store, dry_run=True)
    assert len(files_in(store)) == 6
    found = runs.compact(store=store)
    assert (planned.joined, planned.left) == (found.joined, found.left)
    assert (found.joined[:2], len(found.left)) == ((4, 1), 2)


@pytest.mark.usefixtures("of_two")
def test_a_dry_run_says_that_a_copy_of_what_a_full_journal_holds_goes(tmp_path):
    store = imported(tmp_path, "one", "two")
    (copied, _) = files_in(store)
    content = Path(store, "journals", copied).read_bytes()
    runs.compact(store=store)
    Path(store, "journals", copied).parent.mkdir()
    Path(store, "journals", copied).write_bytes(content)
    planned = runs.compact(store=store, dry_run=True)
    assert (planned.joined, len(files_in(store))) == ((1, 0, len(content)), 2)
    assert (runs.compact(store=store).joined, len(files_in(store))) == (planned.joined, 1)


def test_how_far_the_joining_is_is_told(store, monkeypatch):
    monkeypatch.setattr(index_progress, "_FIRST_S", 0.0)
    told = []
    runs.compact(store=store, progress=told.append)
    assert any(line.startswith("joining journals of imported runs: ") for line in told)


def test_long_texts_and_hostile_ids_are_joined_like_any_other(tmp_path):
    hostile = ["'; DROP TABLE runs; --", "a/../../b", "nul\0byte", "é😀", "x" * 300, '","seq":', "month=2026-11"]
    with Ledger(tmp_path) as ledger:
        for run_id in hostile:
            ledger.add([replace(record(run_id), argv=("x" * 3000,))])
    before = records(tmp_path)
    assert len(before) == len(hostile)
    assert runs.compact(store=tmp_path).joined[:2] == (len(hostile), 1)
    assert records(tmp_path) == before
