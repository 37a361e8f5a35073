"""Who may ask: the host, the origin and the size of every request, the token of those that write, and the headers of every answer."""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from traincarbon.formatting import json_text
from traincarbon.webapp.address import Address

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY_B = 1_000_000
"""Bodies of plans are shorter."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
"""What a page of the app may load: its own files, and nothing of other hosts."""
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",  # under no-referrer a browser hides the origin of our own form too
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
_PARAMETER = "token"


class Guard:
    """Pass on the requests that a browser of the reader may make, with a note on whether they may write.

    Args:
        app: The app behind it.
        address: Where it listens.
        token: What shows that a request is that of the one who started the app.
        is_read_only: Whether nobody may write.
    """

    def __init__(self, app: App, *, address: Address, token: str, is_read_only: bool) -> None:
        self.app, self.address, self.token, self.is_read_only = app, address, token, is_read_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = _Headers(scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        given = dict(parse_qsl(scope["query_string"].decode("latin-1"))).get(_PARAMETER)
        if given is not None and scope["method"] == "GET" and self._is_token(given):
            await self._remember(scope, send)
            return
        has_token = self._has_token(headers)
        if not self.address.is_local and not has_token:
            await _refuse(send, 401, "this page is not open to everybody", "open the address with its token that carbon serve printed")
            return
        state = {**scope.get("state", {}), "may_write": has_token and not self.is_read_only}
        root = self.address.root_path
        await self.app({**scope, "root_path": root, "path": root + self._path(scope), "state": state}, _limited(receive), _with_headers(send))

    def _refusal(self, scope: Scope, headers: "_Headers") -> tuple[int, str, str] | None:
        """Return why a request is refused before anything is read of it: status, reason and hint; None for one that is not."""
        hosts = headers.all(b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self.address.names:
            shown = hosts[0][:60] if hosts else ""
            return 403, f"host {shown!r} is not that of this app", f"open {self.address.url}, or start carbon serve with --allow-host HOST"
        origins = headers.all(b"origin")
        if any(urlsplit(origin).netloc.lower() not in self.address.names for origin in origins):
            return 403, f"a page of {origins[0][:60]!r} may not ask here", f"open {self.address.url}"
        if scope["method"] not in ("GET", "HEAD") and headers.first(b"sec-fetch-site") == "cross-site":
            return 403, "a page of another site may not ask here", f"open {self.address.url}"
        length = headers.first(b"content-length")
        if length and (not length.isdecimal() or int(length[:12]) > MOST_BODY_B):
            return 413, "the body is too large", f"send at most {MOST_BODY_B:,} bytes"
        return None

    def _path(self, scope: Scope) -> str:
        """Return the path of the app that is asked for; a server before it may or may not have removed what stands before."""
        root, path = self.address.root_path, str(scope["path"])
        return path[len(root) :] if root and path.startswith(f"{root}/") else path

    @property
    def _cookie(self) -> str:
        """The name of the cookie; browsers share cookies among the ports of a host."""
        return f"carbon-{self.address.port}"

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode("utf-8", "replace"), self.token.encode("utf-8"))

    def _has_token(self, headers: "_Headers") -> bool:
        kind, _, given = headers.first(b"authorization").partition(" ")
        if kind.lower() == "bearer" and self._is_token(given.strip()):
            return True
        try:
            cookie = SimpleCookie(headers.first(b"cookie")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and self._is_token(cookie.value)

    async def _remember(self, scope: Scope, send: Send) -> None:
        """Keep the token in a cookie, and lead to the same page without it."""
        rest = urlencode([(name, value) for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True) if name != _PARAMETER])
        path = "/" + self._path(scope).lstrip("/\\")
        place = f"{self.address.root_path}{_quoted(path)}{'?' + rest if rest else ''}"
        cookie = f"{self._cookie}={self.token}; Path={self.address.root_path or '/'}; HttpOnly; SameSite=Strict"
        headers = [
            (b"location", place.encode("latin-1")),
            (b"set-cookie", cookie.encode("latin-1")),
            (b"cache-control", b"no-store"),
            (b"content-length", b"0"),
        ]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


class _Headers:
    """The headers of a request."""

    def __init__(self, scope: Scope) -> None:
        self._pairs: list[tuple[bytes, bytes]] = scope["headers"]

    def all(self, name: bytes) -> list[str]:
        return [value.decode("latin-1") for key, value in self._pairs if key == name]

    def first(self, name: bytes) -> str:
        return next(iter(self.all(name)), "")


class BodyTooLargeError(Exception):
    """A body without a stated length is longer than allowed."""


def _limited(receive: Receive) -> Receive:
    """Return *receive*, which gives up on a body that is too long."""
    read_b = 0

    async def receive_limited() -> Message:
        nonlocal read_b
        message = await receive()
        read_b += len(message.get("body", b""))
        if read_b > MOST_BODY_B:
            raise BodyTooLargeError
        return message

    return receive_limited


def _with_headers(send: Send) -> Send:
    """Return *send*, which adds the headers of every answer."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message["headers"]}
            wanted = {**_HEADERS, b"content-security-policy": POLICY.encode("ascii"), b"cache-control": b"no-store"}
            message["headers"] = [*message["headers"], *((name, value) for name, value in wanted.items() if name not in present)]
        await send(message)

    return send_with_headers


async def _refuse(send: Send, status: int, reason: str, hint: str) -> None:
    body = json_text({"error": reason, "hint": hint}, indent=2).encode("utf-8") + b"\n"
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(body)).encode("ascii"))]
    await _with_headers(send)({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _quoted(path: str) -> str:
    return quote(path, safe="/-._~:@+")
