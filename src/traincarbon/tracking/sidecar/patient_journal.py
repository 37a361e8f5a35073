"""The journal of a run that no store can hold up: each file has its own patience, and a spare store takes what the store does not."""

import os

from traincarbon.ledger.appended_file import AppendedFile
from traincarbon.ledger.journal import Journal, journal_path
from traincarbon.ledger.patience import Asked
from traincarbon.ledger.spare_store import SpareFile, SpareJournal, spare_stores
from traincarbon.ledger.store_folder import life, node_name, random_name
from traincarbon.tracking.sidecar.patient_file import PatientFile

_NAME_WAIT_S = 1.0


def asked_name(store: str) -> Asked[str]:
    """Ask for the name of this machine in *store*. What else asks the store meanwhile need not wait once more."""
    return Asked(lambda: node_name(store))


def patient_journal(store: str, run_id: str, *, name: Asked[str]) -> Journal:
    """Return the journal of this process in *store*; nothing is written yet.

    Args:
        store: The folder of the runs.
        run_id: The run.
        name: The name of this machine in the store; it is random if the store does not answer.
    """
    process = os.getpid()
    try:
        node = name.answer(within_s=_NAME_WAIT_S)
    except OSError:
        node = random_name()
    file = journal_path(store, run_id, node=node, process=process)
    stores = [spare for spare in spare_stores() if spare != store]
    spare = SpareJournal(os.path.relpath(file, store), stores=stores, opens=lambda kept, path: PatientFile(SpareFile(kept, path)))
    return Journal(file, run_id=run_id, node=node, process=process, life=life(process), opens=lambda path: PatientFile(AppendedFile(path)), spare=spare)
