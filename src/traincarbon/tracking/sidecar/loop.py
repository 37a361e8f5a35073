"""The loop of the metering process: read the meters, write the journal, send the live state, and stay until the job has ended."""

import math
import os
import select
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from traincarbon._version import __version__
from traincarbon.ledger.journal import Journal
from traincarbon.quantities import Part
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.live_state import LiveState
from traincarbon.tracking.messages import Begun, Final, Job, JobEnded, Note
from traincarbon.tracking.reports import Report
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.clocks import Clocks
from traincarbon.tracking.sidecar.first_reading import EarlyReadings
from traincarbon.tracking.sidecar.job import ProcessHandle
from traincarbon.tracking.sidecar.member import Member
from traincarbon.tracking.sidecar.members import Members
from traincarbon.tracking.sidecar.neighbours import Neighbours
from traincarbon.tracking.sidecar.record_pace import RecordPace
from traincarbon.tracking.sidecar.recorder import Recorder
from traincarbon.tracking.sidecar.runtime_folder import runtime_folder
from traincarbon.tracking.sidecar.turn import end_turn
from traincarbon.tracking.value.lookup_process import LookupProcess
from traincarbon.tracking.value.session import Session

if TYPE_CHECKING:
    from traincarbon.tracking.display.display_process import DisplayProcess
    from traincarbon.tracking.sidecar.door import Door
    from traincarbon.tracking.sidecar.opened_meters import OpenedMeters

_SAMPLE_S = 1.0
_CHECK_S = 0.25
"""Between two checks whether the owner is stopped, which nothing else reports."""
_OWN_SHARE = 4e-4
"""Largest share of a core for reading the meters, which are read less often if they take longer; less than half of the budget of this process."""
_LAST_WAIT_S, _VALUED_S = 2.0, 2.5
"""Longest wait for the last answers, and the latest time after the end of the training for that of the lookup: its owner waits a second longer."""
_UNSETTLED_S = 20.0
"""Longest wait for GPUs that are not open yet, before energy and hours are valued without them."""
_TOO_SHORT_S = 0.1
"""A shorter command is not valued, as that would take longer than the command."""
_MOST_NOTES = 500


class Metering:
    """One session of metering on a node: of the training that asked for it, and of others of the same run that hand over to it.

    Args:
        channel: The channel to the owner.
        owner: The process that asked for the metering.
        settings: What to meter.
        job: The training's process, and when it began.
        journal: The journal of the session.
        lookup: The process that looks up what energy and hours are worth.
        early: Meters that are open already, and their readings.
        reports: Descriptors of the job's reports and of a copy of its output.
        display: What shows the run if its owner does not; the owner then gets no states and no notes.
        door: Where other processes of the run hand over; None if they cannot.
        turn: Descriptor that holds the turn to replace a metering process; the others start once the meters were read.
    """

    def __init__(
        self,
        channel: Channel,
        owner: ProcessHandle,
        settings: Settings,
        job: Job,
        *,
        journal: Journal,
        lookup: LookupProcess,
        early: EarlyReadings,
        reports: tuple[int, int],
        display: "DisplayProcess | None" = None,
        door: "Door | None" = None,
        turn: int = -1,
    ) -> None:
        self._session_id = settings.session if door is None else door.take_session(settings)
        if door is not None and door.earlier_s > -math.inf:  # another process may have metered this training until the lock was free
            job = job._replace(began_s=time.monotonic())
        self._first = Member(channel, owner, settings, job, reports=reports)
        self._members = Members(self._first, door=door)
        self._display = display
        self._settings = settings
        self._turn = turn
        self._neighbours = Neighbours(runtime_folder(), settings.run_id)
        self._journal = journal
        self._began_s = job.began_s
        self._early = early
        self._notes = list(settings.notes)
        self._clocks = Clocks()
        self._pace = RecordPace(interval_s=settings.interval_s, began_s=self._began_s)
        self._session = Session(settings)
        self._lookup = lookup
        self._recorder = Recorder((), began_s=self._began_s)
        self._noted: set[str] = set()
        self._missing: dict[str, str] = {}
        self._opened: OpenedMeters | None = None
        self._has_asked = False
        """Whether the lookup process was asked."""
        self._has_reported_fault = False
        self._frozen_s: float | None = None
        """When the last job ended; nothing counts after that."""
        self._next_sample_s = self._next_state_s = self._next_check_s = self._next_phase_read_s = self._began_s
        self._session.begin(self._began_s)
        self._waiter: select.poll | None = None
        self._handlers: dict[int, Callable[[], None]] = {}
        """Descriptor to what handles its input."""
        self._lives: set[int] = set()

    def run(self) -> None:
        """Meter the job, and those of all members, to their end."""
        self._start()
        next_record_s = self._began_s + self._settings.interval_s
        while self._members.is_working:
            now_s = time.monotonic()
            if now_s >= min(self._next_sample_s, next_record_s):
                self._sample(now_s, whole=now_s >= next_record_s)
            if now_s >= next_record_s:
                self._record(max(now_s, self._recorder.latest_s))
                next_record_s += self._settings.interval_s * max((now_s - next_record_s) // self._settings.interval_s + 1.0, 1.0)
            self._report()
            now_s = time.monotonic()
            due_s = max(min(self._next_sample_s, next_record_s), now_s)
            self._wait(due_s - now_s)
            self._notes += self._clocks.stopped(due_s=due_s)
        self._finish(self._members.outcome())

    def _start(self) -> None:
        settings = self._settings
        fields = {
            "argv": list(settings.argv),
            "env": dict(settings.env),
            "project": settings.project,
            "launcher": settings.launch.origin,
            "plan": settings.plan,
            "interval_s": settings.interval_s,
            "nodes_expected": settings.nodes,
            **({"outside": True} if settings.is_outside else {}),
            "from_s": self._began_s,
            "to_s": time.monotonic(),
            "versions": {"carbon": __version__, **settings.versions},
        }
        self._write("start", {**fields, **self._session.start_fields()})
        self._first.channel.send(Begun())
        from traincarbon.tracking.sidecar.opened_meters import OpenedMeters

        born_s = None if self._first.is_in_process or settings.continues or settings.is_machine else self._began_s
        self._opened = opened = OpenedMeters(settings, self._early, pid=None if settings.is_machine else self._first.job.pid, born_s=born_s)
        self._recorder = Recorder(opened.meters, began_s=self._began_s, earlier=opened.earlier.readings, share=opened.share)
        self._notes += opened.share_notes
        self._sample(time.monotonic())
        end_turn(self._turn)
        self._take_devices(opened)
        self._first.receive()
        if self._first.ended is not None and self._first.ended.ended_s - self._began_s < _TOO_SHORT_S:
            self._lookup.close()
            self._notes.append(f"a command of less than {_TOO_SHORT_S:g} s is not valued: no CO2e and no cost")
        elif not opened.are_unsettled:
            self._ask_lookup()
        self._write("start", {**fields, **self._session.start_fields(), "missing": self._missing})

    def _take_devices(self, opened: "OpenedMeters") -> None:
        """Take what the meters read, and tell the user about GPUs that they do not read."""
        self._members.devices = frozenset(device for meter in opened.meters for device in meter.names if device.startswith(f"{Part.GPU}:"))
        parts = self._recorder.by_part()
        self._missing = opened.missing(parts)
        if text := opened.announcement(parts):
            self._announce(text)
        has_unread_gpu = opened.unread_gpu(parts) is not None
        self._session.set_devices(names=self._recorder.names, accelerators=self._recorder.accelerators, has_unread_gpu=has_unread_gpu)

    def _take_changes(self, opened: "OpenedMeters") -> None:
        """Take devices that can be read since a moment ago, or that cannot be read any more."""
        self._take_devices(opened)
        self._write("start", {"interval_s": self._settings.interval_s, **self._session.start_fields(), "missing": self._missing})
        if not opened.are_unsettled:
            self._ask_lookup()

    def _ask_lookup(self) -> None:
        """Ask once what energy and hours are worth, when the devices are known."""
        if not self._has_asked and self._lookup.fileno() >= 0:
            self._has_asked = True
            self._lookup.ask(self._session.question(journal=os.path.basename(self._journal.file)))

    def _sample(self, now_s: float, *, whole: bool = True) -> None:
        """Read the meters, all of them before a record and else those that are due, and plan the next reading."""
        began_s = time.process_time()
        if self._frozen_s is None:
            self._notes += self._recorder.read() if whole else self._recorder.read(now_s=now_s)
            if self._opened is not None and self._opened.have_changed():
                self._take_changes(self._opened)
            self._leave_out()
            self._neighbours.look(self._recorder.gpus)
        own_s = (time.process_time() - began_s) / _OWN_SHARE
        self._next_sample_s = now_s + min(max(_SAMPLE_S, own_s), self._settings.interval_s, self._recorder.longest_wait_s)

    def _read_at_phase(self, now_s: float) -> None:
        """Read the meters where a phase begins or ends, once between two regular readings at most."""
        if now_s >= self._next_phase_read_s and self._frozen_s is None:
            self._sample(now_s)
            self._next_phase_read_s = self._next_sample_s
            self._session.settle_phases(self._recorder.by_part(), time_s=now_s)

    def _leave_out(self) -> None:
        """Count the GPUs that belong to the trainings, and no others."""
        left_out = self._members.left_out(self._recorder.meters)
        if left_out != self._recorder.left_out:
            self._recorder.left_out = left_out
            if self._has_asked and self._opened is not None:
                self._take_changes(self._opened)

    def _record(self, now_s: float) -> None:
        """Check the budgets, and write what happened since the last record if one is due."""
        if self._lookup.fileno() >= 0:  # give up one that hangs
            self._receive_valuation()
        ended = self._frozen_s is not None
        to_s = now_s if self._frozen_s is None else self._frozen_s
        self._notes += self._clocks.check()
        for member in self._members.present:
            member.tree.scan()
        if to_s > self._began_s + _UNSETTLED_S:
            self._ask_lookup()
        self._update(to_s)
        if not self._pace.is_due(to_s) and not ended:
            return
        shared = self._neighbours.shared(self._recorder.gpus)
        self._notes += self._neighbours.notes(shared)
        fields = {**self._recorder.interval(to_s=to_s, ended=ended), **self._session.interval_fields(), **({"shared_with": shared} if shared else {})}
        for kind, stated in self._pace.lines(fields, self._session.counts(ended=ended), now_s=to_s, ended=ended):
            self._write(kind, stated)

    def _update(self, now_s: float) -> None:
        ended = self._frozen_s is not None
        parts = self._recorder.by_part(until_s=self._frozen_s)
        self._notes += self._session.update(parts, elapsed_s=max(now_s - self._began_s, 0.0), time_s=now_s, ended=ended)

    def _report(self) -> None:
        """Write notes, and send messages and the live state to the owner."""
        for member in self._members.present:
            self._notes += member.notes
            member.notes.clear()
        for text in dict.fromkeys(self._notes):
            self._note(text)
        self._notes.clear()
        for text in self._session.take_messages():
            self._announce(text)
        if self._journal.fault and not self._has_reported_fault:
            self._has_reported_fault = True
            self._announce(f"the journal cannot be written ({self._journal.fault}): measurements stay in {self._journal.kept_in or 'memory'} until it can")
        now_s = time.monotonic()
        if self._settings.state_every_s and now_s >= self._next_state_s and self._is_shown():
            self._next_state_s = now_s + self._settings.state_every_s
            at_s = now_s if self._frozen_s is None else self._frozen_s
            self._update(at_s)
            self._show(self._session.live_state(devices=self._recorder.devices(), elapsed_s=at_s - self._began_s))

    def _wait(self, wait_s: float) -> None:
        """Wait until the next sample is due or input arrives, and handle it."""
        if self._waiter is None:
            self._waiter = self._make_waiter()
        ready = [descriptor for descriptor, _ in self._waiter.poll(max(wait_s, 0.0) * 1e3)]
        for descriptor in ready:
            self._handlers[descriptor]()
        now_s = time.monotonic()
        if self._members.is_working and (now_s >= self._next_check_s or not self._lives.isdisjoint(ready)):
            self._next_check_s = now_s + _CHECK_S * len(self._members.present)
            self._check_processes(now_s)
        self._welcome(self._members.take_joined())
        self._dismiss(self._members.take_left())
        if self._members.have_changed() or not self._lives.isdisjoint(ready):
            self._waiter = None

    def _make_waiter(self) -> select.poll:
        """Return a poll object for all descriptors from which input can come now."""
        self._lives = self._members.lives
        self._handlers = {**dict.fromkeys(self._lives, lambda: None), **self._members.handlers(self._take_reports)}
        if self._lookup.fileno() >= 0:
            self._handlers[self._lookup.fileno()] = self._receive_valuation
        waiter = select.poll()
        for descriptor in self._handlers:
            waiter.register(descriptor, select.POLLIN)
        return waiter

    def _check_processes(self, now_s: float) -> None:
        """Check whether jobs and owners live, and do what the budgets demand."""
        demands = self._session.take_demands()
        for member in self._members.present:
            member.check(now_s)
            for text in member.shutdown.step(demands, now_s=now_s):
                self._announce(text)
        if self._frozen_s is None and self._members.all_gone_s is not None:
            self._notes += self._recorder.read()
            self._frozen_s = now_s
            self._waiter = None

    def _welcome(self, joined: list[Member]) -> None:
        """Charge the processor time of new members too, and watch their budgets."""
        for member in joined:
            self._notes += filter(None, [self._session.add_budget(member.settings)])
            for meter in self._recorder.meters:
                meter.include(member.job.pid, since_birth=not (member.is_in_process or member.settings.continues))

    def _dismiss(self, left: list[Member]) -> None:
        """Let the owners of trainings that have ended go, while the others are metered."""
        if not left:
            return
        for member in left:
            self._session.add_reports(member.read_last())
            if survivors := member.survivors():
                self._announce(survivors)
        self._record(max(time.monotonic(), self._recorder.latest_s))
        if self._first in left and self._display is not None:
            self._display.close()
            self._display = None
        for member in left:
            self._release(member, others=self._members.n_working)
            member.close()

    def _release(self, member: Member, *, others: int = 0) -> None:
        """Send a member the last message."""
        journal = self._journal
        fault = journal.fault if journal.unwritten() else ""
        member.channel.send(Final(tuple(journal.unwritten()), self._session.budgets(), others, fault, journal.kept_in), keep=True)
        member.channel.flush(wait_s=_LAST_WAIT_S)

    def _take_reports(self, reports: list[Report]) -> None:
        """Take what a training reports of its progress and phases."""
        if self._session.changes_phase(reports):
            self._read_at_phase(time.monotonic())
        self._session.add_reports(reports)

    def _receive_valuation(self, *, wait_s: float = 0.0) -> None:
        valuation = self._lookup.answer(wait_s=wait_s)
        if valuation is not None:
            self._waiter = None
            self._notes += self._session.set_valuation(valuation)
            self._write("start", {"interval_s": self._settings.interval_s, **self._session.start_fields()})
            if time.monotonic() > self._began_s + self._settings.interval_s:
                self._update(time.monotonic())

    def _finish(self, ended: JobEnded) -> None:
        """Write the last record."""
        self._members.close_door()
        ended_s = min(ended.ended_s, time.monotonic() if self._frozen_s is None else self._frozen_s)
        if self._frozen_s is None:
            self._notes += self._recorder.read()
        if ended.cpu_s is not None:
            self._notes += self._recorder.settle(ended.cpu_s)
        self._frozen_s = ended_s
        self._notes += self._clocks.end_while_stopped(began_s=self._began_s, ended_s=ended_s)
        for member in self._members.present:
            self._session.add_reports(member.read_last())
        self._ask_lookup()
        if self._lookup.fileno() >= 0:
            self._receive_valuation(wait_s=min(_LAST_WAIT_S, max(ended.ended_s + _VALUED_S - time.monotonic(), 0.0)))
        if self._lookup.fileno() >= 0:
            self._notes += self._lookup.give_up().notes
        for member in self._members.present:
            if survivors := member.survivors():
                self._announce(survivors)
        self._record(ended_s)
        self._report()
        self._write("end", {"from_s": self._began_s, "to_s": ended_s, "exit_code": ended.exit_code, "signal": ended.signal, "state": ended.state})
        self._neighbours.close()
        self._journal.close()
        if self._display is not None:
            self._display.close()  # the terminal is the training's again before it goes on
        for member in self._members.present:
            self._release(member)
        self._recorder.close()  # this may take long, and the owner does not wait for it

    def _announce(self, text: str) -> None:
        """Note something, and send it to the user now."""
        self._note(text)
        self._show(Note(text))

    def _is_shown(self) -> bool:
        """Return whether anybody shows the live state: the display process, or the supervisor of a command."""
        if self._display is not None and self._display.has_ended:
            self._display.close()
            self._display = None
        return self._display is not None or not (self._shown.channel.ended or self._shown.is_in_process)

    @property
    def _shown(self) -> Member:
        """The member whose owner shows the run: the first that is still there."""
        return next(iter(self._members.present), self._first)

    def _show(self, message: LiveState | Note) -> None:
        """Send *message* to what shows the run: the display process, else the owner."""
        if self._is_shown() and self._display is not None:
            self._display.send(message)
        else:
            self._shown.channel.send(message)

    def _note(self, text: str) -> None:
        if text not in self._noted and len(self._noted) < _MOST_NOTES:
            self._noted.add(text)
            self._write("note", {"text": text})
            self._session.note(text)

    def _write(self, kind: str, fields: Mapping[str, object]) -> None:
        self._journal.write(kind, {"session": self._session_id, **fields})
