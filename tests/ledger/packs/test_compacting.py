"""Packing loses nothing: the same records, digests and joules, whatever dies, fills up or writes meanwhile."""

import errno
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from packed_stores import BEGAN_S, aged, files_in, killed_at, no_lock, write_run
from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.evidence.audit import audit
from traincarbon.evidence.seals import verify
from traincarbon.ledger.packs import compacting, pack_making
from traincarbon.ledger.packs.lock import BusyError, alone
from traincarbon.ledger.store import Ledger

pytest.importorskip("pyarrow")

HOSTILE = ["'; DROP TABLE runs; --", "<script>alert(1)</script>", "a/../../b", "\u202eevil", "nul\0byte", "month=2026-11", "é😀", "x" * 300, '","seq":']


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    write_run(folder, "one")
    write_run(folder, "two", writer="b2-8-2", began_s=BEGAN_S + 40 * 86_400)
    write_run(folder, "two", writer="c3-9-3", began_s=BEGAN_S + 40 * 86_400 + 1, devices={"gpu:GPU-9": ("gpu", 100.1)})
    return str(folder)


def records(store):
    return {run.run_id: run.to_dict() for run in runs.list(store=store)}


def without_index(store):
    for name in os.listdir(store):
        if name.startswith("index-"):
            os.remove(os.path.join(store, name))


def test_records_digests_and_audit_exports_are_the_same_before_and_after(store):
    before, seals, exported = records(store), verify(store=store), audit("two", store=store)
    found = runs.compact(store=store)
    assert (found.removed, len(found.packs), found.left) == (3, 2, ())
    names = files_in(store)
    assert len(names) == 4
    assert {name.split("/")[0] for name in names} == {"month=2026-09", "month=2026-10"}
    assert records(store) == before
    without_index(store)
    assert records(store) == before
    assert verify(store=store) == seals
    assert audit("two", store=store) == exported


def test_a_dry_run_says_what_would_be_packed_and_writes_nothing(store):
    names = files_in(store)
    found = runs.compact(dry_run=True, store=store)
    assert [(month.month, month.runs, month.journals) for month in found.months] == [("2026-09", 1, 1), ("2026-10", 1, 2)]
    assert (found.dry_run, found.removed, found.packs) == (True, 0, ())
    assert files_in(store) == names


def test_what_is_packed_is_not_packed_again(store):
    runs.compact(store=store)
    names = files_in(store)
    again = runs.compact(store=store)
    assert (again.removed, again.months) == (0, ())
    assert files_in(store) == names


@pytest.mark.parametrize("run_id", HOSTILE)
def test_a_hostile_id_or_project_is_packed_like_any_other(tmp_path, run_id):
    write_run(tmp_path, run_id, project=run_id)
    write_run(tmp_path, "other", writer="b2-8-2")
    before = records(tmp_path)
    assert runs.compact(store=tmp_path).removed == 2
    assert records(tmp_path) == before
    assert all(run.seal == "intact" for run in verify(store=tmp_path))
    assert [name for name in os.listdir(tmp_path / "journals") if not name.startswith("month=2026-09")] == []


def test_a_run_without_an_end_waits_until_nothing_has_changed_for_a_day(tmp_path):
    file = write_run(tmp_path, "killed", ends=False)
    assert [(each.journal, each.reason) for each in runs.compact(store=tmp_path).left] == [("killed/a1-7-1.jsonl", "recent")]
    before = records(tmp_path)
    assert before["killed"]["state"] == "killed"
    aged(file)
    assert runs.compact(store=tmp_path).removed == 1
    assert records(tmp_path) == before


@pytest.mark.parametrize("ahead_s", [-3600.0, 3600.0])
def test_a_clock_that_is_an_hour_off_lets_no_open_journal_be_packed(tmp_path, ahead_s):
    file = write_run(tmp_path, "open", ends=False)
    now_s = os.stat(file).st_mtime
    os.utime(file, (now_s + ahead_s, now_s + ahead_s))
    assert runs.compact(store=tmp_path).removed == 0


def test_a_journal_that_is_cut_off_is_given_back_to_the_last_byte(tmp_path):
    file = write_run(tmp_path, "half", ends=False)
    with open(file, "rb+") as stream:
        stream.truncate(os.path.getsize(file) - 37)
    aged(file)
    content, seals = Path(file).read_bytes(), verify(store=tmp_path)
    before = records(tmp_path)
    assert runs.compact(store=tmp_path).removed == 1
    assert (records(tmp_path), verify(store=tmp_path)) == (before, seals)
    assert runs.query("SELECT line FROM intervals ORDER BY seq NULLS LAST", store=tmp_path).rows[-1][0] == content[content.rfind(b"\n") + 1 :]


def test_a_damaged_line_stays_damaged_and_is_still_named(tmp_path):
    file = write_run(tmp_path)
    content = bytearray(Path(file).read_bytes())
    content[len(content) // 2] ^= 4
    Path(file).write_bytes(content)
    before, seals = records(tmp_path), verify(store=tmp_path)
    assert seals[0].seal == "changed"
    assert runs.compact(store=tmp_path).removed == 1
    assert (records(tmp_path), verify(store=tmp_path)) == (before, seals)


def test_lines_of_several_runs_in_a_file_stay_as_they_are(tmp_path):
    write_run(tmp_path, "one", writer="a1-7-1", folder=str(tmp_path / "journals" / "both"))
    other = write_run(tmp_path, "two", writer="b2-8-2")
    mixed = tmp_path / "journals" / "both" / "a1-7-1.jsonl"
    mixed.write_bytes(mixed.read_bytes() + Path(other).read_bytes())
    os.remove(other)
    found = runs.compact(store=tmp_path)
    assert [(each.journal, each.reason) for each in found.left] == [("both/a1-7-1.jsonl", "mixed")]
    assert set(records(tmp_path)) == {"one", "two"}


def test_a_journal_that_grows_while_it_is_packed_stays_and_counts_once(tmp_path, monkeypatch):
    file = write_run(tmp_path)
    before = records(tmp_path)
    real = pack_making._check

    def slow(*given):
        real(*given)
        with open(file, "ab") as stream:
            stream.write(b"\n")

    monkeypatch.setattr(pack_making, "_check", slow)
    assert runs.compact(store=tmp_path).removed == 0
    assert os.path.exists(file)
    assert records(tmp_path) == before
    monkeypatch.setattr(pack_making, "_check", real)
    assert runs.compact(store=tmp_path).removed == 1
    assert records(tmp_path) == before
    assert runs.query("SELECT count(*), count(DISTINCT writer) FROM intervals WHERE kind = 'end'", store=tmp_path).rows == ((1, 1),)


def test_journals_whose_removal_was_cut_short_count_once_and_are_removed_by_the_next_compaction(store, monkeypatch):
    before = records(store)
    monkeypatch.setattr(compacting, "_remove", lambda *_: False)
    assert runs.compact(store=store).removed == 0
    assert records(store) == before
    without_index(store)
    assert records(store) == before
    monkeypatch.undo()
    packs = [name for name in files_in(store) if "month=" in name]
    assert runs.compact(store=store).removed == 3
    assert files_in(store) == packs
    assert records(store) == before


@pytest.mark.parametrize("broken", ["_remove", "_drop_copies"])
def test_a_journal_that_has_grown_since_it_was_packed_is_in_one_pack_in_the_end(tmp_path, monkeypatch, broken):
    file = write_run(tmp_path)
    whole = Path(file).read_bytes()
    before = records(tmp_path)
    Path(file).write_bytes(whole[: whole.rfind(b"\n", 0, len(whole) // 2) + 1])
    aged(file)
    runs.compact(store=tmp_path)
    os.makedirs(os.path.dirname(file))
    Path(file).write_bytes(whole)
    question = "SELECT count(*) FROM intervals WHERE kind = 'start'"

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(compacting, broken, dies if broken == "_drop_copies" else lambda *_: False)
        with suppress(KeyboardInterrupt):
            runs.compact(store=tmp_path)
    assert records(tmp_path) == before
    if broken == "_remove":
        assert runs.query(question, store=tmp_path).rows == ((1,),)
    assert runs.compact(store=tmp_path).removed == 1
    assert runs.query(question, store=tmp_path).rows == ((1,),)
    assert records(tmp_path) == before


def test_a_packed_journal_that_comes_back_shorter_takes_nothing_away(store):
    file = os.path.join(store, "journals", "one", "a1-7-1.jsonl")
    content = Path(file).read_bytes()
    before = records(store)
    runs.compact(store=store)
    os.makedirs(os.path.dirname(file))
    Path(file).write_bytes(content[: content.rfind(b"\n", 0, len(content) // 2) + 1])
    aged(file)
    assert records(store) == before
    assert runs.compact(store=store).removed == 1
    assert records(store) == before
    assert verify(["one"], store=store)[0].seal == "intact"


def test_another_journal_under_a_name_that_is_packed_stays(store):
    runs.compact(store=store)
    write_run(store, "one", n=5)
    assert [each.detail for each in runs.compact(store=store).left] == ["a pack holds another journal of that name"]


def test_a_disk_that_fills_up_is_an_error_and_leaves_everything_as_it_was(store, monkeypatch):
    names, before = files_in(store), records(store)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pack_making, "write_synced", full)
    with pytest.raises(CarbonError, match="No space left"):
        runs.compact(store=store)
    assert files_in(store) == names
    monkeypatch.undo()
    assert records(store) == before


def test_a_limit_on_the_size_of_files_is_an_error_of_one_line_and_loses_nothing(store):
    names = files_in(store)
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)); sys.argv = ['carbon', 'runs', 'compact', '--quiet', '--store', sys.argv[1]]\nfrom traincarbon.__main__ import main; main()"
    records(store)
    found = subprocess.run([sys.executable, "-c", code, store], capture_output=True, text=True)
    assert found.returncode == 1
    assert found.stderr.startswith("error: cannot pack journals in ")
    assert "Traceback" not in found.stderr
    assert files_in(store) == names


def test_what_does_not_give_a_journal_back_is_not_kept(store, monkeypatch):
    names = files_in(store)
    real = pack_making.contents
    monkeypatch.setattr(pack_making, "contents", lambda file: (each._replace(content=each.content[:-1]) for each in real(file)))
    with pytest.raises(CarbonError, match="does not give one/a1-7-1.jsonl back"):
        runs.compact(store=store)
    assert files_in(store) == names


def test_two_compactions_at_once_are_refused(store):
    with alone(store), pytest.raises(BusyError):
        runs.compact(store=store)
    assert runs.compact(store=store).removed == 3


def test_a_run_that_is_forgotten_while_it_is_packed_does_not_come_back(store, monkeypatch):
    real = pack_making._check
    refused = []

    def slow(*given):
        with Ledger(store) as ledger:
            assert ledger.forget("one")
            with pytest.raises(BusyError) as raised:
                ledger.forget("one", dry_run=False)
            refused.append(raised.value)
        real(*given)

    monkeypatch.setattr(pack_making, "_check", slow)
    with Ledger(store) as ledger:
        assert len(ledger.runs()) == 2
        runs.compact(store=store)
        assert refused
        ledger.forget("one", dry_run=False)
    assert set(records(store)) == {"two"}


def test_a_journal_that_cannot_be_packed_keeps_no_other_back(tmp_path, monkeypatch):
    for run_id in "abc":
        write_run(tmp_path, run_id, project=run_id)
    real = pack_making.summary_line
    monkeypatch.setattr(pack_making, "summary_line", lambda each: None if each.process.run_id == "a" else real(each))
    with Ledger(tmp_path) as ledger:
        found = [compacting.compact(ledger.store, ledger.index, most_b=1) for _ in range(3)]
    assert [each.removed for each in found] == [1, 1, 0]
    assert [name for name in files_in(tmp_path) if not name.startswith("month=")] == ["a/a1-7-1.jsonl"]


def test_where_there_are_no_locks_the_unfinished_files_of_others_stay(store, monkeypatch):
    monkeypatch.setattr("fcntl.flock", no_lock)
    part = os.path.join(store, "journals", "month=2026-09", ".n-1-1.parquet.part")
    os.makedirs(os.path.dirname(part))
    Path(part).write_bytes(b"PAR1")
    assert runs.compact(store=store).removed == 3
    assert os.path.exists(part)


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_no_journal_is_removed_whose_new_pack_is_gone(tmp_path, monkeypatch, ending):
    write_run(tmp_path)
    before = records(tmp_path)
    real = compacting.make_pack

    def make_pack(*given, **named):
        made = real(*given, **named)
        os.remove(made.file.removesuffix(".jsonl") + ending)
        return made

    monkeypatch.setattr(compacting, "make_pack", make_pack)
    assert runs.compact(store=tmp_path).removed == 0
    assert "run/a1-7-1.jsonl" in files_in(tmp_path)
    assert records(tmp_path) == before


STEPS = 14
"""Writes, renamings and removals of a compaction of two journals."""


@pytest.mark.parametrize("step", range(1, 18))
def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(tmp_path, step):
    store = str(tmp_path)
    write_run(store, "one")
    write_run(store, "two", writer="b2-8-2")
    before, seals = records(store), verify(store=store)
    found = killed_at(step, "runs.compact(store=sys.argv[3])", store, before=("replace", "fsync", "remove", "mkdir", "rmdir", "write"))
    assert found.returncode == (0 if step > STEPS else -signal.SIGKILL), found.stderr
    assert records(store) == before
    assert verify(store=store) == seals
    assert runs.compact(store=store).left == ()
    assert [name for name in files_in(store) if not name.startswith("month=")] == []
    assert records(store) == before
    assert runs.query("SELECT count(*) FROM intervals WHERE kind = 'end'", store=store).rows == ((2,),)


def test_what_was_done_is_stated_as_json(store):
    stated = json.loads(json.dumps(runs.compact(store=store).to_dict()))
    assert stated["schema"] == "traincarbon/compaction/1"
    assert (stated["removed"], len(stated["packs"]), stated["left"], stated["dry_run"]) == (3, 2, [], False)
    assert stated["resting_b"] == stated["removed_b"] > stated["packed_b"] / 3


def test_an_empty_store_has_nothing_to_pack(tmp_path):
    found = runs.compact(store=tmp_path / "none")
    assert (found.months, found.dry_run, runs.compact(dry_run=True, store=tmp_path / "none").dry_run) == ((), False, True)
    with Ledger(tmp_path / "none"):
        assert not os.path.exists(tmp_path / "none" / "journals")
