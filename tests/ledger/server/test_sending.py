"""A batch of runs: written as a whole, and by their owner alone."""

import pytest

from journals import lines_of
from traincarbon.ledger.folding import fold
from traincarbon.ledger.server.connection import ServerLedger
from traincarbon.ledger.server.schema import make_schema
from traincarbon.ledger.server.sending import Sender, ToSend, send

ROLES = """
CREATE ROLE {0} LOGIN; CREATE ROLE {1} LOGIN;
GRANT USAGE ON SCHEMA traincarbon TO {0}, {1};
GRANT SELECT ON ALL TABLES IN SCHEMA traincarbon TO {0}, {1};
GRANT INSERT, UPDATE ON traincarbon.runs, traincarbon.processes, traincarbon.sources TO {0}, {1};
ALTER TABLE traincarbon.runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE traincarbon.processes ENABLE ROW LEVEL SECURITY;
ALTER TABLE traincarbon.sources ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone_reads ON traincarbon.runs FOR SELECT USING (true);
CREATE POLICY everyone_reads ON traincarbon.processes FOR SELECT USING (true);
CREATE POLICY everyone_reads ON traincarbon.sources FOR SELECT USING (true);
CREATE POLICY owner_adds ON traincarbon.runs FOR INSERT WITH CHECK (owner = CURRENT_USER);
CREATE POLICY owner_adds ON traincarbon.processes FOR INSERT WITH CHECK (owner = CURRENT_USER);
CREATE POLICY owner_adds ON traincarbon.sources FOR INSERT WITH CHECK (owner = CURRENT_USER);
CREATE POLICY owner_changes ON traincarbon.runs FOR UPDATE USING (owner = CURRENT_USER);
CREATE POLICY owner_changes ON traincarbon.processes FOR UPDATE USING (owner = CURRENT_USER);
CREATE POLICY owner_changes ON traincarbon.sources FOR UPDATE USING (owner = CURRENT_USER);
"""


@pytest.fixture
def ledger(database):
    found = ServerLedger(database)
    found.ask(lambda connection: make_schema(connection, place="here"))
    yield found
    found.close()


def batch(*run_ids, **lines):
    return [ToSend(run_id, "digest", fold(lines_of(run_id=run_id, **lines))) for run_id in run_ids]


def sent(ledger, runs, store="s"):
    return ledger.ask(lambda connection: send(connection, runs, Sender(store)))


def test_the_same_batch_twice_changes_nothing(ledger, server, database):
    rows = "SELECT run_id, cluster, state, energy_kwh, record FROM traincarbon.runs ORDER BY 1"
    runs = batch("a", "b", "c")
    assert sent(ledger, runs).runs == ("a", "b", "c")
    before = server.query(rows, database.rpartition("/")[2])
    assert sent(ledger, runs).runs == ("a", "b", "c")
    assert server.query(rows, database.rpartition("/")[2]) == before


def test_a_batch_that_fails_in_the_middle_leaves_nothing(ledger, server, database):
    def fails(connection):
        send(connection, batch("a", "b"), Sender("s"))
        raise KeyError

    with pytest.raises(KeyError):
        ledger.ask(fails)
    assert server.query("SELECT count(*) FROM traincarbon.runs", database.rpartition("/")[2]) == [["0"]]


def test_nothing_to_send_is_nothing(ledger):
    assert sent(ledger, []) == ((), {})


@pytest.mark.usefixtures("ledger")
def test_a_run_of_another_role_is_left_as_it_is_and_named(server, database):
    server.query(ROLES.format("ada", "bob"), database.rpartition("/")[2])
    ada, bob = (ServerLedger(database.replace("carbon@", f"{name}@")) for name in ("ada", "bob"))
    try:
        assert sent(ada, batch("shared", "own")).runs == ("own", "shared")
        found = sent(bob, batch("shared", "his", intervals=9))
        assert (found.runs, found.refused) == (("his",), {"shared": "another role wrote it"})
        assert sent(ada, batch("own", intervals=5)).runs == ("own",)
    finally:
        ada.close()
        bob.close()
    rows = server.query("SELECT run_id, owner, energy_kwh * 3.6e6 FROM traincarbon.runs ORDER BY 1", database.rpartition("/")[2])
    assert [(run_id, owner, round(float(energy_j))) for run_id, owner, energy_j in rows] == [
        ("his", "bob", 4500),
        ("own", "ada", 2500),
        ("shared", "ada", 1500),
    ]


def test_a_reader_can_read_and_not_write(ledger, server, database):
    sent(ledger, batch("a"))
    name = database.rpartition("/")[2]
    server.query("CREATE ROLE auditor LOGIN; GRANT USAGE ON SCHEMA traincarbon TO auditor; GRANT SELECT ON ALL TABLES IN SCHEMA traincarbon TO auditor", name)
    assert server.query("SELECT runs FROM traincarbon.totals", name, user="auditor") == [["1"]]
    reader = ServerLedger(database.replace("carbon@", "auditor@"))
    with pytest.raises(Exception, match="does not permit it"):
        sent(reader, batch("b"))
    reader.close()
