"""A package that is missing is named with the extra that has it."""

import sys

import pytest

from traincarbon.extras import MissingExtraError
from traincarbon.ledger.packs.packages import has_pyarrow, pyarrow


def test_a_missing_package_is_an_error_with_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="needs? pyarrow, which is not installed") as raised:
        pyarrow()
    assert "compact" in raised.value.hint


def test_whether_it_is_there_is_told_without_importing_it():
    assert has_pyarrow() is True
