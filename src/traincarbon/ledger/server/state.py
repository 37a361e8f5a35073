"""What there is to say about a team's ledger: whether it answers, and how many runs of this machine it lacks."""

import os
from contextlib import closing
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.ledger.index_contents import contents_of
from traincarbon.ledger.server.address import server_address
from traincarbon.ledger.server.connection import ServerLedger
from traincarbon.ledger.server.schema import check_schema
from traincarbon.ledger.server.stored_text import stored_text
from traincarbon.ledger.server.sync import known_of, sender_of
from traincarbon.ledger.store import Ledger

_ANSWER_S = 5.0


class TeamState(NamedTuple):
    """The state of a team's ledger.

    Attributes:
        server: The server, without its password; empty if its address cannot be read.
        unsent: Runs of the store that it does not have as they are now, None if it does not answer.
        problem: Why it cannot be used, empty if it can.
    """

    server: str
    unsent: int | None
    problem: str


def team_state(store: str) -> TeamState | None:
    """Return the state of the ledger in ``$CARBON_LEDGER`` and of a store, None if no server is named."""
    address = server_address()
    if not address:
        return None
    server = ""
    try:
        with closing(ServerLedger(address, answer_s=_ANSWER_S)) as found, Ledger(store) as own:
            server = found.shown
            found.ask(lambda connection: check_schema(connection, place=found.shown))
            known = found.ask(lambda connection: known_of(connection, sender_of(store)))
            own.index.refresh()
            runs = list(contents_of(own.index, mark=os.environ.get("CARBON_LEDGER_USER", "")))
    except CarbonError as error:
        return TeamState(server, None, str(error))
    return TeamState(server, sum(known.get(stored_text(each.run_id)) != each.digest for each in runs), "")
