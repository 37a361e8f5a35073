"""The address of a Prometheus server as ``carbon runs import`` takes it, and who asks it; neither is written into a record."""

import os
from typing import NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from traincarbon.errors import CarbonError

TOKEN, TENANT = "CARBON_PROMETHEUS_TOKEN", "CARBON_PROMETHEUS_TENANT"
"""Variables with the token that the server asks for, and with the tenant of a shared one (``X-Scope-OrgID`` of Mimir and Loki)."""
_PREFIX = "prom+"
_SCHEMES = ("http", "https")
_EXAMPLE = "write prom+http://HOST:9090, or prom+https://HOST/PATH if it is behind a path"


class Address(NamedTuple):
    """Where a server is, and who asks it.

    Attributes:
        url: Its address without login, and without a slash at the end.
        login: User and password, None if there are none.
        headers: What every request states: a token or a tenant.
    """

    url: str
    login: tuple[str, str] | None
    headers: dict[str, str]


def is_address(text: str) -> bool:
    """Return whether *text* names a server, not a file.

    Example:
        >>> is_address("prom+http://monitor:9090"), is_address("jobs.txt"), is_address("prom+ftp://monitor")
        (True, False, True)
    """
    return text.startswith(_PREFIX) and "://" in text


def address_of(text: str) -> Address:
    """Return the server that *text* names; token and tenant come from the environment.

    Raises:
        CarbonError: it is no address of HTTP.

    Example:
        >>> address_of("prom+https://me:secret@monitor:9090/prometheus/").url
        'https://monitor:9090/prometheus'
    """
    try:
        parts = urlsplit(text.removeprefix(_PREFIX))
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise CarbonError(f"the address of Prometheus cannot be read: {error}", hint=_EXAMPLE) from None
    if parts.scheme not in _SCHEMES or not host:
        raise CarbonError(f"the address of Prometheus names no {'host' if not host else 'protocol that it speaks'}", hint=_EXAMPLE)
    if parts.query or parts.fragment:
        raise CarbonError("the address of Prometheus has a query", hint=f"{_EXAMPLE}; state what to read with --job, or with --hosts, --from and --to")
    place = f"[{host}]" if ":" in host else host
    url = urlunsplit((parts.scheme, place if port is None else f"{place}:{port}", parts.path.rstrip("/"), "", ""))
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    named = {"Authorization": f"Bearer {token}" if (token := os.environ.get(TOKEN, "")) else "", "X-Scope-OrgID": os.environ.get(TENANT, "")}
    return Address(url, login, {name: value for name, value in named.items() if value})
