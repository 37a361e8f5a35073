"""A server of PostgreSQL for each module that asks for it, and a database for each test."""

import itertools

import pytest

from postgres_server import postgres

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def server():
    with postgres("fsync = off") as found:
        yield found


@pytest.fixture
def database(server):
    """Return the address of an empty database."""
    return server.new_database(f"team-{next(NUMBERS)}")
