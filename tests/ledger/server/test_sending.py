"""A batch of runs: written as a whole, and by their owner alone."""

import pytest

from journals import lines_of
from traincarbon.ledger.folding import fold
from traincarbon.ledger.server.connection import ServerLedger
from traincarbon.ledger.server.schema import make_schema
from traincarbon.ledger.server.sending import Sender, ToSend, send


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
