"""Ask a service over HTTP: with a timeout, a few retries, a bound on the answer, and errors that show no token."""

import json
import os
import re
import time
from collections.abc import Callable, Mapping
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Self

from traincarbon._version import __version__
from traincarbon.extras import MissingExtraError
from traincarbon.grid.service import Service, ServiceError

if TYPE_CHECKING:
    import httpx2

_TIMEOUT_S = 10.0
_TRIES = 3
_WAIT_S = 0.5
"""The wait before the second try; it doubles."""
_LONGEST_WAIT_S = 5.0
"""A service that asks for a longer wait is not waited for."""
_MOST_B = 32 * 2**20
_TOO_MANY = 429
_REFUSED = (401, 403)
_OK = 200
_FAULT = 500
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class Client:
    """Asks one service. Use it in a ``with`` block.

    Args:
        service: The service.
        environment: Where tokens and the address come from.
        sleep: How it waits before it asks again.

    Raises:
        MissingExtraError: httpx2 is not installed.
        ServiceError: the address of the service is none.
    """

    def __init__(self, service: Service, *, environment: Mapping[str, str] = os.environ, sleep: Callable[[float], None] = time.sleep) -> None:
        self._httpx = _httpx()
        self._service, self._environment, self._sleep = service, environment, sleep
        self._address = address_of(service, environment)
        self._client: httpx2.Client = self._httpx.Client(timeout=_TIMEOUT_S, headers={"User-Agent": f"traincarbon/{__version__}"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def token(self, variable: str) -> str:
        """Return the token in an environment variable."""
        return self._environment.get(variable, "").strip()

    def json(
        self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> object:
        """Return what the service answers to a request, decoded.

        Args:
            path: The path below its address.
            params: Parameters of the query.
            headers: Headers, as for a token.
            auth: User and password.

        Raises:
            ServiceError: it does not answer, refuses, or answers with something that is not JSON.
        """
        content = self.content(path, params=params, headers=headers, auth=auth)
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            what = "a web page" if content.lstrip()[:1] == b"<" else "something"
            raise ServiceError(f"{self._service.title} answered with {what} that is not JSON") from None

    def content(
        self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, auth: tuple[str, str] | None = None
    ) -> bytes:
        """Return what the service answers, as :meth:`json` does, as it is."""
        wait_s = _WAIT_S
        for left in reversed(range(_TRIES)):
            status, content, asked_s = self._once(path, params=dict(params or {}), headers=dict(headers or {}), auth=auth)
            if status == _OK:
                return content
            if status in _REFUSED:
                variables = " and ".join(self._service.variables)
                raise ServiceError(f"{self._service.title} refused {f'the token in {variables}' if variables else 'to answer'} ({status})")
            may_help = status in (0, _TOO_MANY) or status >= _FAULT
            if not left or not may_help or asked_s > _LONGEST_WAIT_S:
                raise ServiceError(f"{self._service.title} {_words(status)}")
            self._sleep(max(wait_s, asked_s))
            wait_s *= 2.0
        raise AssertionError("every last try returns or raises")

    def _once(self, path: str, *, params: dict[str, str], headers: dict[str, str], auth: tuple[str, str] | None) -> tuple[int, bytes, float]:
        """Return status, content and the wait that the service asks for; status 0 if there was no answer."""
        pieces, size_b = [], 0
        try:
            with self._client.stream("GET", f"{self._address}{path}", params=params, headers=headers, auth=auth) as answer:
                for piece in answer.iter_bytes():
                    size_b += len(piece)
                    if size_b > _MOST_B:
                        raise ServiceError(f"{self._service.title} answered with more than {_MOST_B >> 20} MiB")
                    pieces.append(piece)
                return answer.status_code, b"".join(pieces), _seconds(answer.headers.get("retry-after", ""))
        except (self._httpx.HTTPError, self._httpx.InvalidURL, UnicodeError):  # their text may hold the address with a token
            return 0, b"", 0.0


def address_of(service: Service, environment: Mapping[str, str] = os.environ) -> str:
    """Return the address of a service: that of ``$CARBON_NAME_URL``, else its own.

    Raises:
        ServiceError: the variable holds no address of the web.
    """
    variable = f"CARBON_{service.name.replace('-', '_').upper()}_URL"
    address = environment.get(variable, "").strip().rstrip("/") or service.address
    if not _ADDRESS.match(address):
        raise ServiceError(f"{variable} holds no web address")
    return address


def _httpx() -> ModuleType:
    try:
        import httpx2
    except ImportError as error:
        raise MissingExtraError("services of carbon intensities need httpx2, which is not installed", extra="live", otherwise="leave out --live") from error
    return httpx2


def _seconds(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0


def _words(status: int) -> str:
    if status == 0:
        return "does not answer"
    return f"answered {status}: too many requests" if status == _TOO_MANY else f"answered {status}"
