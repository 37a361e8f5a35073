"""Runs are found by what they are, and one by the beginning of its id, in a ledger that is open."""

import pytest

from journals import lines_of, write_lines
from traincarbon.errors import NotFoundError
from traincarbon.ledger.lookup import find_in, load_from
from traincarbon.ledger.store import Ledger


@pytest.fixture
def ledger(tmp_path):
    for number, project in enumerate(("speech", "search", "speech")):
        lines = lines_of(run_id=f"run-{number}", begin_s=86_400.0 * number, start={"project": project})
        write_lines(tmp_path / "journals" / f"run-{number}" / "a.jsonl", lines)
    with Ledger(str(tmp_path)) as opened:
        yield opened


def test_the_latest_comes_first_and_the_total_counts_what_is_not_shown(ledger):
    found = find_in(ledger, project="speech", limit=1)
    assert ([run.run_id for run in found.runs], found.total, found.store) == (["run-2"], 2, ledger.store)


def test_a_run_is_loaded_by_its_id_or_as_the_last(ledger):
    assert load_from(ledger, "run-1").project == "search"
    assert load_from(ledger).run_id == "run-2"
    with pytest.raises(NotFoundError):
        load_from(ledger, "nothing")
