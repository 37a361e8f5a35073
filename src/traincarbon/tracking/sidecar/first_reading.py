"""Read the GPUs as early as possible, as opening them takes longer than starting a command."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.meters.base import REPLAY, Meter, Reading, Unavailable
from traincarbon.meters.registry import METERS, begun

_WAIT_S = 1.5
"""GPUs that take longer are still being opened when the journal begins."""


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
    opening = [meter for name, kind in METERS.items() if kind.is_opened_first and (meter := begun(name, keeps_trying=True)) is not None]
    meters: dict[str, Meter | Unavailable] = {}
    readings: list[Reading] = []
    for meter in opening:
        failure = meter.wait(wait_s=_WAIT_S)
        if failure is None:
            readings += meter.read()
        is_final = failure is not None and not (meter.is_opening or failure.may_answer_later)
        if is_final:
            meter.close()
        meters[meter.name] = failure if is_final and failure is not None else meter
    return EarlyReadings(meters, tuple(readings))
