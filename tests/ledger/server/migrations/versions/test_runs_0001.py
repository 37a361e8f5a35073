"""The first tables: what depends on a run goes with it, no process counts in two runs, and totals are a view."""

import pytest

from journals import lines_of, write_lines
from traincarbon.ledger.server.sync import sync


def test_deleting_a_run_deletes_its_parts(database, server, tmp_path):
    write_lines(tmp_path / "journals" / "run" / "j.jsonl", lines_of())
    sync(ledger=database, store=tmp_path)
    name = database.rpartition("/")[2]
    assert server.query("SELECT month, project, runs FROM traincarbon.totals", name) == [["2026-09", "", "1"]]
    with pytest.raises(AssertionError, match="processes_of_writers"):
        server.query(
            "INSERT INTO traincarbon.runs (run_id, cluster, started_at, project, state, hw, is_shared) VALUES ('run', 'b', '', '', '', '', 0); "
            "INSERT INTO traincarbon.processes (run_id, cluster, writer, seq, version, summary) SELECT run_id, 'b', writer, 0, 0, '' FROM traincarbon.processes",
            name,
        )
    server.query("DELETE FROM traincarbon.runs", name)
    assert server.query("SELECT (SELECT count(*) FROM traincarbon.processes) + (SELECT count(*) FROM traincarbon.sources)", name) == [["0"]]
