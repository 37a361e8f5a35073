"""What services answered, on disk: a file for each day of a zone, so that an hour is asked for once."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress

from traincarbon.errors import CarbonError
from traincarbon.files import replace_file
from traincarbon.grid.service import Query, intensity_in, moment_of
from traincarbon.paths import data_folder
from traincarbon.reading import open_regular

_SCHEMA = "traincarbon/intensities/1"
_H_PER_DAY = 24
_SETTLED_H = 48
"""Hours after which a service does not revise a value any more."""
_MOST_B = 1 << 16


class Cache:
    """The answers of one service.

    Args:
        service: Its name.
        folder: Where they are kept; by default ``intensities`` in the user's data folder.
    """

    def __init__(self, service: str, *, folder: str | None = None) -> None:
        self._service = service
        self._folder = os.path.join(folder or os.path.join(data_folder(), "intensities"), service)

    def read(self, query: Query) -> dict[int, float]:
        """Return the hours of *query* that were answered before. [g/kWh]."""
        found: dict[int, float] = {}
        for day in range(query.first // _H_PER_DAY, (query.until - 1) // _H_PER_DAY + 1):
            found |= {hour: value for hour, value in self._day(query, day).items() if query.first <= hour < query.until}
        return found

    def write(self, query: Query, hours: Mapping[int, float], *, now_hour: int) -> None:
        """Keep the hours that will not be revised any more. A folder that cannot be written to keeps nothing."""
        settled = {hour: value for hour, value in hours.items() if hour + _SETTLED_H <= now_hour}
        for day in sorted({hour // _H_PER_DAY for hour in settled}):
            whole = self._day(query, day) | {hour: value for hour, value in settled.items() if hour // _H_PER_DAY == day}
            stated = {
                "schema": _SCHEMA,
                "zone": query.zone,
                "basis": query.basis,
                "g_per_kwh": {moment_of(hour): value for hour, value in sorted(whole.items())},
            }
            with suppress(OSError, CarbonError):
                os.makedirs(os.path.dirname(self._file(query, day)), exist_ok=True)
                replace_file(self._file(query, day), json.dumps(stated, indent=1) + "\n")

    def _day(self, query: Query, day: int) -> dict[int, float]:
        try:
            with open_regular(self._file(query, day)) as stream:
                stated = json.loads(stream.read(_MOST_B))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(stated, dict) or (stated.get("schema"), stated.get("zone"), stated.get("basis")) != (_SCHEMA, query.zone, query.basis):
            return {}
        values = stated.get("g_per_kwh")
        hours = {moment_of(day * _H_PER_DAY + at): day * _H_PER_DAY + at for at in range(_H_PER_DAY)}
        known = values.items() if isinstance(values, dict) else ()
        return {hours[name]: found for name, value in known if name in hours and (found := intensity_in(value)) is not None}

    def _file(self, query: Query, day: int) -> str:
        zone = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in query.zone)
        return os.path.join(self._folder, f"{zone}-{query.basis}", f"{moment_of(day * _H_PER_DAY, '%Y-%m-%d')}.json")
