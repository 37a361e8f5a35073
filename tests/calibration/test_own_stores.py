"""An estimate looks for own runs only where there may be any."""

import pytest

from traincarbon.calibration.own_stores import may_have_own_runs


@pytest.fixture(autouse=True)
def nothing_yet(monkeypatch, tmp_path):
    monkeypatch.delenv("CARBON_STORE", raising=False)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


def test_there_are_none_without_a_folder():
    assert not may_have_own_runs()


def test_there_may_be_some_in_a_stated_store(monkeypatch):
    monkeypatch.setenv("CARBON_STORE", "runs")
    assert may_have_own_runs()


def test_there_may_be_some_in_the_folder_of_the_user(tmp_path):
    (tmp_path / "traincarbon" / "journals").mkdir(parents=True)
    assert may_have_own_runs()
