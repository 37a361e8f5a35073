"""The tables on a server: made once, as they are declared, and never touched where they are of another version."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from traincarbon.errors import CarbonError
from traincarbon.ledger.server.address import SCHEMA
from traincarbon.ledger.server.connection import ServerLedger
from traincarbon.ledger.server.schema import KNOWN, check_schema, make_schema, schema_of
from traincarbon.ledger.server.tables import METADATA


@pytest.fixture
def ledger(database):
    found = ServerLedger(database)
    yield found
    found.close()


def asked(ledger, ask):
    return ledger.ask(lambda connection: ask(connection, place=ledger.shown))


def test_the_steps_make_the_tables_that_are_declared(ledger):
    asked(ledger, make_schema)

    def differences(connection):
        options = {
            "include_schemas": True,
            "version_table_schema": SCHEMA,
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
        }
        return compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)

    assert ledger.ask(differences) == []
    assert asked(ledger, schema_of) == KNOWN[-1]


def test_twenty_writers_make_them_once(database, server):
    def make(_):
        found = ServerLedger(database)
        try:
            asked(found, make_schema)
        finally:
            found.close()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(make, range(20)))
    assert server.query("SELECT count(*) FROM traincarbon.alembic_version", database.rpartition("/")[2]) == [["1"]]


def test_a_reader_of_a_server_without_a_ledger_is_told_who_makes_it(ledger):
    with pytest.raises(CarbonError, match="there is no ledger at") as caught:
        asked(ledger, check_schema)
    assert "carbon runs sync" in caught.value.hint


@pytest.mark.parametrize("ask", [make_schema, check_schema])
def test_a_later_schema_is_left_as_it_is(ledger, server, database, ask):
    asked(ledger, make_schema)
    server.query("UPDATE traincarbon.alembic_version SET version_num = '0099'", database.rpartition("/")[2])
    with pytest.raises(CarbonError, match="the schema 0099, which this version does not know") as caught:
        asked(ledger, ask)
    assert "update traincarbon" in caught.value.hint


def test_a_schema_of_that_name_that_is_not_ours_is_left_as_it_is(ledger, server, database):
    name = database.rpartition("/")[2]
    server.query("CREATE SCHEMA traincarbon; CREATE TABLE traincarbon.runs (a int)", name)
    with pytest.raises(CarbonError, match="that is no ledger"):
        asked(ledger, make_schema)
    assert server.query("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'traincarbon'", name) == [["1"]]


def test_an_empty_schema_that_an_administrator_made_is_filled(ledger, server, database):
    name = database.rpartition("/")[2]
    server.query("CREATE ROLE keeper LOGIN; CREATE SCHEMA traincarbon AUTHORIZATION keeper", name)
    found = ServerLedger(database.replace("carbon@", "keeper@"))
    asked(found, make_schema)
    found.close()
    assert asked(ledger, schema_of) == KNOWN[-1]


def test_a_role_that_may_not_make_it_is_told_so(server, database):
    server.query("CREATE ROLE guest LOGIN", database.rpartition("/")[2])
    found = ServerLedger(database.replace("carbon@", "guest@"))
    with pytest.raises(CarbonError, match="does not permit it: permission denied for database"):
        asked(found, make_schema)
    found.close()


def test_a_role_that_may_not_enter_it_is_told_who_opens_it(ledger, server, database):
    asked(ledger, make_schema)
    server.query("CREATE ROLE stranger LOGIN", database.rpartition("/")[2])
    found = ServerLedger(database.replace("carbon@", "stranger@"))
    with pytest.raises(CarbonError, match="is not open to this role") as caught:
        asked(found, check_schema)
    assert "GRANT USAGE" in caught.value.hint
    found.close()
