"""Test that callbacks without code are there only where the environment asks for them."""

import sys

from traincarbon.frameworks.auto import AUTO, lightning_callbacks


def test_nothing_is_added_and_nothing_imported_by_default(monkeypatch):
    monkeypatch.delenv(AUTO, raising=False)
    monkeypatch.setitem(sys.modules, "traincarbon.frameworks.lightning", None)
    assert lightning_callbacks() == []


def test_another_value_than_one_asks_for_nothing(monkeypatch):
    monkeypatch.setenv(AUTO, "0")
    assert lightning_callbacks() == []
