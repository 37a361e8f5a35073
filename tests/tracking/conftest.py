"""What holds for every record that a test of tracking reads."""

from typing import Any

import pytest

from traincarbon.ledger import record, record_checks


@pytest.fixture(autouse=True)
def _no_facility_below_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a facility used less than was measured in it. Users get a note."""

    def checked(**stated: Any) -> str:
        found = record_checks.contradiction(**stated)
        assert not found, found
        return found

    monkeypatch.setattr(record, "contradiction", checked)
