"""The SQL of the page on a team's ledger does what the page says."""

import re
from contextlib import contextmanager
from pathlib import Path

import pytest

from journals import lines_of
from postgres_server import postgres
from traincarbon.errors import CarbonError
from traincarbon.ledger.folding import fold
from traincarbon.ledger.server.connection import ServerLedger
from traincarbon.ledger.server.schema import make_schema
from traincarbon.ledger.server.sending import Sender, ToSend, send

PAGE = (Path(__file__).parents[2] / "docs" / "team-ledger.md").read_text("utf-8")
ADMINISTRATOR, READER, WRITERS, TOTALS, RECORDS = re.findall(r"^```sql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ONE_ROLE = "".join(line + ";\n" for line in WRITERS.split(";\n") if line.startswith(("CREATE ROLE", "GRANT")))


@pytest.fixture(scope="module")
def server():
    """A server on which all SQL of the page was run, with a second writer and two runs."""
    with postgres("fsync = off") as found:
        database = found.new_database("team")
        found.query(ADMINISTRATOR, "team")
        with ledger_of(database, "keeper") as keeper:
            keeper.ask(lambda connection: make_schema(connection, place="here"))
        found.query(READER + WRITERS + ONE_ROLE.replace("ada", "bob"), "team")
        with ledger_of(database, "ada") as ada:
            sent(ada, "hers", user="ada")
            sent(ada, "shared", user="ada")
        yield found


@contextmanager
def ledger_of(database, role):
    """A ledger as a role opens it."""
    ledger = ServerLedger(database.replace("carbon@", f"{role}@"))
    yield ledger
    ledger.close()


def sent(ledger, run_id, *, user="", **lines):
    runs = [ToSend(run_id, "digest", fold(lines_of(run_id=run_id, **lines)))]
    return ledger.ask(lambda connection: send(connection, runs, Sender("store", user=user)))


def test_each_writer_owns_its_rows_and_reads_all(server):
    with ledger_of(server.address("team"), "bob") as bob:
        assert sent(bob, "his").runs == ("his",)
        assert sent(bob, "shared", intervals=9) == ((), {"shared": "another role wrote it"})
        assert sent(bob, "his", intervals=4).runs == ("his",)
    rows = server.query("SELECT run_id, owner, round((energy_kwh * 3.6e6)::numeric) FROM traincarbon.runs ORDER BY 1", "team", user="bob")
    assert rows == [["hers", "ada", "1500"], ["his", "bob", "2000"], ["shared", "ada", "1500"]]
    server.query("UPDATE traincarbon.runs SET project = 'x' WHERE run_id = 'hers'", "team", user="bob")
    with pytest.raises(AssertionError, match="permission denied"):
        server.query("DELETE FROM traincarbon.runs WHERE run_id = 'hers'", "team", user="bob")
    assert server.query("SELECT count(*) FROM traincarbon.runs WHERE project = 'x'", "team") == [["0"]]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO traincarbon.processes (run_id, cluster, writer, seq, version, summary) SELECT run_id, cluster, 'more', 9, version, summary {of_hers}",
        "INSERT INTO traincarbon.sources (run_id, cluster, store, digest) SELECT run_id, cluster, 'store of hers', '' {of_hers}",
        "INSERT INTO traincarbon.runs (run_id, cluster, owner, started_at, project, state, hw, is_shared) VALUES ('new', '', 'ada', '', '', '', '', 0)",
        "UPDATE traincarbon.processes SET (run_id, cluster, writer) = (SELECT run_id, cluster, 'mine' {of_hers}) WHERE owner = 'bob'",
        "UPDATE traincarbon.runs SET owner = 'ada' WHERE owner = 'bob'",
        "UPDATE traincarbon.alembic_version SET version_num = '9999'",
        "TRUNCATE traincarbon.processes",
    ],
)
def test_a_writer_cannot_reach_the_runs_of_another_or_the_schema(server, sql):
    with ledger_of(server.address("team"), "bob") as bob:
        assert sent(bob, "his").runs in (("his",), ())
    before = server.query("SELECT * FROM traincarbon.processes ORDER BY 1, 2, 3", "team")
    with pytest.raises(AssertionError, match="row-level security|permission denied"):
        server.query(sql.format(of_hers="FROM traincarbon.processes WHERE run_id = 'hers'"), "team", user="bob")
    assert server.query("SELECT * FROM traincarbon.processes ORDER BY 1, 2, 3", "team") == before


def test_a_reader_reads_and_writes_nothing(server):
    assert int(server.query("SELECT sum(runs) FROM traincarbon.totals", "team", user="auditor")[0][0]) >= 2
    with ledger_of(server.address("team"), "auditor") as reader, pytest.raises(CarbonError, match="does not permit it"):
        sent(reader, "new")


def test_the_questions_have_answers(server):
    by_month, by_user = TOTALS.split(";\n\n")
    assert [row[:2] for row in server.query(by_month, "team")] == [["", "2026-09"]]
    assert ["ada", ""] in server.query(by_user, "team")
    assert ["hers", ""] in server.query(RECORDS, "team")


def test_one_text_that_postgresql_does_not_have_spoils_no_question(server):
    with ledger_of(server.address("team"), "ada") as ada:
        sent(ada, "odd", project="nul\x00l", start={"argv": ["half \ud83d", "whole 😀", "a code \\u0000", "\x00"]})
    assert ["odd", ""] in server.query(RECORDS, "team")
    question = "SELECT record::jsonb ->> 'project', record::jsonb ->> 'argv' FROM traincarbon.runs WHERE run_id = 'odd'"
    assert server.query(question, "team") == [[r"nul\u0000l", r'["half \\ud83d", "whole 😀", "a code \\u0000", "\\u0000"]']]
