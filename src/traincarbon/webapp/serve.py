"""Serve the app: listen, say where, and answer until someone stops it."""

import contextlib
import os
import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

from traincarbon.database.load import Database, open_database
from traincarbon.extras import MissingExtraError
from traincarbon.webapp.address import DEFAULT_HOST, DEFAULT_PORT, Address, listen, root_path_of

_PLANS_S = 2.0
"""How long a page waits for the list of saved plans at first."""
_GOODBYE_S = 1
"""How long requests that are still answered may take once the app is stopped."""


class Serving(NamedTuple):
    """What is served where.

    Attributes:
        url: The address of the first page.
        token: What shows that a request may write.
        port: The port.
        store: The folder of the ledger, or its server.
        is_read_only: Whether nobody may write.
    """

    url: str
    token: str
    port: int
    store: str
    is_read_only: bool

    @property
    def link(self) -> str:
        """The address to open: with the token, so that the browser may save plans; without it where nobody may."""
        return self.url if self.is_read_only else f"{self.url}?token={self.token}"

    def to_dict(self) -> dict[str, object]:
        """Return it fit for JSON."""
        return {"url": self.url, "link": self.link, "port": self.port, "store": self.store, "read_only": self.is_read_only}


def serve(
    *,
    port: int = DEFAULT_PORT,
    store: str | os.PathLike[str] | None = None,
    host: str = DEFAULT_HOST,
    read_only: bool = False,
    root_path: str = "",
    allow_hosts: Sequence[str] = (),
    level: float = 0.9,
    database: Database | None = None,
    ready: Callable[[Serving], object] | None = None,
) -> None:
    """Serve the web app until it is interrupted.

    Args:
        port: The port to listen on; 0 is any free one.
        store: The folder of the ledger; by default the server in ``$CARBON_LEDGER``, else ``$CARBON_STORE``, else the user's data folder.
        host: The address to listen on. Where other machines reach it, every page needs the token.
        read_only: Whether nothing may be written.
        root_path: The path before that of the app, where another server passes requests on: ``/user/ada/proxy/8765``.
        allow_hosts: More hosts, with their port, under which a browser may ask for it: ``localhost:9000``.
        level: Confidence level of the intervals. [1]
        database: The facts to rest on; by default ours with the user's own.
        ready: Called once the app listens.

    Raises:
        MissingExtraError: Starlette, uvicorn or Jinja2 is not installed.
        CarbonError: the port is taken, or an argument is not possible.
    """
    try:
        import uvicorn

        from traincarbon.webapp.app import app_of
        from traincarbon.webapp.ledger_thread import LedgerThread
        from traincarbon.webapp.site import Site
        from traincarbon.webapp.warm_up import warm_up
    except ImportError as error:
        raise MissingExtraError("carbon serve needs Starlette, uvicorn and Jinja2, which are not all installed", extra="serve") from error
    path = root_path_of(root_path)
    with contextlib.closing(listen(host, port)) as socket:
        address = Address(host, socket.getsockname()[1], path, tuple(allow_hosts))
        ledger = LedgerThread(None if store is None else os.fspath(store))
        facts = database if database is not None else open_database()
        plans = LedgerThread(ledger.store, first_s=_PLANS_S)
        site = Site(database=facts, ledger=ledger, plans=plans, address=address, level=level, is_read_only=read_only)
        serving = Serving(address.url, secrets.token_urlsafe(24), address.port, ledger.place, read_only)
        app = app_of(site, token=serving.token)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=_GOODBYE_S,
        )
        ledger.warm_up()
        warm_up(app, address, token=serving.token)
        if ready is not None:
            ready(serving)
        with contextlib.suppress(KeyboardInterrupt):  # how an app in a terminal is stopped
            uvicorn.Server(config).run(sockets=[socket])
