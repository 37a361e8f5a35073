"""The hosts of imported runs under the names that the ledger gives to machines, so that one machine has one name in all records."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from traincarbon.ledger.run import Run
from traincarbon.ledger.store_folder import host_name, name_of_machine

_ADDRESS = re.compile(r"[\d.]+|[0-9a-f:]*:[0-9a-f:]*")
_LOCAL = re.compile(r"localhost(\..*)?|127\.[\d.]+|0\.0\.0\.0|::1?")
"""Names that every machine has for itself."""


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


def name_of_host(store: str, host: str) -> str:
    """Return the anonymous name in *store* of the machine that another program names *host*, empty if that names none, as ``localhost``."""
    named = as_named_here(host, own=host_name())
    return name_of_machine(store, named) if named else ""


def as_named_here(host: str, *, own: str) -> str:
    """Return the name of a host in the form of this machine's own, as machines of a cluster are named alike: with the domain or without it.

    Args:
        host: The name by another program; empty is returned for one that every machine has for itself.
        own: The name that this machine has of itself.

    Example:
        >>> as_named_here("gpu-7.site.example", own="login"), as_named_here("gpu-7", own="login.site.example"), as_named_here("localhost", own="login")
        ('gpu-7', 'gpu-7.site.example', '')
    """
    if _LOCAL.fullmatch(host.lower()):
        return ""
    if _ADDRESS.fullmatch(host.lower()):
        return host
    short, _, domain = host.partition(".")
    own_short, _, own_domain = own.partition(".")
    if _LOCAL.fullmatch(own.lower()):
        own_domain = ""
    if short.lower() == own_short.lower() and (not domain or not own_domain or domain.lower() == own_domain.lower()):
        return own
    if not own_domain:
        return short
    return host if domain else f"{host}.{own_domain}"


def _named(record: Run, hosts: Sequence[str], store: str) -> Run:
    names = [name_of_host(store, host) for host in hosts]
    if not all(names):
        return record
    placed = tuple(use._replace(host=names[use.node - 1]) if 0 < use.node <= len(names) else use for use in record.by_device)
    return replace(record, hosts=tuple(names), by_device=placed)
