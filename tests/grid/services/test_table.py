"""The services by name."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.grid.services.table import SERVICES, service_of


def test_every_service_has_its_name_and_an_address():
    for name in SERVICES:
        service = service_of(name)
        assert service.name == name
        assert service.address.startswith("https://")
        assert service.bases
        assert service.most_hours >= 24


def test_an_unknown_service_is_refused_with_those_that_there_are():
    with pytest.raises(CarbonError, match="unknown service 'watt'") as failed:
        service_of("watt")
    assert "watttime" in failed.value.hint
