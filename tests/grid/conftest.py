"""Services on loopback, asked through the client."""

import pytest

from grid_services import HOUR, served
from traincarbon.grid.client import Client
from traincarbon.grid.service import Query


@pytest.fixture
def ask(shipped):
    """Return a function that asks a service on loopback, which answers what *answer* returns, and gives its hours and the requests."""

    def asked(service, answer, *, zone, n=3, basis="lifecycle", forecast=False, **tokens):
        with served(answer) as (address, seen):
            environment = {f"CARBON_{service.name.replace('-', '_').upper()}_URL": address, **dict.fromkeys(service.variables, "secret-token"), **tokens}
            query = Query(zone, HOUR, HOUR + n, basis)
            with Client(service, environment=environment, sleep=lambda _: None) as client:
                found = service.forecast(client, query) if forecast else service.past(client, query, shipped)
        return found, seen

    return asked
