"""Durations as other programs and people write them: ``1-02:03:04``, ``1:00:45``, ``35.3min``, ``2 h``."""

import re

from traincarbon.quantities import S_PER_DAY, S_PER_H

_CLOCK = re.compile(r"(?:(\d+)(?:-| days?,? ))?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_UNITS_S = {"ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "m": 60.0, "min": 60.0, "minute": 60.0}
_UNITS_S |= {"h": S_PER_H, "hr": S_PER_H, "hour": S_PER_H, "d": S_PER_DAY, "day": S_PER_DAY}
_PART = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]+)[, ]*", re.IGNORECASE)


def duration_s_of(text: str) -> float | None:
    """Return the seconds that *text* states with a clock or with units, None if it states neither, as a number without a unit.

    Example:
        >>> [duration_s_of(text) for text in ("1-02:03:04", "1:00:45", "03:04", "2.0h", "1 day 2:00:00", "1h 30min", "12")]
        [93784.0, 3645.0, 184.0, 7200.0, 93600.0, 5400.0, None]
    """
    text = text.strip()
    if clock := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = (float(part or 0.0) for part in clock.groups())
        return ((days * 24.0 + hours) * 60.0 + minutes) * 60.0 + seconds
    total_s, end = 0.0, 0
    while end < len(text) and (part := _PART.match(text, end)):
        unit = part[2].lower()
        unit_s = _UNITS_S.get(unit) or _UNITS_S.get(unit.removesuffix("s"))
        if unit_s is None:
            return None
        total_s, end = total_s + float(part[1]) * unit_s, part.end()
    return total_s if text and end == len(text) else None
