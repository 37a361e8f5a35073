"""New files are written whole, and never over another one."""

import pytest

from traincarbon.ledger.packs.synced_files import sync_folder, write_synced


def test_a_new_file_has_its_content_and_mode(tmp_path):
    write_synced(str(tmp_path / "f"), b"content", mode=0o600)
    sync_folder(str(tmp_path))
    assert (tmp_path / "f").read_bytes() == b"content"
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        write_synced(str(tmp_path / "f"), b"other", mode=0o600)
    assert (tmp_path / "f").read_bytes() == b"content"


def test_a_folder_that_is_gone_is_no_error(tmp_path):
    assert sync_folder(str(tmp_path / "none")) is None
