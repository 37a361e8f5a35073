"""What there is to say about a team's ledger."""

from journals import lines_of, write_lines
from traincarbon.ledger.server.state import TeamState, team_state
from traincarbon.ledger.server.sync import sync


def test_without_a_server_there_is_nothing_to_say(tmp_path):
    assert team_state(str(tmp_path)) is None


def test_runs_that_the_server_lacks_are_counted(tmp_path, database, monkeypatch):
    monkeypatch.setenv("CARBON_LEDGER", database)
    place = database.replace("+psycopg", "")
    write_lines(tmp_path / "journals" / "a" / "j.jsonl", lines_of(run_id="a"))
    found = team_state(str(tmp_path))
    assert (found.server, found.unsent) == (place, None)
    assert "there is no ledger at" in found.problem
    sync(store=tmp_path)
    assert team_state(str(tmp_path)) == TeamState(place, 0, "")
    write_lines(tmp_path / "journals" / "b" / "j.jsonl", lines_of(run_id="b"))
    assert team_state(str(tmp_path)) == TeamState(place, 1, "")


def test_a_server_that_cannot_be_used_is_a_problem_without_its_password(tmp_path, monkeypatch):
    for address in ("postgresql://ada:hunter2@127.0.0.1:1/team", "mysql://ada:hunter2@db/team"):
        monkeypatch.setenv("CARBON_LEDGER", address)
        found = team_state(str(tmp_path))
        assert found.unsent is None
        assert found.problem
        assert "hunter2" not in repr(found)
