"""The first page is made once before a browser asks for it, so that what is read and compiled on the way is ready."""

import asyncio

from traincarbon.webapp.address import Address
from traincarbon.webapp.guard import App, Message


def warm_up(app: App, address: Address, *, token: str) -> int:
    """Ask the app for its first page as a browser would, and return the status of the answer.

    Args:
        app: The app.
        address: Where it listens.
        token: What lets the request in where other machines reach the app.
    """
    return asyncio.run(_first_page(app, address, token))


async def _first_page(app: App, address: Address, token: str) -> int:
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [(b"host", min(address.names).encode("latin-1")), (b"authorization", f"Bearer {token}".encode("latin-1"))]
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/", "raw_path": b"/", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    return statuses[0]
