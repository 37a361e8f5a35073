"""Read an edition of an upstream from a file, or from its address when that is asked for."""

import json
import os
import re
from datetime import UTC, date, datetime
from urllib.error import URLError
from urllib.request import Request, urlopen

from traincarbon._version import __version__
from traincarbon.database.load import Database
from traincarbon.database.refresh.upstream import Edition, Upstream
from traincarbon.database.row_checks import is_date
from traincarbon.errors import CarbonError

_MOST_B = 256 * 2**20
_TIMEOUT_S = 30.0
_MOST_PAGES = 500
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


def read_edition(upstream: Upstream, place: str, database: Database, *, dated: str = "") -> Edition:
    """Return the edition of *upstream* at *place*, a file or an address.

    Args:
        upstream: What is read.
        place: A downloaded file, or an address; nothing else touches the network.
        database: What its rows are matched with.
        dated: When it was published or read; today unless given.

    Raises:
        CarbonError: it cannot be read, is too large, is not text, or its date is none or in the future.
    """
    today = datetime.now(UTC).date()
    dated = dated or today.isoformat()
    if not is_date(dated) or date.fromisoformat(f"{dated}-01-01"[:10]) > today:
        raise CarbonError(f"the date of the edition is {dated!r}", hint="give a year, a month or a day that has come, such as 2026-11")
    content = _downloaded(place) if _ADDRESS.match(place) else _file(place, upstream)
    try:
        return Edition(content.decode("utf-8-sig"), place, dated, database)
    except UnicodeDecodeError:
        raise CarbonError(f"{place} is not text in UTF-8", hint="give the CSV, the JSON or the source file, not a spreadsheet or an archive") from None


def _file(place: str, upstream: Upstream) -> bytes:
    try:
        if not os.path.isfile(place):
            hint = f"download it from {upstream.url}"
            raise CarbonError(f"{place!r} is not a file", hint=hint)
        if os.path.getsize(place) > _MOST_B:
            raise CarbonError(f"{place!r} is larger than {_MOST_B >> 20} MiB", hint="is it the right file?")
        with open(place, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise CarbonError(f"{place!r} cannot be read: {error.strerror}", hint="check its permissions") from error


def _downloaded(address: str) -> bytes:
    """Return what *address* answers; the pages that an answer names as its next ones make a list with it."""
    pages: list[object] = []
    while True:
        content = _answer(address)
        try:
            page = json.loads(content) if content[:1] == b"{" else None
        except ValueError:
            page = None
        following = page.get("NextPageLink") if isinstance(page, dict) else None
        if not pages and not following:
            return content
        pages.append(page)
        if not isinstance(following, str) or len(pages) == _MOST_PAGES:
            return json.dumps(pages).encode()
        address = following


def _answer(address: str) -> bytes:
    request = Request(address.replace(" ", "%20"), headers={"User-Agent": f"traincarbon/{__version__}"})  # noqa: S310  only http and https come here
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            content: bytes = answer.read(_MOST_B + 1)
    except (URLError, OSError, ValueError) as error:
        raise CarbonError(f"{address} does not answer: {getattr(error, 'reason', error)}", hint="download it by hand and give the file") from error
    if len(content) > _MOST_B:
        raise CarbonError(f"{address} answers with more than {_MOST_B >> 20} MiB", hint="is it the right address?")
    return content
