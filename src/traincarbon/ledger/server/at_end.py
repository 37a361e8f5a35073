"""Send what one process metered, once it has ended: its journal alone is read, however large the store is."""

import os
from contextlib import closing, suppress

from traincarbon.errors import CarbonError
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.server.address import server_address
from traincarbon.ledger.server.connection import ServerLedger
from traincarbon.ledger.server.sync import patiently, sender_of

_WAIT_S, _ANSWER_S = 60.0, 30.0
"""How long a server is asked again, and how long each time it may take: the process is gone after that, whatever the server does."""


def main(store: str, run_id: str, file: str) -> None:
    """Send it to the server in ``$CARBON_LEDGER``, silently: what was not sent comes with the next ``carbon runs sync``."""
    with suppress(CarbonError, OSError):
        send_journal(server_address(), store=store, run_id=run_id, file=file)


def send_journal(address: str, *, store: str, run_id: str, file: str, wait_s: float = _WAIT_S) -> None:
    """Send the processes in a journal to a server.

    Args:
        address: The address of the server.
        store: The folder of the runs.
        run_id: The run.
        file: The journal.
        wait_s: How long a server that does not answer is asked again. [s]

    Raises:
        OSError: the journal cannot be read.
        CarbonError: the server does not answer, or refuses it.
    """
    with closing(ServerLedger(address, answer_s=_ANSWER_S)) as server:
        from traincarbon.ledger.server.sending import ToSend, send

        run = ToSend(run_id, "", fold_files([file], run_id))  # without a digest, the next sync compares all journals of the run
        sender = sender_of(store, cluster=os.environ.get("CARBON_CLUSTER", ""), user=os.environ.get("CARBON_LEDGER_USER", ""))
        if run.processes:
            patiently(server, lambda connection: send(connection, [run], sender), wait_s=wait_s)
