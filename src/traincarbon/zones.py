"""Time zones by name or offset, for times that state none."""

from datetime import datetime, tzinfo

from traincarbon.errors import CarbonError


def zone_of(text: str) -> tzinfo | None:
    """Return the time zone named ``Europe/Paris`` or ``+02:00``, None for an empty *text*.

    Raises:
        CarbonError: there is no such time zone.
    """
    if not text:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        if text[0] in "+-":
            return datetime.fromisoformat(f"2000-01-01T00:00{text}").tzinfo
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CarbonError(f"unknown time zone {text[:40]!r}", hint="write Europe/Paris, America/New_York or +02:00") from error
