"""Which ledger is read: the store that is named, else the team's on a server, else the store of this user."""

import pytest

from journals import lines_of, write_lines
from traincarbon.errors import AmbiguousError, CarbonError, NotFoundError
from traincarbon.ledger.server.sync import sync
from traincarbon.ledger.server.team_ledger import TeamLedger, open_ledger
from traincarbon.ledger.store import Ledger


def test_the_store_that_is_named_is_read(tmp_path, monkeypatch):
    with open_ledger(tmp_path) as own:
        assert isinstance(own, Ledger)
    monkeypatch.setenv("CARBON_LEDGER", "postgresql://db.example/team")
    with open_ledger(tmp_path) as own, open_ledger() as team:
        assert (own.store, team.store) == (str(tmp_path), "postgresql://db.example/team")
    monkeypatch.setenv("CARBON_LEDGER", "mysql://db/team")
    with pytest.raises(CarbonError, match="not a database of PostgreSQL"):
        open_ledger()


def test_runs_are_found_as_in_a_store(tmp_path, database):
    for at, run_id in enumerate(("bert-1", "bert-2", "last-one")):
        write_lines(tmp_path / "journals" / run_id / "j.jsonl", lines_of(run_id=run_id, begin_s=100.0 * at))
    sync(ledger=database, store=tmp_path)
    with TeamLedger(database) as team, Ledger(tmp_path) as own:
        assert team.run("last").run_id == own.run("last").run_id == "last-one"
        assert team.run("bert-1").to_dict() == own.run("bert-1").to_dict()
        assert [run.run_id for run in team.runs(limit=2)] == ["last-one", "bert-2"]
        assert team.faults() == []
        with pytest.raises(AmbiguousError, match="2 runs begin with 'bert'"):
            team.run("bert")
        for unknown in ("gpt", ""):
            with pytest.raises(NotFoundError, match="postgresql://carbon@127.0.0.1"):
                team.run(unknown)
        team.close()
        assert team.run("bert-2").run_id == "bert-2"
