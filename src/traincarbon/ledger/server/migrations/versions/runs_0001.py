"""Runs, the processes that metered them, what each store sent, and totals by project, user and month."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SCHEMA = "traincarbon"
_KEY = (("run_id", sa.Text(collation="C")), ("cluster", sa.Text(collation="C")))
_TOTALS = """
CREATE VIEW traincarbon.totals AS
SELECT substr(started_at, 1, 7) AS month, project, username, count(*) AS runs,
    sum(gpu_h) AS gpu_h, sum(energy_kwh) AS energy_kwh, sum(co2e_kg) AS co2e_kg, sum(cost_usd) AS cost_usd
FROM traincarbon.runs WHERE record IS NOT NULL
GROUP BY 1, 2, 3
"""
_NARROW = (
    "ALTER TABLE traincarbon.runs SET (toast_tuple_target = 128)",
    *(
        f"ALTER TABLE traincarbon.runs ALTER COLUMN {name} SET STORAGE MAIN"
        for name in ("run_id", "cluster", "started_at", "project", "state", "username", "hw", "owner")
    ),
)
"""Records are kept beside the table, so that lists and totals read a tenth of it."""


def upgrade() -> None:
    """Make the tables."""
    numbers: list[sa.Column[float]] = [
        sa.Column(name, sa.Double()) for name in ("duration_s", "gpu_h", "energy_kwh", "co2e_kg", "cost_usd", "idle_h", "idle_usd", "repeated_usd")
    ]
    op.create_table(
        "runs",
        *_key(),
        *_texts("started_at", collation="C"),
        *_texts("project", "state"),
        sa.Column("username", sa.Text()),
        *_texts("hw"),
        *numbers,
        sa.Column("is_shared", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text()),
        _owner(),
        sa.PrimaryKeyConstraint("run_id", "cluster"),
        schema=_SCHEMA,
    )
    parts: dict[str, tuple[str, list[sa.Column[Any]]]] = {
        "processes": ("writer", [sa.Column("seq", sa.BigInteger(), nullable=False), sa.Column("version", sa.Integer(), nullable=False), *_texts("summary")]),
        "sources": ("store", _texts("digest")),
    }
    for table, (key, columns) in parts.items():
        op.create_table(
            table,
            *_key(),
            *_texts(key, collation="C"),
            *columns,
            _owner(),
            sa.PrimaryKeyConstraint("run_id", "cluster", key),
            sa.ForeignKeyConstraint(("run_id", "cluster"), (f"{_SCHEMA}.runs.run_id", f"{_SCHEMA}.runs.cluster"), ondelete="CASCADE"),
            schema=_SCHEMA,
        )
    for statement in _NARROW:
        op.execute(statement)
    op.create_index("runs_listed", "runs", [sa.text("started_at DESC"), "run_id", "cluster"], schema=_SCHEMA)
    op.create_index("runs_of_projects", "runs", ["project"], schema=_SCHEMA)
    op.create_index("processes_of_writers", "processes", ["run_id", "writer"], unique=True, schema=_SCHEMA)
    op.create_index("sources_of_a_store", "sources", ["store"], schema=_SCHEMA)
    op.execute(_TOTALS)


def _key() -> list[sa.Column[str]]:
    return [sa.Column(name, kind, nullable=False) for name, kind in _KEY]


def _texts(*names: str, collation: str | None = None) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(collation=collation), nullable=False) for name in names]


def _owner() -> sa.Column[str]:
    return sa.Column("owner", sa.Text(), nullable=False, server_default=sa.text("CURRENT_USER"))
