"""One process at a time changes packs."""

import os
import subprocess
import sys

import pytest

from packed_stores import no_lock
from traincarbon.errors import CarbonError
from traincarbon.ledger.packs.lock import BusyError, alone


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path):
    with alone(str(tmp_path)):
        with pytest.raises(BusyError, match="another process changes the packs of") as raised, alone(str(tmp_path)):
            pass
        assert raised.value.hint == "wait until it has ended"
    with alone(str(tmp_path)) as is_held:
        assert is_held
        assert os.listdir(tmp_path) == ["compact.lock"]


def test_a_process_that_dies_leaves_no_lock(tmp_path):
    code = "import os, sys\nfrom traincarbon.ledger.packs.lock import alone\nwith alone(sys.argv[1]): os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)]).returncode == 9
    with alone(str(tmp_path)):
        assert os.path.exists(tmp_path / "compact.lock")


def test_a_store_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "compact.lock").mkdir()
    with pytest.raises(CarbonError, match="cannot write in"), alone(str(tmp_path)):
        pass


def test_the_lock_that_another_user_made_is_held_all_the_same(tmp_path, monkeypatch):
    with alone(str(tmp_path)):
        pass
    real = os.open

    def forbids_writing(file, flags, *mode):
        if flags & os.O_RDWR:
            raise PermissionError(13, "Permission denied", file)
        return real(file, flags, *mode)

    monkeypatch.setattr(os, "open", forbids_writing)
    with alone(str(tmp_path)), pytest.raises(BusyError), alone(str(tmp_path)):
        pass


def test_where_there_are_no_locks_it_says_so_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("fcntl.flock", no_lock)
    with alone(str(tmp_path)) as is_held:
        assert not is_held
