"""What an import tells."""

import pytest

from traincarbon.ledger.run import RUN_SCHEMA, Run
from traincarbon.readers.found import Found, ImportResult


def run(run_id):
    return Run.from_dict({"schema": RUN_SCHEMA, "run_id": run_id, "state": "finished", "duration_s": 1.0})


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_import_tells_what_was_read_and_what_was_new(dry_run):
    result = ImportResult(Found((run("a"), run("b")), ("line 3",), ("a note",)), ("b",), dry_run)
    assert [each.run_id for each in result.new] == ["b"]
    assert result.to_dict() == {"read": 2, "added": ("b",), "faults": ("line 3",), "notes": ("a note",), **({"dry_run": True} if dry_run else {})}
