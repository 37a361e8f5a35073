"""A server that is killed and started again while many send: nothing is lost, and nothing is there twice."""

from postgres_server import postgres
from team_writers import send_while_killed


def test_writers_lose_and_double_nothing(tmp_path):
    with postgres() as server:
        server.new_database("team")
        found = send_while_killed(server, "team", str(tmp_path), writers=8, runs_each=4)
    assert (found.written, found.lost, found.doubled) == (32, 0, 0)
