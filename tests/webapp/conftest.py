"""The app as the tests ask it: in this process, on an address of its own."""

import pytest
from starlette.testclient import TestClient

from traincarbon.webapp.address import Address
from traincarbon.webapp.app import app_of
from traincarbon.webapp.ledger_thread import LedgerThread
from traincarbon.webapp.site import Site
from webapp.started import TOKEN, URL


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def make_client(shipped, store):
    """Return a function that makes a client of an app that was started with these settings."""

    def make(*, address=None, is_read_only=False, with_token=False, answer_s=20.0, **options):
        plans = LedgerThread(str(store))
        site = Site(
            plans=plans,
            database=shipped,
            ledger=LedgerThread(str(store), answer_s=answer_s, first_s=answer_s),
            address=address or Address("127.0.0.1", 8765),
            is_read_only=is_read_only,
        )
        headers = {"authorization": f"Bearer {TOKEN}"} if with_token else {}
        return TestClient(app_of(site, token=TOKEN), base_url=URL, headers=headers, follow_redirects=False, **options)

    return make


@pytest.fixture
def client(make_client):
    return make_client()
