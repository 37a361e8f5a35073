"""The address that the app listens on, and the names under which a browser may ask for it."""

import errno
import ipaddress
import socket
from typing import NamedTuple

from traincarbon.errors import CarbonError

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8765
_HTTP_PORT = 80
_MOST_PORT = 65_535
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""What a browser on this machine may call an address that only this machine reaches."""


class Address(NamedTuple):
    """Where the app is.

    Attributes:
        host: The name or number that it listens on.
        port: Its port.
        root_path: The path before its own, where another server passes requests on; empty or like ``/user/ada/proxy/8765``.
        others: More names under which it may be asked for, as ``jupyter.example.org`` or ``localhost:9000``.
    """

    host: str
    port: int
    root_path: str = ""
    others: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)

    @property
    def names(self) -> frozenset[str]:
        """Every host, with its port, under which a browser may ask for it."""
        own = (*_LOOPBACK, _bracketed(self.host)) if self.is_local else (_bracketed(self.host),)
        ported = {f"{host}:{self.port}" for host in own} | (set(own) if self.port == _HTTP_PORT else set())
        return frozenset(name.lower() for name in {*ported, *self.others})

    @property
    def url(self) -> str:
        """The address of the first page."""
        return f"http://{_bracketed(self.host)}:{self.port}{self.root_path}/"


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches *host*.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
        (True, True, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def root_path_of(stated: str) -> str:
    """Return the path before that of the app, without a slash at its end.

    Raises:
        CarbonError: it cannot be the path of an address.

    Example:
        >>> root_path_of("user/ada/proxy/8765/"), root_path_of("/")
        ('/user/ada/proxy/8765', '')
    """
    path = "/" + stated.strip("/") if stated.strip("/") else ""
    if not all(character.isascii() and (character.isalnum() or character in "/-._~%@:+") for character in path) or "//" in path:
        raise CarbonError(f"root path is {stated[:60]!r}", hint="give a path as it stands in the address: /user/ada/proxy/8765")
    return path


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on *host* and *port*; port 0 is any free one.

    Raises:
        CarbonError: the port is taken or not allowed, or the host is not one of this machine.
    """
    if not 0 <= port <= _MOST_PORT:
        raise CarbonError(f"port is {port}", hint=f"give a port from 0 to {_MOST_PORT}; 0 takes any that is free")
    plain = host.strip("[]")
    if not plain.isascii():
        raise CarbonError(f"host is {plain[:60]!r}", hint=f"give an address of this machine: --host {DEFAULT_HOST}")
    family = socket.AF_INET6 if ":" in plain else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((plain, port))
        found.listen(128)
    except (OSError, UnicodeError) as error:
        found.close()
        raise _cannot_listen(host, port, error) from error
    return found


def _cannot_listen(host: str, port: int, error: OSError | UnicodeError) -> CarbonError:
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return CarbonError(
            f"port {port} is in use",
            hint=f"does another carbon serve run there? Take another: --port {min(port + 1, _MOST_PORT)}, or --port 0 for any free one",
        )
    if code in (errno.EACCES, errno.EPERM):
        return CarbonError(f"port {port} may not be used", hint=f"take one above 1023: --port {DEFAULT_PORT}")
    reason = getattr(error, "strerror", None) or error
    return CarbonError(f"cannot listen on {host[:60]!r}: {reason}", hint=f"give an address of this machine: --host {DEFAULT_HOST}")


def _bracketed(host: str) -> str:
    return f"[{host.strip('[]')}]" if ":" in host else host
