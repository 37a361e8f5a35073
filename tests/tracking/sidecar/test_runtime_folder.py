"""The folder in which the processes of one user find each other is used only if nobody else can write it."""

import os
import stat

import pytest

from traincarbon.tracking.sidecar.runtime_folder import runtime_folder


@pytest.fixture
def shared(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return tmp_path / f"traincarbon-{os.getuid()}"


def test_it_is_made_for_this_user_alone(shared):
    assert runtime_folder() == str(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o700


def test_the_folder_that_the_system_gives_a_user_comes_first(shared, tmp_path, monkeypatch):
    given = tmp_path / "run"
    given.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(given))
    assert runtime_folder() == str(given / "traincarbon")
    assert not shared.exists()


def test_one_that_others_may_open_is_not_used(shared):
    shared.mkdir(mode=0o755)
    assert runtime_folder() is None


def test_a_link_is_not_used(shared, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    shared.symlink_to(tmp_path / "elsewhere")
    assert runtime_folder() is None


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_one_of_somebody_else_is_not_used(shared):
    shared.mkdir(mode=0o700)
    os.chown(shared, 12345, 12345)
    assert runtime_folder() is None


def test_a_folder_that_is_not_there_and_cannot_be_made_is_not_used(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nowhere/either")
    assert runtime_folder() is None
