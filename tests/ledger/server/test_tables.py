"""The tables on a server are those of the index, where both have a column."""

from traincarbon.ledger.listed_runs import COLUMNS
from traincarbon.ledger.server.tables import METADATA, PROCESSES, RUNS, SOURCES


def test_columns_of_lists_and_totals_are_declared_once():
    declared = {column.partition(" ")[0]: column for column in COLUMNS}
    for name, column in declared.items():
        assert RUNS.c[name].nullable is ("NOT NULL" not in column), name


def test_every_table_is_in_a_schema_of_its_own_and_says_who_owns_a_row():
    assert set(METADATA.tables) == {"traincarbon.runs", "traincarbon.processes", "traincarbon.sources"}
    assert all("owner" in table.c for table in (RUNS, PROCESSES, SOURCES))
