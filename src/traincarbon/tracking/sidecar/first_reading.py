"""Read the GPUs as early as possible, as opening them takes longer than starting a command."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.meters.base import REPLAY, Meter, Reading, Unavailable
from traincarbon.meters.registry import METERS, probed
from traincarbon.meters.threaded import TimedOut

_WAIT_S = 5.0
"""GPUs that take longer are opened again once the job is known, so that the journal begins in time."""


class EarlyReadings(NamedTuple):
    """The meters that were opened before the job was known, and their first readings."""

    meters: Mapping[str, Meter | Unavailable]
    readings: tuple[Reading, ...]

    @property
    def devices(self) -> tuple[str, ...]:
        """The GPUs that can be read."""
        return tuple(reading.device for reading in self.readings)

    def close(self) -> None:
        """Close the meters."""
        for meter in self.meters.values():
            if not isinstance(meter, Unavailable):
                meter.close()


def read_early() -> EarlyReadings:
    """Open the GPUs and read them, unless a recorded trace replaces all meters."""
    if os.environ.get(REPLAY):
        return EarlyReadings({}, ())
    probed_now = {name: probed(name, wait_s=_WAIT_S) for name, kind in METERS.items() if kind.is_opened_first}
    meters = {name: meter for name, meter in probed_now.items() if not isinstance(meter, TimedOut)}
    return EarlyReadings(meters, tuple(reading for meter in meters.values() if not isinstance(meter, Unavailable) for reading in meter.read()))
