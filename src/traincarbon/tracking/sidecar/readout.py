"""When the meters of a run are read, and which of their devices count."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from traincarbon.quantities import Part
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.first_reading import EarlyReadings
from traincarbon.tracking.sidecar.members import Members
from traincarbon.tracking.sidecar.neighbours import Neighbours
from traincarbon.tracking.sidecar.recorder import Recorder
from traincarbon.tracking.sidecar.runtime_folder import runtime_folder

if TYPE_CHECKING:
    from traincarbon.tracking.sidecar.opened_meters import OpenedMeters

_SAMPLE_S = 1.0
_OWN_SHARE = 4e-4
"""Largest share of a core for reading the meters, which are read less often if they take longer; less than half of the budget of this process."""


class Readout:
    """The meters of a node, which are read until the last training has ended.

    Args:
        settings: What to meter.
        members: The members of the run.
        began_s: When the session began.
        notes: Where notes go.
        changed: What is called when other devices count than before.
        settle: What is called with the time when all meters were read, so that the energy of all parts is known until then.

    Attributes:
        recorder: The energy of each device.
        next_s: When the meters are read next.
        frozen_s: When the last training ended, None before; nothing counts after that.
        missing: Part to why it is not metered.
    """

    def __init__(
        self, settings: Settings, members: Members, *, began_s: float, notes: list[str], changed: Callable[[], None], settle: Callable[[float], None]
    ) -> None:
        self.recorder = Recorder((), began_s=began_s)
        self.next_s = self._next_phase_s = began_s
        self.frozen_s: float | None = None
        self.missing: dict[str, str] = {}
        self._settings = settings
        self._members = members
        self._began_s = began_s
        self._notes = notes
        self._changed = changed
        self._settle = settle
        self._neighbours = Neighbours(runtime_folder(), settings.run_id)
        self._opened: OpenedMeters | None = None

    def open(self, early: EarlyReadings, *, pid: int | None, born_s: float | None) -> None:
        """Open the meters, and read them for the first time.

        Args:
            early: Meters that are open already, and their readings.
            pid: The training, None for the whole machine.
            born_s: Since when the training's own processes count, None for all of them.
        """
        from traincarbon.tracking.sidecar.opened_meters import OpenedMeters

        self._opened = opened = OpenedMeters(self._settings, early, pid=pid, born_s=born_s)
        self.recorder = Recorder(opened.meters, began_s=self._began_s, earlier=opened.earlier.readings, share=opened.share)
        self._notes += [*opened.share_notes, *opened.plug_in_notes]
        self.read(time.monotonic())

    @property
    def are_unsettled(self) -> bool:
        """Whether GPUs are there that are not open yet."""
        return self._opened is not None and self._opened.are_unsettled

    def take_devices(self) -> tuple[str, bool]:
        """Take what the meters read. Return what to tell the user of GPUs that they do not read, and whether one of them has no assumed power."""
        if self._opened is None:
            return "", False
        self._members.devices = frozenset(device for meter in self._opened.meters for device in meter.names if device.startswith(f"{Part.GPU}:"))
        parts = self.recorder.by_part()
        self.missing = self._opened.missing(parts)
        return self._opened.announcement(parts), self._opened.unread_gpu(parts) is not None

    def start_fields(self) -> dict[str, object]:
        """Return what is known of the meters, for the journal's ``start`` line."""
        counters_j = self.recorder.counters_j
        return {"missing": self.missing, **({"counters": counters_j} if counters_j else {})}

    def read(self, now_s: float, *, whole: bool = True) -> None:
        """Read the meters, all of them before a record and else those that are due, and plan the next reading."""
        began_s = time.process_time()
        if self.frozen_s is None:
            self._notes += self.recorder.read() if whole else self.recorder.read(now_s=now_s)
            if self._opened is not None and self._opened.have_changed():
                self._changed()
            self._leave_out()
            if self.recorder.is_whole:
                self._settle(max(now_s, self.recorder.latest_s))
            self._neighbours.look(self.recorder.gpus)
        own_s = (time.process_time() - began_s) / _OWN_SHARE
        self.next_s = now_s + min(max(_SAMPLE_S, own_s), self._settings.interval_s, self.recorder.longest_wait_s)

    def read_at_phase(self, now_s: float) -> None:
        """Read the meters where a phase begins or ends, once between two regular readings at most."""
        if now_s >= self._next_phase_s and self.frozen_s is None:
            self.read(now_s)
            self._next_phase_s = self.next_s

    def freeze(self, at_s: float) -> None:
        """Read the meters for the last time, if they still are; nothing counts after *at_s*."""
        if self.frozen_s is None:
            self._notes += self.recorder.read()
        self.frozen_s = at_s

    def counted_until_s(self, now_s: float) -> float:
        """Return until when energy and hours count: *now_s*, or the end of the last training if that is over."""
        return now_s if self.frozen_s is None else self.frozen_s

    def shared(self) -> dict[str, list[str]]:
        """Return each other run with the GPUs of this one that it meters too, which is noted."""
        found = self._neighbours.shared(self.recorder.gpus)
        self._notes += self._neighbours.notes(found)
        return found

    def end(self) -> None:
        """Tell other runs that these GPUs are not metered here any more."""
        self._neighbours.close()

    def _leave_out(self) -> None:
        """Count the GPUs that belong to the trainings, and no others."""
        left_out = self._members.left_out(self.recorder.meters)
        if left_out != self.recorder.left_out:
            self.recorder.left_out = left_out
            self._changed()
