"""Boards read as early as can be: opening them takes longer than a command takes to start."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.meters.base import REPLAY, Meter, Reading, Unavailable
from traincarbon.meters.registry import probed
from traincarbon.meters.threaded import TimedOut

_EARLY = ("nvml",)
"""Meters that do not need to know the job, and whose counters tell what it draws from its first moment on."""


_WAIT_S = 5.0
"""Boards that take longer are opened again when it is known what to meter, so that the run is on record before."""


class Early(NamedTuple):
    """What was opened before it was known what to meter."""

    meters: Mapping[str, Meter | Unavailable]
    readings: tuple[Reading, ...]


def open_early() -> Early:
    """Open the boards and read them, unless a recorded trace is played in their place."""
    if os.environ.get(REPLAY):
        return Early({}, ())
    probed_now = {name: probed(name, wait_s=_WAIT_S) for name in _EARLY}
    meters = {name: meter for name, meter in probed_now.items() if not isinstance(meter, TimedOut)}
    return Early(meters, tuple(reading for meter in meters.values() if not isinstance(meter, Unavailable) for reading in meter.read()))
