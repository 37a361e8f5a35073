"""Boards read as early as can be: opening them takes longer than a command takes to start."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.meters.base import REPLAY, Meter, Reading, Unavailable
from traincarbon.meters.registry import probed

_EARLY = ("nvml",)
"""Meters that do not need to know the job, and whose counters tell what it draws from its first moment on."""


class Early(NamedTuple):
    """What was opened before it was known what to meter."""

    meters: Mapping[str, Meter | Unavailable]
    readings: tuple[Reading, ...]


def open_early() -> Early:
    """Open the boards and read them, unless a recorded trace is played in their place."""
    if os.environ.get(REPLAY):
        return Early({}, ())
    meters = {name: probed(name) for name in _EARLY}
    return Early(meters, tuple(reading for meter in meters.values() if not isinstance(meter, Unavailable) for reading in meter.read()))
