"""The default store is its owner's alone; a store that several users may write lets each of them add journals."""

import os
import stat

import pytest

from traincarbon.ledger.journal import new_journal
from traincarbon.ledger.store_access import file_mode, is_open_to_others, make_folder, unreadable_folders


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture
def default(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "traincarbon"


def test_everything_in_the_default_store_is_for_its_owner_alone(default):
    journal = new_journal(str(default), "r")
    journal.write("start", {})
    assert {mode(folder) for folder in (default, default / "journals", default / "journals" / "r")} == {0o700}
    assert {mode(file) for file in default.rglob("*") if file.is_file()} == {0o600}
    assert not is_open_to_others(str(default))


def test_another_store_follows_the_umask(tmp_path):
    tmp_path.chmod(0o755)
    make_folder(str(tmp_path / "runs" / "journals" / "r"))
    umask = os.umask(0)
    os.umask(umask)
    assert mode(tmp_path / "runs" / "journals" / "r") == 0o777 & ~umask
    assert file_mode(str(tmp_path / "runs")) == 0o666


@pytest.mark.parametrize("shared", [0o1777, 0o2775])
def test_the_journals_of_a_shared_store_are_as_open_as_the_store(tmp_path, shared):
    store = tmp_path / "shared"
    store.mkdir()
    store.chmod(shared)
    make_folder(str(store / "journals" / "r"))
    assert mode(store / "journals") == shared
    assert mode(store / "journals" / "r") & 0o002 == 0


def test_a_default_store_of_an_earlier_version_is_open_to_others(default):
    default.mkdir(parents=True, mode=0o755)
    default.chmod(0o755)
    assert is_open_to_others(str(default))


def test_a_file_in_the_way_is_an_error(tmp_path):
    (tmp_path / "store").write_text("")
    with pytest.raises(OSError):
        make_folder(str(tmp_path / "store" / "journals"))


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_named(tmp_path):
    from traincarbon.ledger.store import Ledger

    (tmp_path / "journals" / "r").mkdir(parents=True)
    (tmp_path / "journals" / "r").chmod(0)
    with Ledger(tmp_path) as ledger:
        assert ledger.faults() == ["journals/r: no permission to read it"]
    (tmp_path / "journals" / "r").chmod(0o700)


def test_what_may_not_be_read_is_told_from_what_may(tmp_path, monkeypatch):
    for name in ("mine", "theirs"):
        (tmp_path / "journals" / name).mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda path, _: "theirs" not in path)
    assert unreadable_folders(str(tmp_path)) == ["journals/theirs: no permission to read it"]
