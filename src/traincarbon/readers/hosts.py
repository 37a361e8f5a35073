"""The hosts of imported runs under the names that the ledger gives to machines, so that one machine has one name in all records."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from traincarbon.ledger.run import Run
from traincarbon.ledger.store_folder import name_of_machine


def with_hosts(records: Sequence[Run], hosts: Mapping[str, Sequence[str]], store: str) -> tuple[Run, ...]:
    """Return *records*, those with devices that were metered on *hosts* with the anonymous names of these.

    Args:
        records: The runs.
        hosts: Names of hosts by the id of a run, in the order of its nodes.
        store: The folder of the ledger, which holds the secret of the names.
    """
    return tuple(
        _named(record, hosts[record.run_id], store) if record.by_device and record.run_id in hosts and not record.hosts else record for record in records
    )


def _named(record: Run, hosts: Sequence[str], store: str) -> Run:
    names = [name_of_machine(store, host.partition(".")[0] if not host.replace(".", "").isdigit() else host) for host in hosts]
    if not all(names):
        return record
    placed = tuple(use._replace(host=names[use.node - 1]) if 0 < use.node <= len(names) else use for use in record.by_device)
    return replace(record, hosts=tuple(names), by_device=placed)
