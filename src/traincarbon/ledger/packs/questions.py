"""Questions in SQL about the lines of packed journals, which DuckDB answers."""

import os
from typing import Any

from traincarbon.errors import CarbonError
from traincarbon.extras import MissingExtraError
from traincarbon.ledger.index import Index
from traincarbon.ledger.packs.compacted import Answer
from traincarbon.ledger.packs.generations import current_lines_of
from traincarbon.ledger.packs.pack import MONTH
from traincarbon.ledger.packs.packages import EXTRA, pyarrow

TABLE = "intervals"
_FILES = "SELECT folder, name FROM files WHERE substr(folder, 1, ?1) = ?2 ORDER BY folder, name"
_OTHERS = "SELECT count(*), coalesce(sum(size), 0) FROM files WHERE substr(folder, 1, ?1) != ?2"


def answer(index: Index, question: str) -> Answer:
    """Return what the packed journals of a store say.

    Args:
        index: The index of the store.
        question: One ``SELECT`` from the table ``intervals``.

    Raises:
        MissingExtraError: DuckDB is not installed.
        CarbonError: the question is not one, or a pack is damaged.
    """
    index.refresh()
    packs = [os.path.join(index.journals, folder, name) for folder, name in index.rows(_FILES, len(MONTH), MONTH)]
    ((journals, journals_b),) = index.rows(_OTHERS, len(MONTH), MONTH)
    found = current_lines_of(packs)
    try:
        columns, rows = _answered(question, found, index.journals)
    except CarbonError:
        if all(map(os.path.isfile, found)):
            raise
        columns, rows = _answered(question, current_lines_of(packs), index.journals)  # another process gave a file its place meanwhile
    return Answer(columns, rows, int(journals), int(journals_b))


def _answered(question: str, files: list[str], journals: str) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """Return the names of the columns and the rows.

    Raises:
        MissingExtraError: DuckDB is not installed.
        CarbonError: the question is not one, or a pack cannot be read.
    """
    duckdb = _duckdb()
    with duckdb.connect() as connection:
        try:
            _check(duckdb, connection, question)
            _make_table(connection, files, journals)
            given = connection.execute(question)
            columns = tuple(column[0] for column in given.description)
            return columns, tuple(given.fetchall())
        except duckdb.Error as error:
            raise CarbonError(
                f"the question cannot be answered: {str(error).splitlines()[0][:300]}", hint=f"ask the table {TABLE}: DESCRIBE {TABLE}"
            ) from error


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError("questions in SQL need DuckDB, which is not installed", extra=EXTRA) from error
    return duckdb


def _check(duckdb: Any, connection: Any, question: str) -> None:
    """Refuse whatever is not one question, as it might change something.

    Raises:
        CarbonError: it is not.
    """
    statements = connection.extract_statements(question)
    reads = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if len(statements) != 1 or statements[0].type not in reads:
        raise CarbonError("it is not one question", hint=f"ask one SELECT from the table {TABLE}")


def _make_table(connection: Any, files: list[str], journals: str) -> None:
    """Give the packs a name; from then on no other file can be read or written."""
    if files:
        connection.read_parquet(files, hive_partitioning=True).create_view(TABLE)
    else:
        from traincarbon.ledger.packs.interval_table import schema

        pyarrow()
        connection.from_arrow(schema().empty_table()).create(TABLE)
    folders = ", ".join(f"'{folder.replace(chr(39), chr(39) * 2)}'" for folder in (journals,))
    connection.execute(f"SET allowed_directories = [{folders}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
