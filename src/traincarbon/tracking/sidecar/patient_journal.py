"""The journal of a run that no store can hold up: each file has its own patience, and a spare store takes what the store does not."""

import os

from traincarbon.ledger.appended_file import AppendedFile
from traincarbon.ledger.journal import Journal, journal_path
from traincarbon.ledger.spare_store import SpareFile, SpareJournal, spare_stores
from traincarbon.ledger.store_folder import life, node_name, random_name
from traincarbon.tracking.sidecar.patient_file import PatientFile, Task

_NAME_WAIT_S = 1.0


def patient_journal(store: str, run_id: str) -> Journal:
    """Return the journal of this process in *store*; nothing is written yet."""
    node, process = _node(store), os.getpid()
    file = journal_path(store, run_id, node=node, process=process)
    stores = [spare for spare in spare_stores() if spare != store]
    spare = SpareJournal(os.path.relpath(file, store), stores=stores, opens=lambda kept, path: PatientFile(SpareFile(kept, path)))
    return Journal(file, run_id=run_id, node=node, process=process, life=life(process), opens=lambda path: PatientFile(AppendedFile(path)), spare=spare)


def _node(store: str) -> str:
    """Return the name of this machine in *store*, a random one if the store does not answer."""
    names: list[str] = []
    task = Task()
    task.start(lambda: names.append(node_name(store)))
    try:
        task.finish(wait_s=_NAME_WAIT_S)
    except TimeoutError:
        return random_name()
    return names[0] if names else random_name()
