"""Boards read as early as can be: opening them takes longer than a command takes to start."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.meters.base import REPLAY, Meter, Reading, Unavailable
from traincarbon.meters.registry import METERS, probed
from traincarbon.meters.threaded import TimedOut

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
    probed_now = {name: probed(name, wait_s=_WAIT_S) for name, kind in METERS.items() if kind.is_opened_first}
    meters = {name: meter for name, meter in probed_now.items() if not isinstance(meter, TimedOut)}
    return Early(meters, tuple(reading for meter in meters.values() if not isinstance(meter, Unavailable) for reading in meter.read()))
