"""What one process metered is sent without a look at the rest of the store."""

import pytest

from journals import lines_of, write_lines
from traincarbon.ledger.server.at_end import main, send_journal
from traincarbon.ledger.server.connection import ServerAwayError
from traincarbon.ledger.server.sync import sync

ROWS = "SELECT run_id, state, round((energy_kwh * 3.6e6)::numeric) FROM traincarbon.runs"


@pytest.fixture
def files(tmp_path):
    start = {"nodes_expected": 2, "launcher": {"name": "slurm", "run_id_from": ["CARBON_RUN_ID"]}}
    return [write_lines(tmp_path / "journals" / "big" / f"{node}.jsonl", lines_of(run_id="big", node=node, start=start)) for node in ("a1", "b2")]


def test_each_node_sends_its_own_journal_and_the_run_has_both(files, tmp_path, database, server):
    for file, expected in zip(files, (["big", "incomplete", "1500"], ["big", "finished", "3000"]), strict=True):
        send_journal(database, store=str(tmp_path), run_id="big", file=file)
        assert server.query(ROWS, database.rpartition("/")[2]) == [expected]
    assert sync(ledger=database, store=tmp_path).sent == ("big",)  # it compares all journals once
    assert sync(ledger=database, store=tmp_path).unchanged == 1
    assert server.query(ROWS, database.rpartition("/")[2]) == [["big", "finished", "3000"]]


def test_a_server_that_is_away_is_silent_at_the_end_of_a_training(files, tmp_path, monkeypatch, capfd):
    with pytest.raises(ServerAwayError):
        send_journal("postgresql://carbon@127.0.0.1:1/team", store=str(tmp_path), run_id="big", file=files[0], wait_s=0.0)
    monkeypatch.setenv("CARBON_LEDGER", "mysql://db/team")
    main(str(tmp_path), "big", files[0])
    assert capfd.readouterr() == ("", "")
