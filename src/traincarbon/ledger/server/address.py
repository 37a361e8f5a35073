"""The address of a ledger on a server, as ``$CARBON_LEDGER`` states it."""

import os
import re
from typing import TYPE_CHECKING

from traincarbon.errors import CarbonError
from traincarbon.extras import MissingExtraError

if TYPE_CHECKING:
    from sqlalchemy import URL

VARIABLE = "CARBON_LEDGER"
"""The environment variable with the address."""
SCHEMA = "traincarbon"
"""The schema of PostgreSQL that holds the tables, so that they may share a database with others."""
_DRIVER = "postgresql+psycopg"
_NAMES = ("postgresql", "postgres", _DRIVER)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_NO_HOST = re.compile(r"[@\s]")
"""What no name of a machine has."""
_EXAMPLE = f"{_DRIVER}://USER@HOST/DATABASE"


def server_address() -> str:
    """Return the address in ``$CARBON_LEDGER``, empty if runs are kept in the store alone."""
    return os.environ.get(VARIABLE, "").strip()


def parsed(address: str) -> "URL":
    """Return an address in its parts, with the driver that reads it.

    Raises:
        MissingExtraError: SQLAlchemy is not installed.
        CarbonError: it is not the address of a database of PostgreSQL.
    """
    try:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError as error:
        raise missing_extra() from error
    named = _SCHEME.match(address)  # what follows may hold a password
    if named is None:
        raise CarbonError("the address of the ledger is not that of a database of PostgreSQL", hint=f"{VARIABLE}={_EXAMPLE}")
    if named[1].lower() not in _NAMES:
        raise CarbonError(f"the ledger {named[1][:40]!r} is not a database of PostgreSQL", hint=f"{VARIABLE}={_EXAMPLE}")
    try:
        url = make_url(f"{_DRIVER}://{address[named.end() :]}")
    except (ArgumentError, ValueError):
        raise _unreadable() from None
    if _NO_HOST.search(url.host or ""):  # the rest of a password
        raise _unreadable()
    return url


def _unreadable() -> CarbonError:
    return CarbonError("the address of the ledger cannot be read", hint=f"{VARIABLE}={_EXAMPLE}; in a password, write @ as %40 and / as %2F")


def shown(address: str) -> str:
    """Return an address as it may be shown: without its password and without options.

    Example:
        >>> shown("postgresql+psycopg://ada:secret@db.example/team?sslmode=require")
        'postgresql://ada@db.example/team'
    """
    url = parsed(address)
    stated = url.query.get("host") or "this machine"
    place = (f"[{url.host}]" if ":" in url.host else url.host) if url.host else stated  # hosts among the options have their ports with them
    port = f":{url.port}" if url.port else ""
    user = f"{url.username}@" if url.username else ""
    place = place if isinstance(place, str) else ",".join(place)
    return f"postgresql://{user}{place}{port}/{url.database or ''}"


def missing_extra() -> MissingExtraError:
    """Return the error that says how to add what a ledger on a server needs."""
    return MissingExtraError("a ledger on a server needs SQLAlchemy, psycopg and Alembic, which are not all installed", extra="postgresql")
