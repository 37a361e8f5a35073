"""What ``carbon doctor`` says of a team's ledger."""

from traincarbon.cli.screens import team
from traincarbon.ledger.server import state
from traincarbon.ledger.server.state import TeamState


def says(monkeypatch, found):
    monkeypatch.setattr(state, "team_state", lambda _: found)
    return team.team_rows("store"), team.team_dict("store")


def test_without_a_server_or_a_store_nothing_is_said(monkeypatch):
    assert says(monkeypatch, None) == ([], None)
    assert (team.team_rows(None), team.team_dict(None)) == ([], None)


def test_runs_that_wait_and_problems_are_said(monkeypatch):
    waiting, stated = says(monkeypatch, TeamState("postgresql://db/team", 1, ""))
    assert waiting == [("ledger", "postgresql://db/team: 1 run of this store to send with: carbon runs sync")]
    assert stated == {"server": "postgresql://db/team", "unsent": 1, "problem": ""}
    assert says(monkeypatch, TeamState("postgresql://db/team", 0, ""))[0] == [("ledger", "postgresql://db/team: all runs of this store are sent")]
    assert says(monkeypatch, TeamState("postgresql://db/team", None, "it does not answer"))[0] == [("ledger", "it does not answer")]
