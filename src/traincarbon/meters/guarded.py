"""A meter that may fail in any way, behind checks of everything that it states."""

from collections.abc import Callable, Collection
from contextlib import suppress

from traincarbon.meters.base import Meter, Reading, Unavailable
from traincarbon.quantities import EnergySource, Part

_PARTS, _HOWS = tuple(Part), tuple(EnergySource)
_SHORTEST_S, _LONGEST_S = 0.002, 60.0
"""Limits of the time between two reads, as a meter that asks for none would keep a core busy."""
_MOST_J = _MOST_S = 1e18


def guarded(name: str, probe: Callable[[], Meter | Unavailable], *, is_there: bool = False) -> Meter | Unavailable:
    """Call *probe*. An exception of it or its meter is only a reason why this meter cannot be read.

    *is_there* says that there is something to read, as where a package was installed for it.
    """
    try:
        found = probe()
        return found if isinstance(found, Unavailable) else _Guarded(found)
    except (Exception, SystemExit) as error:  # noqa: BLE001  around a meter's read
        return Unavailable(name, f"it fails: {type(error).__name__}: {error}", "carbon doctor shows the others", is_there=is_there)


class _Guarded(Meter):
    """A meter that may fail in any way: then its readings stay the same and a note says why."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self.name = meter.name
        self.max_interval_s = _LONGEST_S
        self.notes: list[str] = []
        self._take_stated()
        self._last: tuple[Reading, ...] = ()
        self._reached_j: dict[str, float] = {}
        self._failed = False

    def read(self) -> tuple[Reading, ...]:
        """Return the readings of the meter, or the last ones if it fails."""
        try:
            self._last = tuple([self._checked(reading) for reading in self._meter.read()])
            self.max_interval_s = min(max(_SHORTEST_S, float(self._meter.max_interval_s)), _LONGEST_S)
            self._take_stated()
            self._failed = False
        except (Exception, SystemExit) as error:  # noqa: BLE001  around a meter's read
            if not self._failed:
                self.notes.append(f"{self.name}: fails ({type(error).__name__}: {error}): its energy stands still")
            self._failed = True
        if self._meter.notes:
            self.notes += self._meter.notes
            self._meter.notes.clear()
        return self._last

    def leave_out(self, parts: Collection[Part]) -> None:
        """Tell the meter which parts others read."""
        with suppress(AttributeError):  # one of another package may lack it
            self._meter.leave_out(parts)

    def settle(self, cpu_s: float) -> bool:
        """Pass the processor time of a job that has ended on to the meter."""
        settle = getattr(self._meter, "settle", None)
        return settle is not None and bool(settle(cpu_s))

    def include(self, pid: int, *, since_birth: bool) -> None:
        """Pass a further process of the job on to the meter."""
        self._meter.include(pid, since_birth=since_birth)

    def close(self) -> None:
        """Close the meter. One that cannot be closed ends with the process."""
        with suppress(Exception, SystemExit):
            self._meter.close()

    def _take_stated(self) -> None:
        """Take over what the meter states beside its readings; one of another package may lack some of it."""
        self.names = dict(getattr(self._meter, "names", {}))
        self.covers = tuple(getattr(self._meter, "covers", ()))
        self.unread = tuple(getattr(self._meter, "unread", ()))
        self.assumed = dict(getattr(self._meter, "assumed", {}))
        self.order = tuple(getattr(self._meter, "order", ()))
        self.hidden = tuple(getattr(self._meter, "hidden", ()))
        self.users = dict(getattr(self._meter, "users", {}))

    def _checked(self, reading: Reading) -> Reading:
        """Return *reading* with its part and source as ours. Refuse what is not a reading, and energy that falls."""
        before_j = self._reached_j.get(reading.device, 0.0)
        if not (before_j <= reading.energy_j < _MOST_J and abs(reading.time_s) < _MOST_S and reading.how in _HOWS and reading.part in _PARTS):
            raise ValueError(f"{reading.device} reads {reading.energy_j} J after {before_j} J at {reading.time_s} s, {reading.how}, {reading.part}")
        self._reached_j[reading.device] = reading.energy_j
        if reading.risen_since_s is not None and not (abs(reading.risen_since_s) < _MOST_S and 0.0 <= reading.risen_j <= reading.energy_j):
            reading = reading._replace(risen_since_s=None)
        if reading.part.__class__ is Part and reading.how.__class__ is EnergySource:
            return reading
        return reading._replace(part=Part(reading.part), how=EnergySource(reading.how))
