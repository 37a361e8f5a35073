"""What an index knows of the journals of each run."""

import pytest

from journals import lines_of, write_lines
from made_runs import record
from traincarbon.ledger.folding import fold
from traincarbon.ledger.index_contents import contents_of, processes_of
from traincarbon.ledger.store import Ledger


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path) as found:
        yield found


def digests(ledger, **asked):
    ledger.index.refresh()
    return {each.run_id: each.digest for each in contents_of(ledger.index, **asked)}


def test_a_digest_changes_with_the_journals_of_its_run_alone(ledger, tmp_path):
    lines = lines_of(run_id="going")
    file = write_lines(tmp_path / "journals" / "going" / "j.jsonl", lines[:2])
    write_lines(tmp_path / "journals" / "done" / "j.jsonl", lines_of(run_id="done"))
    before = digests(ledger)
    assert digests(ledger) == before
    write_lines(file, lines)
    after = digests(ledger)
    assert (before["done"], before["going"] == after["going"]) == (after["done"], False)
    assert digests(ledger, run_id="done") == {"done": after["done"]}
    assert digests(ledger, run_id="done", mark="ada") != {"done": after["done"]}


def test_processes_are_those_of_all_journals_and_records(ledger, tmp_path):
    lines = {node: lines_of(run_id="run", node=node) for node in ("a1", "b2")}
    for node, found in lines.items():
        write_lines(tmp_path / "journals" / "run" / f"{node}.jsonl", found)
    ledger.add([record("job"), record("run")])
    ledger.index.refresh()
    tracked = [process for process in processes_of(ledger.index, "run") if process.record is None]
    assert tracked == [process for found in lines.values() for process in fold(found)]
    assert len(processes_of(ledger.index, "run")) == 3
    assert [process.record["run_id"] for process in processes_of(ledger.index, "job")] == ["job"]
    assert processes_of(ledger.index, "none") == []
