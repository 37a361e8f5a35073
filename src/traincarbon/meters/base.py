"""The interface of meters: cumulative joules for each device, or the reason why a source cannot be read."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from traincarbon.quantities import EnergySource, Part

REPLAY = "CARBON_REPLAY"
"""The variable that names a recorded trace, which then replaces all meters."""

HIDDEN_TOO = "CARBON_METERS_HIDDEN_TOO"
"""The variable with which GPUs are read that other variables hide from this process, as the processes of its job may see them."""
APART = "CARBON_METERS_APART"
"""The variable that puts every meter with a vendor's library into a process of its own; set after a crash."""


class Reading(NamedTuple):
    """The energy of one device since its meter was opened.

    ``energy_j`` never falls, so the energy of any interval is a subtraction. A device that is lost keeps its last value.
    What is not known is None, never 0.
    """

    device: str
    """A stable id: ``gpu:GPU-5f3c…``, ``cpu:0``, ``dram:0``, ``server:0``."""
    part: Part
    energy_j: float
    time_s: float
    """When it was read, on the clock of ``time.monotonic()``."""
    how: EnergySource
    power_w: float | None = None
    utilisation: float | None = None
    """Share of the time in which the device worked, as the source averages it: 0 to 1."""
    temperature_c: float | None = None
    clock_hz: float | None = None
    memory_used_b: float | None = None
    sigma_ln: float = 0.0
    """Log-spread of a modelled energy."""
    counter_j: float | None = None
    """The device's own counter as it stands, which goes on when the meter ends: the next meter of the same device can tell what was used in between."""
    gap_s: float = 0.0
    """Seconds since the first reading whose energy is not in ``energy_j``. It falls again if a counter makes up for a time without an answer."""
    risen_since_s: float | None = None
    """If earlier readings turn out to lack energy, as of a counter that stood still: since when. What they stated of later times is void. [s]"""
    risen_j: float = 0.0
    """By how much ``energy_j`` has risen since then, evenly. [J]"""
    is_shared: bool = False
    """Whether it is the job's part of what the device used, see :mod:`traincarbon.meters.machine_share`."""


class Unavailable(NamedTuple):
    """A source that cannot be read here, the reason, and what would help."""

    name: str
    reason: str
    hint: str
    is_there: bool = False
    """Whether the devices that it would read are known to be there, so that their energy is missing and not zero."""
    may_answer_later: bool = False
    """Whether it is worth asking again: a library that fails now may not do so later."""


class Meter(Protocol):
    """A source of readings. Subclass it to inherit what most meters do not need.

    Reading never raises: errors of a vendor's library become lines in ``notes``, which the caller takes away.
    """

    name: str
    max_interval_s: float
    """The longest time between two reads that loses nothing. It may change, so ask after each read."""
    notes: list[str]
    names: Mapping[str, str]
    """Device to its product name, where the source states it."""
    covers: tuple[Part, ...] = ()
    """Parts whose energy is already within that of another part, so that no other meter may add it."""
    unread: tuple[str, ...] = ()
    """Devices that are there and cannot be read, so that their energy is missing and not zero."""
    assumed: Mapping[str, str] = MappingProxyType({})
    """Devices whose power is assumed, as nothing states it, to what it rests on."""
    order: tuple[str, ...] = ()
    """GPUs in the order in which variables number them, where the source states it."""
    hidden: tuple[str, ...] = ()
    """GPUs that variables hide from this process. They are read, but only count if the job sees them."""
    users: Mapping[str, Sequence[int]] = MappingProxyType({})
    """GPU to the processes that compute on it, as far as the driver tells."""
    failure: Unavailable | None = None
    """Why the source cannot be read now, although the meter is used: it may answer later, or its devices are assumed."""

    def read(self) -> tuple[Reading, ...]:
        """Return one reading for each device, lost ones included."""
        ...

    def leave_out(self, parts: Collection[Part]) -> None:  # noqa: ARG002  for meters of several parts
        """Do not read those of *parts* that this meter can leave out, as other meters read them."""
        return

    def settle(self, cpu_s: float) -> bool:  # noqa: ARG002  for meters that charge the job alone
        """Count all the processor time of a job that has ended, if this meter charges the job alone. Return whether that changes its readings.

        Args:
            cpu_s: The processor time as the system states it. [s]
        """
        return False

    def include(self, pid: int, *, since_birth: bool) -> None:  # noqa: ARG002  for meters that charge the job alone
        """Charge another process and its descendants too, if this meter charges the job alone.

        Args:
            pid: The process.
            since_birth: Whether what it used before counts.
        """
        return

    def close(self) -> None:
        """Release the source. It is safe to call twice, and the readings stay the same afterwards."""
        ...


class SensorMeter(Meter):
    """A meter that reads its source until it is closed. A subclass says how.

    Args:
        clock: Returns the time.
        notes: Lines for the caller.
        names: Device to its product name.
    """

    def __init__(self, clock: Callable[[], float], *, notes: Iterable[str] = (), names: Mapping[str, str] | None = None) -> None:
        self.notes = list(notes)
        self.names = names or {}
        self._clock = clock
        self._closed = False
        self._last: tuple[Reading, ...] = ()

    def read(self) -> tuple[Reading, ...]:
        """Return one reading for each device, the last ones once the meter is closed."""
        if not self._closed:
            self._last = tuple(self._read())
        return self._last

    def close(self) -> None:
        """Stop reading."""
        self._closed = True

    def _read(self) -> Iterable[Reading]:
        """Read the source."""
        raise NotImplementedError
