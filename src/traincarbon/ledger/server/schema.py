"""Whether a server has the tables of this version, and the steps that make them."""

import os
from typing import TYPE_CHECKING

from traincarbon.errors import CarbonError
from traincarbon.ledger.server.address import SCHEMA, missing_extra

if TYPE_CHECKING:
    from sqlalchemy import Connection

KNOWN = ("0001", "0002")
"""The steps of the tables that this version knows, the latest last."""
_LOCK = 0x7472_6163
"""The lock of the server that one writer holds while it makes the tables."""
_FIND = """
SELECT has_schema_privilege(oid, 'USAGE'),
    EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = pg_namespace.oid AND relname = 'alembic_version'),
    (SELECT count(*) FROM pg_class WHERE relnamespace = pg_namespace.oid)
FROM pg_namespace WHERE nspname = :schema
"""
"""Whether this role may enter the schema, whether it has a table of steps, and how many tables and indexes it has; no row if there is no schema."""


def check_schema(connection: "Connection", *, place: str) -> None:
    """Check that a server has the tables of this version.

    Args:
        connection: A connection to it.
        place: The server as it is shown.

    Raises:
        CarbonError: there is no ledger on it yet, or it has another schema.
    """
    found = schema_of(connection, place=place)
    if not found:
        raise CarbonError(f"there is no ledger at {place} yet", hint="carbon runs sync makes it, by a role that may create a schema")
    if found != KNOWN[-1]:
        raise CarbonError(
            f"the ledger at {place} has the schema {found}, an earlier one", hint="carbon runs sync brings it up to date, by the role that made it"
        )


def make_schema(connection: "Connection", *, place: str) -> None:
    """Make the tables of this version, or those that are missing. Of several writers one does it, and the others wait.

    Raises:
        CarbonError: the server has a later schema, or one that is not ours.
    """
    from sqlalchemy import text

    if schema_of(connection, place=place) == KNOWN[-1]:
        return
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if schema_of(connection, place=place) == KNOWN[-1]:
        return
    try:
        from alembic import command
        from alembic.config import Config
    except ImportError as error:
        raise missing_extra() from error
    if _found(connection) is None:
        connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", os.path.join(os.path.dirname(os.path.abspath(__file__)), "migrations").replace("%", "%%"))
    command.upgrade(config, "head")


def schema_of(connection: "Connection", *, place: str) -> str:
    """Return the latest step of the tables on a server, empty if it has none.

    Raises:
        CarbonError: it is a step that this version does not know, or the tables are not ours.
    """
    from sqlalchemy import text

    row = _found(connection)
    if row is None:
        return ""
    is_open, has_steps, n_tables = row
    if not is_open:
        raise CarbonError(f"the ledger at {place} is not open to this role", hint=f"its owner opens it: GRANT USAGE ON SCHEMA {SCHEMA} TO …")
    if not has_steps and n_tables:
        raise CarbonError(f"{place} has a schema {SCHEMA!r} that is no ledger", hint="name another database in CARBON_LEDGER")
    steps = [step for (step,) in connection.execute(text(f"SELECT version_num FROM {SCHEMA}.alembic_version"))] if has_steps else []  # noqa: S608  a constant
    if not steps:
        return ""
    if len(steps) != 1 or steps[0] not in KNOWN:
        raise CarbonError(
            f"the ledger at {place} has the schema {', '.join(steps)[:40]}, which this version does not know",
            hint="update traincarbon; until then the store keeps all runs, and nothing is lost",
        )
    return str(steps[0])


def _found(connection: "Connection") -> tuple[bool, bool, int] | None:
    from sqlalchemy import text

    row = connection.execute(text(_FIND), {"schema": SCHEMA}).one_or_none()
    return None if row is None else (bool(row[0]), bool(row[1]), int(row[2]))
