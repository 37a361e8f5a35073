"""Addresses of Prometheus, with and without login."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.readers.prometheus.address import TENANT, TOKEN, address_of, is_address


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN, raising=False)
    monkeypatch.delenv(TENANT, raising=False)


def test_a_login_is_taken_out_of_the_address() -> None:
    found = address_of("prom+https://m%40e:p%2Fw@monitor.example:8443/select/0/prometheus/")
    assert found == ("https://monitor.example:8443/select/0/prometheus", ("m@e", "p/w"), {})
    assert address_of("prom+http://[::1]:9090").url == "http://[::1]:9090"


@pytest.mark.parametrize("text", ["prom+ftp://monitor", "prom+http://", "prom+http://monitor:99999", "prom+http://monitor?query=up", "prom+http://[::1"])
def test_what_is_no_address_is_one_line_with_a_hint(text: str) -> None:
    assert is_address(text)
    with pytest.raises(CarbonError, match="the address of Prometheus") as caught:
        address_of(text)
    assert "prom+http" in caught.value.hint
