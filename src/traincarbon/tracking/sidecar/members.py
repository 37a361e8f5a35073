"""The members of a run on a node: the one whose process meters, and those that hand over to it while it runs."""

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from traincarbon.meters.base import Meter
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.messages import Begun, Job, JobEnded
from traincarbon.tracking.reports import Report
from traincarbon.tracking.sidecar.job import ProcessHandle
from traincarbon.tracking.sidecar.member import Member

if TYPE_CHECKING:
    from traincarbon.tracking.sidecar.door import Door, HandedOver

_SHARE = 1e-4
"""Largest share of the time for looks at the environments of processes."""
_FIRST_LOOKS, _FIRST_LOOK_S = 12, 1.0
"""The first looks are no further apart than that: a short training would end before the next one."""


class Joining:
    """A process that has handed over and whose training has not started yet."""

    def __init__(self, handed: "HandedOver") -> None:
        reads, writes, *reports = handed.descriptors
        self.handed = handed
        self.channel = Channel(reads, writes, received=handed.unread)
        self._reports = (reports[0], reports[1])

    def member(self) -> Member | None:
        """Return the member once its training has started, None before."""
        messages = self.channel.receive()
        for index, message in enumerate(messages):
            if isinstance(message, Job):
                self.channel.put_back(messages[index + 1 :])
                settings = self.handed.settings
                return Member(self.channel, ProcessHandle(settings.owner), settings, message, reports=self._reports, environment=self.handed.environment)
        return None

    def close(self) -> None:
        """Close what was handed over."""
        self.channel.close()
        for descriptor in self._reports:
            os.close(descriptor)


class Members:
    """All members of a run on this node.

    Args:
        first: The member whose process meters.
        door: Where others hand over; None if they cannot.
    """

    def __init__(self, first: Member, *, door: "Door | None") -> None:
        self.present = [first]
        self.devices: frozenset[str] = frozenset()
        """The GPUs that can be metered here; a process that can read another one meters by itself."""
        self._joined: list[Member] = []
        self._joining: list[Joining] = []
        self._door = door
        self._ends: list[JobEnded] = []
        self._sessions = {first.settings.session}
        self._watched: set[int] = set()
        self._seen_by: dict[Member, frozenset[str]] = {}
        self._left_out: frozenset[str] = frozenset()
        self._next_look_s = 0.0
        self._n_looks = 0

    @property
    def is_working(self) -> bool:
        """Whether the training of a member goes on, or is about to start; one within another is a part of that."""
        return self.n_working > 0

    @property
    def n_working(self) -> int:
        """How many trainings go on."""
        starting = sum(not joining.handed.settings.joins for joining in self._joining)
        return starting + sum(member.ended is None for member in self._apart)

    @property
    def _apart(self) -> list[Member]:
        """The members that are no part of another: their ends, processes and GPUs are those of the run."""
        return [member for member in self.present if not member.settings.joins]

    @property
    def speaker(self) -> Member:
        """The member that shows what the run came to where several end at once: the first whose owner is alive."""
        return next((member for member in self._apart if not member.owner.gone), self.present[0])

    @property
    def lives(self) -> set[int]:
        """The descriptors that become readable when an owner or a training ends."""
        return set().union(*(member.lives for member in self.present))

    @property
    def all_gone_s(self) -> float | None:
        """When the last training was seen to be gone, None while one goes on."""
        gone_s = [member.ended.ended_s if member.ended is not None else member.gone_s for member in self._apart]
        known = [each for each in gone_s if each is not None]
        is_starting = any(not joining.handed.settings.joins for joining in self._joining)
        return max(known, default=None) if len(known) == len(gone_s) and not is_starting else None

    def handlers(self, take: Callable[[list[Report]], None]) -> dict[int, Callable[[], None]]:
        """Return each descriptor from which input can come, with what handles it.

        Args:
            take: What takes the reports of a training.
        """
        found: dict[int, Callable[[], None]] = {}
        for member in self.present:
            found |= {descriptor: partial(_read, member, descriptor, take) for descriptor in member.readers}
            if not member.channel.ended:
                found[member.channel.fileno()] = member.receive
        found |= {joining.channel.fileno(): partial(self._admit, joining) for joining in self._joining}
        if self._door is not None and self._door.fileno() >= 0:
            found[self._door.fileno()] = self._open
        self._watched = self._descriptors()
        return found

    def take_joined(self) -> list[Member]:
        """Return the members that have joined since the last call."""
        joined, self._joined = self._joined, []
        return joined

    def take_left(self) -> list[Member]:
        """Return the members whose training has ended while others go on; they are not present any more."""
        left = [member for member in self.present if member.ended is not None] if self.is_working else []
        self.present = [member for member in self.present if member not in left]
        self._ends += self._ends_of(left)
        return left

    def left_out(self, meters: Sequence[Meter]) -> frozenset[str]:
        """Return the GPUs that *meters* read and that belong to no member, present or past; an unchanged answer if it is too early to look again."""
        now_s, began_s = time.monotonic(), time.process_time()
        ordered = [meter for meter in meters if meter.order]
        if ordered and now_s >= self._next_look_s:
            for member in self._apart:
                member.look_for_devices(ordered)
                self._seen_by[member] = frozenset().union(*(member.devices.of(meter) for meter in ordered))
            ours = frozenset().union(*self._seen_by.values())
            self._left_out = frozenset(device for meter in ordered for device in meter.order) - ours
            wait_s = (time.process_time() - began_s) / _SHARE
            self._n_looks += 1
            self._next_look_s = now_s + (wait_s if self._n_looks > _FIRST_LOOKS else min(wait_s, _FIRST_LOOK_S))
        return self._left_out

    def have_changed(self) -> bool:
        """Return whether other descriptors are to be watched than when :meth:`handlers` was called last."""
        return self._watched != self._descriptors()

    def outcome(self) -> JobEnded:
        """Return how the trainings ended: when the last one did, and as the one that ended worst."""
        ends = [*self._ends, *self._ends_of(self.present)]
        used_s = [end.cpu_s for end in ends if end.cpu_s is not None]
        worst = max(ends, key=_badness)
        return worst._replace(ended_s=max(end.ended_s for end in ends), cpu_s=sum(used_s) if len(used_s) == len(ends) else None)

    def close_door(self) -> None:
        """Let the next process of the run meter by itself."""
        for joining in self._joining:
            joining.close()
        self._joining.clear()
        if self._door is not None:
            self._door.close()

    def _ends_of(self, members: list[Member]) -> list[JobEnded]:
        """Return how *members* ended, without those within the command or the block of another: it decides what their ends mean, and its processor time has theirs."""
        apart = [member for member in members if not member.settings.joins and member.settings.within not in self._sessions]
        return [member.ended for member in apart if member.ended is not None]

    def _descriptors(self) -> set[int]:
        """Return the descriptors from which input can come."""
        readers = {descriptor for member in self.present for descriptor in member.readers}
        channels = [*(member.channel for member in self.present), *(joining.channel for joining in self._joining)]
        return readers | {channel.fileno() for channel in channels if not channel.ended}

    def _open(self) -> None:
        if self._door is None or (handed := self._door.receive()) is None:
            return
        sees_all = self.devices.issuperset(handed.devices) and handed.settings.meters == self.present[0].settings.meters
        is_accepted = handed.settings.joins or sees_all
        self._door.answer(accepted=is_accepted)
        joining = Joining(handed)
        if is_accepted:
            joining.channel.send(Begun())
            self._joining.append(joining)
            self._admit(joining)
        else:
            joining.close()

    def _admit(self, joining: Joining) -> None:
        member = joining.member()
        if member is not None:
            self.present.append(member)
            self._sessions.add(member.settings.session)
            self._joined.append(member)
            self._next_look_s = 0.0
        if member is not None or joining.channel.ended:
            self._joining.remove(joining)
        if member is None and joining.channel.ended:
            joining.close()


def _read(member: Member, descriptor: int, take: Callable[[list[Report]], None]) -> None:
    take(member.read(descriptor))


def _badness(end: JobEnded) -> tuple[bool, bool, bool]:
    """Return what orders ends from good to bad: a killed supervisor is worse than a signal, and that than an exit code."""
    return end.state is not None, end.signal is not None, bool(end.exit_code)
