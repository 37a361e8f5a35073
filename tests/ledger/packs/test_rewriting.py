"""To forget a run of a pack writes the pack anew, and to forget its last one removes it."""

import errno
import os

import pytest

from packed_stores import files_in, write_run
from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.evidence.seals import verify
from traincarbon.ledger.packs import rewriting

pytest.importorskip("pyarrow")


@pytest.fixture
def store(tmp_path):
    write_run(tmp_path, "one")
    write_run(tmp_path, "two", writer="b2-8-2")
    runs.compact(store=tmp_path)
    return str(tmp_path)


def test_a_forgotten_run_is_gone_from_both_files_and_the_other_stays(store):
    listed = runs.forget(["one"], store=store)
    assert (listed.removed, len(listed.files), listed.shared) == (False, 1, listed.files)
    runs.forget(["one"], dry_run=False, store=store)
    assert [run.run_id for run in runs.list(store=store)] == ["two"]
    assert runs.query("SELECT DISTINCT run_id FROM intervals", store=store).rows == (("two",),)
    assert [run.seal.value for run in verify(store=store)] == ["intact"]
    runs.forget(["two"], dry_run=False, store=store)
    assert files_in(store) == []


def test_a_full_disk_leaves_the_pack_as_it_was(store, monkeypatch):
    before = {name: os.path.getsize(os.path.join(store, "journals", name)) for name in files_in(store)}

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(rewriting, "write_synced", full)
    with pytest.raises(CarbonError, match="No space left"):
        runs.forget(["one"], dry_run=False, store=store)
    assert {name: os.path.getsize(os.path.join(store, "journals", name)) for name in files_in(store)} == before
    assert len(runs.list(store=store)) == 2
