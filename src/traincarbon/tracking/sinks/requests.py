"""What the user asks to log to: ``--log-to``, ``--prometheus`` and their environment variables, as the names of sinks and where each logs."""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.suggestions import did_you_mean
from traincarbon.tracking.settings import LOG_TO, PROMETHEUS, SinkRequest

NAMES = ("wandb", "mlflow", "tensorboard", "trackio", "otel", "prometheus")
"""The sinks."""
DEFAULT_PORT = 9400
_MOST_PORT = 65535
_LONGEST = 1000


class Address(NamedTuple):
    """Where a server listens; an empty host is every address of the machine."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def sinks_from(*, log_to: str | Sequence[str] = (), prometheus: str | None = None, env: Mapping[str, str] = os.environ) -> tuple[SinkRequest, ...]:
    """Return what to log to; the environment counts where an option is not given.

    Args:
        log_to: Names, several of them separated by commas, each with where it logs if that is not its default: ``mlflow=sqlite:///runs.db``.
        prometheus: The address at which Prometheus reads, as ``:9400``.
        env: The environment.

    Raises:
        CarbonError: a name or an address is wrong.

    Example:
        >>> sinks_from(log_to="wandb,mlflow=sqlite:///runs.db", prometheus=":9400", env={})
        (SinkRequest(name='wandb', where=''), SinkRequest(name='mlflow', where='sqlite:///runs.db'), SinkRequest(name='prometheus', where=':9400'))
    """
    stated = [log_to] if isinstance(log_to, str) else list(log_to)
    words = [word.strip() for each in (stated if any(stated) else [env.get(LOG_TO, "")]) for word in each.split(",")]
    found = {request.name: request for request in map(_request, filter(None, words))}
    address = prometheus or env.get(PROMETHEUS, "").strip()
    if address:
        found["prometheus"] = SinkRequest("prometheus", str(address_of(address)))
    return tuple(found.values())


def address_of(text: str) -> Address:
    """Return the address that *text* names.

    Raises:
        CarbonError: it is not an address.

    Example:
        >>> address_of(":9400"), address_of("9401"), address_of("127.0.0.1:0"), address_of("[::1]:9400")
        (Address(host='', port=9400), Address(host='', port=9401), Address(host='127.0.0.1', port=0), Address(host='::1', port=9400))
    """
    host, colon, port = text.strip().rpartition(":")
    is_bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if is_bracketed else host
    is_host = host.isprintable() and not set(host) & set(" /@") and (is_bracketed or ":" not in host)
    if not (port.isascii() and port.isdecimal() and int(port) <= _MOST_PORT and is_host and (colon or not host)):
        raise CarbonError(f"prometheus is {text[:80]!r}", hint=f"give an address and a port, as :{DEFAULT_PORT} or 127.0.0.1:{DEFAULT_PORT}")
    return Address(host, int(port))


def _request(word: str) -> SinkRequest:
    name, _, where = word.partition("=")
    name = name.strip().lower()
    if name not in NAMES:
        raise CarbonError(f"log_to is {word[:80]!r}", hint=did_you_mean(name, NAMES))
    if len(where) > _LONGEST or not where.isprintable():
        raise CarbonError(f"log_to is {word[:80]!r}", hint=f"at most {_LONGEST} characters, all of them printable")
    return SinkRequest(name, str(address_of(where or f":{DEFAULT_PORT}")) if name == "prometheus" else where.strip())
