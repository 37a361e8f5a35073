"""Runs are found by what they are, and one by the beginning of its id, in a ledger that is open."""

from dataclasses import replace

import pytest

from journals import lines_of, write_lines
from made_runs import record
from traincarbon.errors import NotFoundError
from traincarbon.ledger.lookup import find_in, load_from
from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import with_second_opinions
from traincarbon.ledger.shared_boards import with_others
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


def test_a_run_has_the_second_opinions_of_those_that_ran_while_it_did(tmp_path):
    began = "2026-10-01T08:00:00Z"
    tracked = record("slurm-7", started_at=began, gpu_kwh=2.0, duration_s=3600.0)
    listed = replace(record("slurm-7-2026", started_at="2026-10-01T07:50:00Z", gpu_kwh=2.1, duration_s=4800.0), source="sacct")
    again = replace(record("slurm-7-2027", started_at="2026-10-01T05:50:00Z", gpu_kwh=2.1, duration_s=4800.0), source="sacct")
    others = [record(f"other-{number}", started_at=f"2026-10-01T0{number}:00:00Z", gpu_kwh=2.0, duration_s=5400.0) for number in range(5, 10)]
    every = [tracked, listed, again, *others]
    with Ledger(str(tmp_path)) as opened:
        opened.add(every)
        whole = {run.run_id: run for run in with_second_opinions(with_others(every))}
        assert len(whole["slurm-7"].second_opinions) == 2
        for run_id, expected in whole.items():
            found = load_from(opened, run_id)
            assert (found.counted_in, set(found.second_opinions)) == (expected.counted_in, set(expected.second_opinions))


def test_a_tracked_run_among_tracked_ones_reads_no_other_record(tmp_path, monkeypatch):
    for number in range(4):
        write_lines(tmp_path / "journals" / f"run-{number}" / "a.jsonl", lines_of(run_id=f"run-{number}", devices=(f"gpu:{number}",)))
    with Ledger(str(tmp_path)) as opened:
        opened.index.refresh()
        read = []
        real = Run.from_stored
        monkeypatch.setattr(Run, "from_stored", lambda stored: read.append(stored["run_id"]) or real(stored))
        load_from(opened, "run-1")
    assert set(read) == {"run-1"}
