"""Validating from Python: a file of runs, or the published ones, and what is refused."""

import csv

import pytest

from traincarbon import validate
from traincarbon.database.load import builtin_root
from traincarbon.errors import DatabaseError


def test_runs_of_a_file_are_predicted_and_progress_counts_their_organisations(tmp_path):
    with open(f"{builtin_root()}/published_runs.csv", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["id"].startswith(("bloom", "llama1-65b"))]
    file = tmp_path / "runs.csv"
    with open(file, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    seen = []
    found = validate(file, progress=lambda done, of: seen.append((done, of)))
    assert {"bloom-176b", "llama1-65b"} <= {case.id for case in found.cases}
    assert seen == [(done, len(seen)) for done in range(len(seen))]
    assert found.source == str(file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DatabaseError):
        validate(tmp_path / "none.csv")
