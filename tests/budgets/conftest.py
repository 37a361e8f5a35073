"""A file of budgets of its own for each test, and a store of its own."""

import pytest

from traincarbon.ledger.store import Ledger


@pytest.fixture(autouse=True)
def budget_file(tmp_path, monkeypatch):
    """Return the file of budgets, which does not exist yet."""
    file = tmp_path / "budgets.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("CARBON_BUDGET_FILE", str(file))
    monkeypatch.delenv("CARBON_LEDGER", raising=False)
    return file


@pytest.fixture
def store(tmp_path):
    """Return a function that adds runs to a store, and returns its folder."""
    folder = str(tmp_path / "runs")

    def add(*records):
        with Ledger(folder) as ledger:
            ledger.add(records)
        return folder

    return add
