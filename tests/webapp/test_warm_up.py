"""The first page is made before a browser asks, also where every page needs the token."""

import pytest

from traincarbon.webapp.address import Address
from traincarbon.webapp.app import app_of
from traincarbon.webapp.ledger_thread import LedgerThread
from traincarbon.webapp.pages import _templates
from traincarbon.webapp.site import Site
from traincarbon.webapp.warm_up import warm_up


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_first_page_answers_and_its_template_is_compiled(shipped, store, host):
    address = Address(host, 8765)
    site = Site(database=shipped, ledger=LedgerThread(str(store)), plans=LedgerThread(str(store)), address=address)
    _templates.cache_clear()
    assert warm_up(app_of(site, token="t"), address, token="t") == 200
    assert _templates().cache is not None
    assert any("plan.html" in str(key) for key in _templates().cache)
