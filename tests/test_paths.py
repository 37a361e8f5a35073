"""The folders that hold the user's own files, on each system."""

import os
import sys

import pytest

from traincarbon.paths import data_folder, settings_folder


@pytest.fixture
def on(monkeypatch):
    def stand(platform, **environment):
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "LOCALAPPDATA"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, str(value))
        monkeypatch.setattr(sys, "platform", platform)

    return stand


@pytest.mark.parametrize(
    ("platform", "environment", "settings", "data"),
    [
        ("linux", {"HOME": "/h"}, "/h/.config/traincarbon", "/h/.local/share/traincarbon"),
        ("linux", {"HOME": "/h", "XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/conf"}, "/conf/traincarbon", "/data/traincarbon"),
        ("linux", {"HOME": "/h", "XDG_DATA_HOME": "not/absolute"}, "/h/.config/traincarbon", "/h/.local/share/traincarbon"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Application Support/traincarbon", "/h/Library/Application Support/traincarbon"),
        ("darwin", {"HOME": "/h", "XDG_CONFIG_HOME": "/conf"}, "/conf/traincarbon", "/h/Library/Application Support/traincarbon"),
        ("win32", {"HOME": "/h", "LOCALAPPDATA": "/local"}, "/local/traincarbon", "/local/traincarbon"),
        ("win32", {"HOME": "/h"}, "/h/AppData/Local/traincarbon", "/h/AppData/Local/traincarbon"),
    ],
)
def test_each_system_has_one_rule_for_settings_and_data(on, platform, environment, settings, data):
    on(platform, **environment)
    assert settings_folder() == settings
    assert data_folder() == data


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_settings_of_an_earlier_version_are_used_until_there_are_new_ones(on, tmp_path, platform):
    on(platform, HOME=tmp_path)
    new = settings_folder()
    old = tmp_path / ".config" / "carbon"
    old.mkdir(parents=True)
    assert settings_folder() == str(old)
    os.makedirs(new)
    assert settings_folder() == new


def test_settings_of_an_earlier_version_are_found_where_the_environment_names_the_folder_too(on, tmp_path):
    on("linux", HOME="/h", XDG_CONFIG_HOME=tmp_path)
    (tmp_path / "carbon").mkdir()
    assert settings_folder() == str(tmp_path / "carbon")


def test_without_a_home_folder_the_path_says_so(on, monkeypatch):
    on("linux")
    monkeypatch.setattr(os.path, "expanduser", lambda text: text)
    assert settings_folder().startswith("~")
    assert data_folder().startswith("~")
