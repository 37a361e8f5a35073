"""Packs of other stores are merged, and what is there already is not counted again."""

import os
import shutil
import signal

import pytest

from packed_stores import files_in, killed_at, write_run
from traincarbon import runs
from traincarbon.evidence.seals import verify
from traincarbon.ledger.packs.lock import BusyError, alone
from traincarbon.ledger.store import Ledger

pytest.importorskip("pyarrow")


@pytest.fixture
def stores(tmp_path):
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    write_run(one, "a")
    write_run(one, "b", writer="b2-8-2")
    shutil.copytree(one, two)
    write_run(two, "c", writer="c3-9-3")
    return one, two


def ends(store):
    return runs.query("SELECT run_id FROM intervals WHERE kind = 'end' ORDER BY 1", store=store).rows


def test_a_pack_is_copied_with_its_lines(stores):
    one, two = stores
    shutil.rmtree(os.path.join(one, "journals"))
    runs.compact(store=two)
    merged = runs.merge([two], store=one)
    assert (merged.runs, merged.copied, merged.unchanged, merged.faults) == (3, 1, 0, ())
    assert ends(one) == (("a",), ("b",), ("c",))
    assert {run.seal for run in verify(store=one)} == {"intact"}
    again = runs.merge([two], store=one)
    assert (again.copied, again.unchanged) == (0, 1)


def test_what_own_packs_hold_is_taken_out_of_the_copy(stores):
    one, two = stores
    runs.compact(store=one)
    runs.compact(store=two)
    runs.merge([two], store=one)
    assert ends(one) == (("a",), ("b",), ("c",))
    assert len(files_in(one)) == 4


def test_journals_that_own_packs_hold_are_not_copied(stores):
    one, two = stores
    runs.compact(store=one)
    merged = runs.merge([two], store=one)
    assert (merged.copied, merged.unchanged) == (1, 2)
    assert runs.compact(store=one).removed == 1
    assert ends(one) == (("a",), ("b",), ("c",))


def test_a_pack_of_the_same_name_and_other_content_gets_another_name(stores):
    one, two = stores
    shutil.rmtree(os.path.join(one, "journals"))
    runs.compact(store=two)
    (name,) = (name for name in files_in(two) if name.endswith(".jsonl"))
    os.makedirs(os.path.dirname(os.path.join(one, "journals", name)))
    with open(os.path.join(one, "journals", name), "w") as stream:
        stream.write("{}\n")
    assert runs.merge([two], store=one).copied == 1
    assert {run.run_id for run in runs.list(store=one)} == {"a", "b", "c"}


def test_a_pack_whose_lines_are_gone_is_left_out_and_named(stores):
    one, two = stores
    runs.compact(store=two)
    for name in files_in(two):
        if name.endswith(".parquet"):
            os.remove(os.path.join(two, "journals", name))
    shutil.rmtree(os.path.join(one, "journals"))
    merged = runs.merge([two], store=one)
    assert (merged.copied, len(merged.faults)) == (0, 1)
    assert "parquet" in merged.faults[0]


def test_a_pack_that_is_merged_again_and_again_is_copied_once(stores):
    one, two = stores
    shutil.rmtree(os.path.join(one, "journals"))
    runs.compact(store=two)
    assert [runs.merge([two], store=one).copied for _ in range(3)] == [1, 0, 0]
    assert len(files_in(one)) == 2
    shutil.rmtree(os.path.join(one, "journals"))
    merged = runs.merge([two, two], store=one)
    assert (merged.copied, merged.unchanged) == (1, 1)


def test_no_pack_that_the_store_holds_is_overwritten_by_a_later_copy_of_the_same_one(tmp_path):
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    names = ("a", "b", "c", "d")
    for number, name in enumerate(names):
        write_run(two, name, writer=f"{name}1-{number}-1")
    runs.compact(store=two)
    runs.merge([two], store=one)
    for name in (*names[:3], *names[:3]):
        with Ledger(one) as ledger:
            ledger.forget(name, dry_run=False)
        assert runs.merge([two], store=one).copied == 1
        assert sorted(run.run_id for run in runs.list(store=one)) == [*names], f"after {name} was forgotten and merged again"
    assert runs.merge([two], store=one).copied == 0
    assert {run.seal for run in verify(store=one)} == {"intact"}
    assert ends(one) == tuple((name,) for name in names)


def test_journals_in_a_folder_that_is_named_like_those_of_packs_are_left_out_and_named(tmp_path):
    write_run(tmp_path, "a", folder=str(tmp_path / "from" / "month=2026-09"))
    merged = runs.merge([tmp_path / "from"], store=tmp_path / "store")
    assert (merged.copied, merged.unchanged, len(merged.faults)) == (0, 0, 1)
    assert "it is no pack, though its folder is named like one" in merged.faults[0]


def test_a_pack_is_not_copied_while_a_compaction_might_remove_what_is_not_finished(stores):
    one, two = stores
    runs.compact(store=two)
    with alone(one), pytest.raises(BusyError):
        runs.merge([two], store=one)
    assert runs.merge([two], store=one).copied == 1


@pytest.mark.parametrize("step", range(1, 13))
def test_a_kill_while_a_pack_is_copied_without_what_is_there_counts_nothing_twice(stores, step):
    one, two = stores
    runs.compact(store=one)
    runs.compact(store=two)
    runs.list(store=one)
    code = killed_at(step, "runs.merge([sys.argv[4]], store=sys.argv[3])", one, two, before=("replace", "fsync", "remove", "mkdir")).returncode
    assert code == (0 if step > 10 else -signal.SIGKILL)
    assert [run_id for (run_id,) in ends(one)] == sorted(run.run_id for run in runs.list(store=one))
    runs.merge([two], store=one)
    assert ends(one) == (("a",), ("b",), ("c",))
    assert len(runs.list(store=one)) == 3
    assert {run.seal for run in verify(store=one)} == {"intact"}
