"""Sources of an import: files, then servers whose jobs are named beside them."""

import pytest

from imports import kept
from traincarbon import runs
from traincarbon.errors import CarbonError
from traincarbon.readers.imported import ImportOptions
from traincarbon.readers.sources import JobNames, read_sources


def test_files_are_read_as_they_come() -> None:
    found, charges, _ = read_sources([kept("mlflow.csv"), kept("sacct.txt")], "auto", ImportOptions(), JobNames(), known=None, progress=None)
    assert [shown for shown, _ in found] == [kept("mlflow.csv"), kept("sacct.txt")]
    assert all(reading.records for _, reading in found)
    assert charges == []


@pytest.mark.parametrize("names", [{"job": "7"}, {"hosts": "a"}, {"from_": "2026-03-01"}, {"to": "2026-03-01"}])
def test_a_job_without_a_server_is_refused(names: dict[str, str]) -> None:
    with pytest.raises(CarbonError, match="no server is named") as caught:
        runs.read(kept("mlflow.csv"), **names)
    assert "prom+http://" in caught.value.hint


def test_a_server_without_a_job_is_refused_before_it_is_asked() -> None:
    with pytest.raises(CarbonError, match="none is named"):
        runs.read("prom+http://127.0.0.1:9")
