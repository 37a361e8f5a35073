import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from traincarbon import extras
from traincarbon.errors import CarbonError
from traincarbon.extras import MissingExtraError, install_command

ROOT = Path(__file__).parents[1]


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """An environment with its own pip first on the search path, into which the package was installed, not this checkout."""
    folder = tmp_path / "venv" / "bin"
    folder.mkdir(parents=True)
    for name in ("python", "pip"):
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setattr(extras, "_PACKAGE", str(tmp_path / "venv" / "lib" / "traincarbon"))
    monkeypatch.setenv("PATH", str(folder))
    return folder.parent


@pytest.fixture
def came_from(monkeypatch):
    """Have the package be installed from there."""

    def set_origin(record: object, needs: tuple[str, ...] = ()):
        text = None if record is None else record if isinstance(record, str) else json.dumps(record)
        monkeypatch.setattr(metadata, "distribution", lambda _: SimpleNamespace(read_text=lambda _: text))
        monkeypatch.setattr(metadata, "requires", lambda _: list(needs))

    return set_origin


def test_this_checkout_is_named_by_its_folder():
    assert install_command(extra="plots").endswith(f"install -e '{ROOT}[plots]'")


@pytest.mark.usefixtures("environment")
def test_a_package_from_an_index_is_named(came_from):
    came_from(None)
    assert install_command(extra="plots") == "pip install 'traincarbon[plots]'"


@pytest.mark.usefixtures("environment")
def test_a_wheel_and_a_folder_are_named_by_their_path(came_from, tmp_path):
    wheel = tmp_path / "with space" / "traincarbon-0.1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    came_from({"url": wheel.as_uri(), "archive_info": {}})
    assert install_command(extra="amd") == f"pip install '{wheel}[amd]'"
    came_from({"url": tmp_path.as_uri(), "dir_info": {}})
    assert install_command(extra="amd") == f"pip install '{tmp_path}[amd]'"


@pytest.mark.usefixtures("environment")
def test_a_wheel_that_is_gone_leaves_the_packages_of_the_extra(came_from, tmp_path):
    came_from({"url": (tmp_path / "gone.whl").as_uri(), "archive_info": {}}, ("click>=8.1", 'plotly>=5.24; extra == "plots"', "pandas>=2.2; extra == 'frames'"))
    assert install_command(extra="plots") == "pip install 'plotly>=5.24'"


@pytest.mark.usefixtures("environment")
def test_a_repository_is_named_with_its_commit(came_from):
    came_from({"url": "https://example.org/t.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}})
    assert install_command(extra="frames") == "pip install 'traincarbon[frames] @ git+https://example.org/t.git@abc'"
    came_from({"url": "https://example.org/t.whl", "archive_info": {}})
    assert install_command(extra="frames") == "pip install 'traincarbon[frames] @ https://example.org/t.whl'"


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("record", ["", "{", "[]"])
def test_a_damaged_record_counts_as_none(came_from, record):
    came_from(record)
    assert install_command(extra="plots") == "pip install 'traincarbon[plots]'"


@pytest.mark.usefixtures("environment")
def test_another_pip_on_the_search_path_is_not_used(came_from, monkeypatch):
    came_from(None)
    monkeypatch.setenv("PATH", "/nonexistent")
    assert install_command(extra="plots") == f"{sys.executable} -m pip install 'traincarbon[plots]'"
    assert install_command(package="nvidia-ml-py") == f"{sys.executable} -m pip install nvidia-ml-py"


def test_the_tools_that_make_environments_are_named(environment, came_from):
    came_from(None)
    (environment / "pipx_metadata.json").touch()
    assert install_command(extra="plots") == "pipx install --force 'traincarbon[plots]'"
    assert install_command(package="psutil") == "pipx inject traincarbon psutil"
    (environment / "uv-receipt.toml").touch()
    assert install_command(extra="plots") == "uv tool install --force 'traincarbon[plots]'"


@pytest.mark.usefixtures("environment")
def test_an_environment_without_pip_is_served_by_uv(came_from, monkeypatch):
    came_from(None)
    monkeypatch.setattr(extras, "_has_pip", lambda: False)
    assert install_command(extra="plots") == f"uv pip install --python {sys.executable} 'traincarbon[plots]'"
    monkeypatch.setattr(sys, "executable", "/home/me/.cache/uv/archive-v0/x7/bin/python")
    assert install_command(extra="plots") == "uvx --from 'traincarbon[plots]' carbon"


def test_a_missing_extra_is_an_import_error_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match="needs pandas") as caught:
        extras.data_frame([])
    assert isinstance(caught.value, CarbonError)
    assert isinstance(caught.value, ImportError)
    assert caught.value.hint == install_command(extra="frames")
    assert MissingExtraError("x", extra="torch", otherwise="use NumPy").hint == f"{install_command(extra='torch')}, or use NumPy"


def test_no_other_message_states_how_to_install_an_extra():
    found = subprocess.run(["git", "grep", "-l", "-F", "traincarbon[", "--", "src"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    assert found == []
