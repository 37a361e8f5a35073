"""The address of a ledger on a server: only PostgreSQL, and no password is ever shown."""

import sys

import pytest

from traincarbon.errors import CarbonError
from traincarbon.extras import MissingExtraError
from traincarbon.ledger.server.address import parsed, server_address, shown

SECRET = "hunter2"


@pytest.mark.parametrize("name", ["postgresql+psycopg", "postgresql", "postgres"])
def test_every_name_of_postgresql_is_read_by_the_same_driver(name):
    url = parsed(f"{name}://ada:{SECRET}@db.example:5433/team")
    assert (url.drivername, url.host, url.port, url.database) == ("postgresql+psycopg", "db.example", 5433, "team")


@pytest.mark.parametrize(
    "address",
    [
        *(f"mysql://ada:{SECRET}@host/db", f"sqlite:///{SECRET}", SECRET, f"postgresql://ada:{SECRET}@host:port/db", "://"),
        *(f"ada:{SECRET}@host/db", f"postgresql:/ada:{SECRET}@host/db", f"host=db password={SECRET}", f"{SECRET} ://host/db"),
        *(f"postgresql://ada:at@{SECRET}@host/db", f"postgresql://ada:at@{SECRET}@host:5432/db"),
    ],
)
def test_another_address_is_an_error_that_does_not_show_it(address):
    with pytest.raises(CarbonError) as caught:
        parsed(address)
    assert "postgresql+psycopg://USER@HOST/DATABASE" in caught.value.hint
    assert SECRET not in f"{caught.value}{caught.value.hint}"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"postgresql+psycopg://ada:{SECRET}@db.example:5433/team?sslmode=require", "postgresql://ada@db.example:5433/team"),
        (f"postgresql://ada:{SECRET}@/team?host=/run/postgresql", "postgresql://ada@/run/postgresql/team"),
        (f"postgresql://db/team?password={SECRET}", "postgresql://db/team"),
        ("postgresql:///team", "postgresql://this machine/team"),
        ("POSTGRESQL+Psycopg://[::1]:5433/team", "postgresql://[::1]:5433/team"),
        (f"postgresql://ada:{SECRET}@/team?host=h1:5432&host=h2:5433", "postgresql://ada@h1:5432,h2:5433/team"),
        ("postgresql:///team?host=h1:5432", "postgresql://h1:5432/team"),
    ],
)
def test_no_password_is_shown(address, expected):
    assert shown(address) == expected


def test_the_environment_names_it(monkeypatch):
    assert server_address() == ""
    monkeypatch.setenv("CARBON_LEDGER", " postgresql://db/team ")
    assert server_address() == "postgresql://db/team"


def test_without_the_extra_the_error_says_how_to_add_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingExtraError, match="SQLAlchemy") as caught:
        parsed("postgresql://db/team")
    assert "postgresql]" in caught.value.hint
