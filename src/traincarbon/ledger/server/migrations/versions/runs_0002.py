"""When each run ended, so that a month can be asked for the runs that ran in it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ATTEMPTS = """
CASE WHEN run.record ~ '(NaN|Infinity)' THEN '[]'::json
    WHEN json_typeof(run.record::json -> 'attempts') = 'array' THEN run.record::json -> 'attempts' ELSE '[]'::json END
"""
"""Numbers that are no JSON stand in records of runs whose meters failed."""
_ENDED_AT = rf"""
UPDATE traincarbon.runs AS run SET ended_at = coalesce(
    (SELECT max(attempt.value ->> 'ended') FROM json_array_elements({_ATTEMPTS}) AS attempt),
    to_char(run.started_at::timestamptz AT TIME ZONE 'UTC' + run.duration_s * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
WHERE run.record IS NOT NULL AND run.started_at ~ '^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d' AND run.duration_s BETWEEN 0 AND 1e10
"""  # noqa: S608  constants
"""The end of its last attempt, or where that is not known its beginning and duration."""


def upgrade() -> None:
    """Add the column, and fill it from the records, however long that takes."""
    op.add_column("runs", sa.Column("ended_at", sa.Text()), schema="traincarbon")
    op.execute("ALTER TABLE traincarbon.runs ALTER COLUMN ended_at SET STORAGE MAIN")
    op.execute("SET LOCAL statement_timeout = 0")
    op.get_bind().exec_driver_sql(_ENDED_AT)
    op.create_index("runs_ended", "runs", ["ended_at"], schema="traincarbon")
    op.create_index("runs_running", "runs", ["started_at"], schema="traincarbon", postgresql_where=sa.text("state = 'running'"))
