"""Answers in JSON, equal to what the command line prints with ``--json``, and errors in the same two lines."""

import json

from starlette.requests import Request
from starlette.responses import Response

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.formatting import json_text
from traincarbon.ledger.server.connection import ServerAwayError
from traincarbon.webapp.ledger_thread import StoreError

_MOST_DEPTH_HINT = 'send a plan: {"params": "7B", "tokens": "1T", "hw": "dgx-h100"}'


class ForbiddenError(CarbonError):
    """A request that writes lacks the token, or the app is read-only."""


def json_answer(found: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return *found* as the command line prints it."""
    return Response(json_text(found, indent=2) + "\n", status_code=status, headers=headers, media_type="application/json")


def error_answer(error: CarbonError, *, status: int) -> Response:
    """Return an error as JSON: what was wrong, and what to do."""
    return json_answer({"error": str(error), "hint": error.hint}, status=status)


def status_of(error: CarbonError, *, is_of_run: bool = False) -> int:
    """Return the status of an error: 503 where the ledger does not answer, 403 where writing is not allowed, 404 for a run that does not exist, else 400."""
    if isinstance(error, StoreError | ServerAwayError):
        return 503
    if isinstance(error, ForbiddenError):
        return 403
    return 404 if is_of_run and isinstance(error, NotFoundError) else 400


async def body_of(request: Request) -> dict[str, object]:
    """Return the object that a request carries as JSON.

    Raises:
        CarbonError: it is not JSON, holds NaN or infinity, or is not an object.
    """
    content = await request.body()
    try:
        found: object = json.loads(content.decode("utf-8-sig"), parse_constant=_not_finite)
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"the body is not JSON: {str(error)[:120]}", hint=_MOST_DEPTH_HINT) from error
    if not isinstance(found, dict):
        raise CarbonError("the body is not an object", hint=_MOST_DEPTH_HINT)
    return found


def _not_finite(word: str) -> object:
    raise ValueError(f"{word} is not a number")
