import subprocess
import sys
from types import SimpleNamespace

import pytest

from traincarbon.tracking.software import software_versions


def git(folder, *words):
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with one commit, and the current folder below it."""
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "one")
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    return tmp_path


def test_the_commit_of_the_code_is_found_from_a_folder_below(repository):
    commit = git(repository, "rev-parse", "HEAD")[:12]
    assert software_versions()["code"] == commit
    git(repository, "pack-refs", "--all")
    assert software_versions()["code"] == commit
    git(repository, "checkout", "-q", "--detach")
    assert software_versions()["code"] == commit


def test_a_linked_work_tree_has_its_own_commit(repository, tmp_path_factory, monkeypatch):
    linked = tmp_path_factory.mktemp("linked") / "tree"
    git(repository, "worktree", "add", "-q", "-b", "other", str(linked))
    git(linked, "commit", "-q", "--allow-empty", "-m", "two")
    monkeypatch.chdir(linked)
    assert software_versions()["code"] == git(linked, "rev-parse", "HEAD")[:12]


def test_without_a_repository_no_commit_is_stated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "code" not in software_versions()
    (tmp_path / ".git").write_text("no repository")
    assert "code" not in software_versions()


def test_only_frameworks_that_are_imported_are_stated(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(__version__="2.4.1+cu121"))
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace())
    found = software_versions()
    assert found["torch"] == "2.4.1+cu121"
    assert "jax" not in found
    assert found["python"].count(".") == 2
