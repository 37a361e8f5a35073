"""What every meter offers: cumulative joules for each device, and a reason for what it cannot read."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

REPLAY = "CARBON_REPLAY"
"""The variable that names a recorded trace; it is then played in place of all meters."""


PARTS = ("gpu", "cpu", "dram", "server", "other")
HOWS = ("counter", "power", "modelled")


class Reading(NamedTuple):
    """What one device has drawn since its meter was opened.

    ``energy_j`` never falls, so the energy of any interval is a subtraction. A device that vanishes keeps its last figure.
    What is not known is ``None``, never 0.
    """

    device: str
    """An id that lasts: ``gpu:GPU-5f3c…``, ``cpu:0``, ``dram:0``, ``server:0``."""
    part: str
    """``gpu``, ``cpu``, ``dram``, ``server`` or ``other``."""
    energy_j: float
    time_s: float
    """When it was read, on the clock of ``time.monotonic()``."""
    how: str
    """``counter``: the hardware counts energy. ``power``: power was sampled and integrated. ``modelled``: nothing was measured."""
    power_w: float | None = None
    utilisation: float | None = None
    """Share of the time, as the source averages it, in which the device worked: 0 to 1."""
    temperature_c: float | None = None
    clock_hz: float | None = None
    memory_used_b: float | None = None
    sigma_ln: float = 0.0
    """Log-spread of a modelled figure."""


class Unavailable(NamedTuple):
    """A source that cannot be read here, why, and what would allow it."""

    name: str
    reason: str
    hint: str


class Meter(Protocol):
    """A source of readings.

    Reading never raises: what a vendor's library has to say becomes a line in ``notes``, which the caller takes away.
    """

    name: str
    max_interval_s: float
    """The longest gap between two reads that loses nothing; it may change with what the meter sees, so ask after each read."""
    notes: list[str]
    names: Mapping[str, str]
    """Device to what its maker calls it, where the source knows."""

    def read(self) -> tuple[Reading, ...]:
        """Return one reading for each device, lost ones included."""
        ...

    def close(self) -> None:
        """Let go of the source; safe to call twice, and after it the readings stand still."""
        ...
