"""Connections to a server: a limit for each wait, and errors in a line."""

import os
import signal
import threading
import time

import pytest
from sqlalchemy import text

from traincarbon.errors import CarbonError
from traincarbon.ledger.server.connection import ServerAwayError, ServerLedger


@pytest.fixture
def ledger(database):
    found = ServerLedger(database)
    yield found
    found.close()


def run(sql):
    return lambda connection: connection.execute(text(sql)).scalar()


def test_all_of_a_transaction_is_done_or_nothing(ledger):
    ledger.ask(lambda connection: connection.execute(text("CREATE TABLE kept (a int)")))

    def fails(connection):
        connection.execute(text("INSERT INTO kept VALUES (1)"))
        raise CarbonError("no")

    with pytest.raises(CarbonError, match="^no$"):
        ledger.ask(fails)
    assert ledger.ask(run("SELECT count(*) FROM kept")) == 0


@pytest.mark.parametrize(
    ("sql", "kind", "said"),
    [
        ("SELECT * FROM nowhere", CarbonError, "refuses it"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", ServerAwayError, "does not answer"),
        ("SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)", ServerAwayError, "cannot do it now"),
        ("CREATE TEMP TABLE one (a int PRIMARY KEY); INSERT INTO one VALUES (1), (1)", ServerAwayError, "cannot do it now"),
    ],
)
def test_errors_are_a_line_and_those_that_pass_are_told_apart(ledger, sql, kind, said):
    with pytest.raises(CarbonError, match=said) as caught:
        ledger.ask(run(sql))
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    assert ledger.ask(run("SELECT 1")) == 1


def test_a_role_without_permission_is_told_so(database, server):
    server.query("CREATE ROLE visitor LOGIN; CREATE TABLE secrets (a int)", database.rpartition("/")[2])
    ledger = ServerLedger(database.replace("carbon@", "visitor@"))
    with pytest.raises(CarbonError, match="does not permit it: permission denied for table secrets"):
        ledger.ask(run("SELECT * FROM secrets"))
    ledger.close()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("carbon@", "nobody:hunter2@", 'role "nobody" does not exist'),
        ("carbon@", "locked:hunter2@", 'password authentication failed for user "locked"'),
        ("/team", "/other", "does not exist"),
        ("/team", "/template0?", "not currently accepting connections"),
        ("?", "?sslmode=maybe&", "invalid sslmode value"),
        ("?", "?sslmode=require&", "does not support SSL"),
        ("?", "?colour=red&", "colour"),
        ("?", "?connect_timeout=soon&", "connect_timeout"),
    ],
)
def test_an_address_that_will_not_be_right_later_either_is_not_asked_again(database, server, old, new, said):
    server.demand_password("locked", "right")
    ledger = ServerLedger(f"{database}?".replace(old, new, 1))
    with pytest.raises(CarbonError, match="cannot be opened") as caught:
        ledger.ask(run("SELECT 1"))
    assert said in str(caught.value)
    assert type(caught.value) is CarbonError
    assert "CARBON_LEDGER" in caught.value.hint
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"
    ledger.close()


def test_a_server_that_says_nothing_is_given_up(database):
    ledger = ServerLedger(database)
    backend = ledger.ask(run("SELECT pg_backend_pid()"))
    ledger._answer_s = 0.5
    os.kill(backend, signal.SIGSTOP)
    try:
        began_s = time.monotonic()
        with pytest.raises(ServerAwayError, match="does not answer"):
            ledger.ask(run("SELECT 1"))
        assert time.monotonic() - began_s < 30.0
    finally:
        os.kill(backend, signal.SIGCONT)
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.daemon:
            thread.join(10.0)
    ledger.close()
