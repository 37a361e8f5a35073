"""The second step: a ledger of the first one gets the end of each run, and keeps all that it had."""

import os

import pytest
from alembic import command
from alembic.config import Config

from made_runs import record
from traincarbon.errors import CarbonError
from traincarbon.ledger.attempts import Attempt
from traincarbon.ledger.server.connection import ServerLedger
from traincarbon.ledger.server.schema import KNOWN, check_schema, make_schema
from traincarbon.ledger.server.stored_record import record_text

_MIGRATIONS = os.path.join(os.path.dirname(__import__("traincarbon.ledger.server", fromlist=["server"]).__file__), "migrations")
_DAY_S = 86400.0
RESTARTED = record(
    "restarted",
    duration_s=7200.0,
    started_at="1970-01-01T00:00:00.000000Z",
    attempts=(Attempt(0.0, 3600.0, "killed"), Attempt(40 * _DAY_S, 3600.0, "finished")),
)
IMPORTED = record("imported", duration_s=90.0, started_at="2026-01-31T23:59:00Z")
FAULTY = record("faulty", duration_s=1.0, started_at="2026-02-01T00:00:00.250000Z", mfu=float("nan"))
UNDATED = record("undated", started_at="")


@pytest.fixture
def first_step(database):
    """Return a ledger of the first step with a few runs."""
    found = ServerLedger(database)

    def make(connection):
        connection.exec_driver_sql("CREATE SCHEMA traincarbon")
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", _MIGRATIONS)
        command.upgrade(config, "0001")
        for run in (RESTARTED, IMPORTED, FAULTY, UNDATED):
            connection.exec_driver_sql(
                "INSERT INTO traincarbon.runs (run_id, cluster, started_at, project, state, hw, duration_s, is_shared, record)"
                " VALUES (%s, '', %s, '', 'finished', '', %s, 0, %s)",
                (run.run_id, run.started_at, run.duration_s, record_text(run)),
            )

    found.ask(make)
    yield found
    found.close()


def rows(ledger, question):
    return ledger.ask(lambda connection: [tuple(row) for row in connection.exec_driver_sql(question)])


def test_each_run_has_its_end_and_its_record(first_step):
    before = rows(first_step, "SELECT run_id, started_at, record FROM traincarbon.runs ORDER BY run_id")
    first_step.ask(lambda connection: make_schema(connection, place="here"))
    assert rows(first_step, "SELECT run_id, started_at, record FROM traincarbon.runs ORDER BY run_id") == before
    assert dict(rows(first_step, "SELECT run_id, ended_at FROM traincarbon.runs")) == {
        "restarted": "1970-02-10T01:00:00.000000Z",
        "imported": "2026-02-01T00:00:30.000000Z",
        "faulty": "2026-02-01T00:00:01.250000Z",
        "undated": None,
    }
    assert rows(first_step, "SELECT version_num FROM traincarbon.alembic_version") == [(KNOWN[-1],)]


def test_one_that_reads_is_told_who_upgrades_it(first_step):
    with pytest.raises(CarbonError, match="the schema 0001, an earlier one") as caught:
        first_step.ask(lambda connection: check_schema(connection, place="here"))
    assert "carbon runs sync" in caught.value.hint
