"""The instant from which runs are listed: a date, or an age."""

import re
import time
from datetime import UTC, datetime

from traincarbon.errors import CarbonError

_AGES_S = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}


def instant_since(text: str) -> str:
    """Return the time that *text* states, in ISO 8601 and UTC as in records; a day begins at midnight UTC.

    Args:
        text: A date as ``2026-11-01``, a moment, an age as ``12h``, ``3d`` or ``2w``, or nothing.

    Raises:
        CarbonError: it states neither.
    """
    if not text:
        return ""
    age = re.fullmatch(r"(\d{1,6})([mhdw])", text)
    if age:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - int(age[1]) * _AGES_S[age[2]]))
    try:
        moment = datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CarbonError(f"since is {text[:40]!r}, which is not a date", hint="write 2026-11-01, 2026-11-01T12:00, or an age as 12h, 3d or 2w") from error
    return moment.isoformat()[:19]  # strftime would write the year 800 without its zero
