"""The tables of a ledger on a server. The columns of lists and totals are those of the index, see :mod:`traincarbon.ledger.listed_runs`."""

from sqlalchemy import BigInteger, Column, Computed, Double, ForeignKeyConstraint, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, text

from traincarbon.ledger.listed_runs import COLUMNS as LISTED
from traincarbon.ledger.server.address import SCHEMA

_TYPES = {"TEXT": Text, "REAL": Double, "INTEGER": Integer}
"""SQLite's types to those of PostgreSQL."""
METADATA = MetaData(schema=SCHEMA)


def _listed() -> list[Column[object]]:
    """Return the columns of lists and totals, as the index declares them."""
    found: list[Column[object]] = []
    for declared in LISTED:
        name, kind, *rest = declared.split(" ")
        found.append(Column(name, _TYPES[kind](), nullable=not rest))
    return found


def _owner() -> Column[str]:
    return Column("owner", Text, nullable=False, server_default=text("CURRENT_USER"))


RUNS = Table(
    "runs",
    METADATA,
    Column("run_id", Text(collation="C"), nullable=False),
    Column("cluster", Text(collation="C"), nullable=False),
    _owner(),
    Column("started_at", Text(collation="C"), nullable=False),
    Column("project", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("username", Text),
    Column("month", Text, Computed("substr(started_at, 1, 7)", persisted=True)),
    *_listed(),
    Column("record", Text),
    PrimaryKeyConstraint("run_id", "cluster"),
)
"""A row a run: two clusters may each have a job of the same number."""
Index("runs_listed", RUNS.c.started_at.desc(), RUNS.c.run_id, RUNS.c.cluster)
Index("runs_of_projects", RUNS.c.project)
Index("runs_ended", RUNS.c.ended_at)
Index("runs_running", RUNS.c.started_at, postgresql_where=text("state = 'running'"))


def _of_a_run(name: str, *columns: Column[object], key: str) -> Table:
    """Return a table of parts of runs, which are deleted with their run."""
    return Table(
        name,
        METADATA,
        Column("run_id", Text(collation="C"), nullable=False),
        Column("cluster", Text(collation="C"), nullable=False),
        *columns,
        _owner(),
        PrimaryKeyConstraint("run_id", "cluster", key),
        ForeignKeyConstraint(("run_id", "cluster"), ("traincarbon.runs.run_id", "traincarbon.runs.cluster"), ondelete="CASCADE"),
    )


PROCESSES = _of_a_run(
    "processes",
    Column("writer", Text(collation="C"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("summary", Text, nullable=False),
    key="writer",
)
"""A row a process that metered a run, with the number of its last line: an earlier summary never replaces a later one."""
Index("processes_of_writers", PROCESSES.c.run_id, PROCESSES.c.writer, unique=True)  # no process counts in two runs
SOURCES = _of_a_run("sources", Column("store", Text(collation="C"), nullable=False), Column("digest", Text, nullable=False), key="store")
"""What each store sent of a run, as a digest of its journals: what has not changed is not sent again."""
Index("sources_of_a_store", SOURCES.c.store)
