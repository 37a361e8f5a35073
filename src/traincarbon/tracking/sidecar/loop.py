"""The loop of the metering process: read the meters, write the journal, send the live state, and stay until the job has ended."""

import math
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from traincarbon.ledger.journal import Journal
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.live_state import LiveState
from traincarbon.tracking.mapped_frameworks import FrameworkWatch
from traincarbon.tracking.messages import Begun, Final, Job, JobEnded, Note
from traincarbon.tracking.reports import Report
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.announcements import Announcements
from traincarbon.tracking.sidecar.clocks import Clocks
from traincarbon.tracking.sidecar.first_line import first_line, versions_of
from traincarbon.tracking.sidecar.first_reading import EarlyReadings
from traincarbon.tracking.sidecar.inputs import Inputs
from traincarbon.tracking.sidecar.job import ProcessHandle
from traincarbon.tracking.sidecar.left_files import remove_left_files
from traincarbon.tracking.sidecar.member import Member
from traincarbon.tracking.sidecar.members import Members
from traincarbon.tracking.sidecar.readout import Readout
from traincarbon.tracking.sidecar.record_pace import RecordPace
from traincarbon.tracking.sidecar.turn import end_turn, turn_file
from traincarbon.tracking.value.lookup_process import LookupProcess
from traincarbon.tracking.value.session import Session

if TYPE_CHECKING:
    from traincarbon.tracking.display.display_process import DisplayProcess
    from traincarbon.tracking.sidecar.door import Door
    from traincarbon.tracking.sinks.processes import SinkProcesses

_CHECK_S = 0.25
"""Between two checks whether the owner is stopped, which nothing else reports."""
_LAST_WAIT_S, _VALUED_S = 2.0, 2.5
"""Longest wait for the last answers, and the latest time after the end of the training for that of the lookup: its owner waits a second longer."""
_UNSETTLED_S = 20.0
"""Longest wait for GPUs that are not open yet, before energy and hours are valued without them."""
_TOO_SHORT_S = 0.1
"""A shorter run without a plan is not valued, as that would take longer than the run."""


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
        self._settings = settings
        self._turn = turn
        self._journal = journal
        self._began_s = job.began_s
        self._early = early
        self._clocks = Clocks()
        self._pace = RecordPace(interval_s=settings.interval_s, began_s=self._began_s)
        self._session = Session(settings)
        self._frameworks = FrameworkWatch(settings.versions)
        self._lookup = lookup
        self._said = Announcements(self._members, display=display, keep=self._keep_note)
        self._said.waiting += settings.notes
        self._readout = Readout(
            settings, self._members, began_s=self._began_s, notes=self._said.waiting, changed=self._take_changes, settle=self._settle_phases
        )
        self._inputs = Inputs(self._members, lookup, take_reports=self._take_reports, take_valuation=self._receive_valuation)
        self._sinks: SinkProcesses | None = None
        self._has_asked = False
        """Whether the lookup process was asked."""
        self._has_reported_fault = False
        self._next_state_s = self._next_check_s = self._began_s
        self._session.begin(self._began_s)

    def run(self) -> None:
        """Meter the job, and those of all members, to their end."""
        self._start()
        next_record_s = self._began_s + self._settings.interval_s
        while self._members.is_working:
            now_s = time.monotonic()
            if now_s >= min(self._readout.next_s, next_record_s):
                self._readout.read(now_s, whole=now_s >= next_record_s)
            if now_s >= next_record_s:
                self._record(max(now_s, self._readout.recorder.latest_s))
                next_record_s += self._settings.interval_s * max((now_s - next_record_s) // self._settings.interval_s + 1.0, 1.0)
            self._report()
            now_s = time.monotonic()
            due_s = max(min(self._readout.next_s, next_record_s), now_s)
            self._wait(due_s - now_s)
            self._said.waiting += self._clocks.stopped(due_s=due_s)
        self._finish(self._members.outcome())

    def _start(self) -> None:
        settings = self._settings
        fields = first_line(settings, began_s=self._began_s)
        self._write("start", {**fields, **self._session.start_fields()})
        self._first.channel.send(Begun())
        born_s = None if self._first.is_in_process or settings.continues or settings.is_machine else self._began_s
        self._readout.open(self._early, pid=None if settings.is_machine else self._first.job.pid, born_s=born_s)
        end_turn(self._turn)
        self._take_devices()
        self._first.receive()
        ended = self._first.ended
        if settings.plan is None and ended is not None and ended.ended_s - self._began_s < _TOO_SHORT_S:
            self._lookup.close()
            self._said.waiting.append(f"a run of less than {_TOO_SHORT_S:g} s is not valued: no CO2e and no cost")
        elif not self._readout.are_unsettled:
            self._ask_lookup()
        self._write("start", {**fields, **self._session.start_fields(), **self._readout.start_fields()})
        if settings.sinks:
            from traincarbon.tracking.sinks.processes import SinkProcesses

            self._sinks = SinkProcesses(settings, announce=self._said.announce, show=lambda text: self._said.show(Note(text)))

    def _take_devices(self) -> None:
        """Take what the meters read, and tell the user about GPUs that they do not read."""
        text, has_unread_gpu = self._readout.take_devices()
        if text:
            self._said.announce(text)
        recorder = self._readout.recorder
        self._session.set_devices(names=recorder.names, accelerators=recorder.accelerators, has_unread_gpu=has_unread_gpu)

    def _take_changes(self) -> None:
        """Take devices that can be read since a moment ago, or that cannot be read any more."""
        self._take_devices()
        self._write("start", {"interval_s": self._settings.interval_s, **self._session.start_fields(), **self._readout.start_fields()})
        if not self._readout.are_unsettled:
            self._ask_lookup()

    def _ask_lookup(self) -> None:
        """Ask once what energy and hours are worth, when the devices are known."""
        if not self._has_asked and self._lookup.fileno() >= 0:
            self._has_asked = True
            self._lookup.ask(self._session.question(journal=os.path.basename(self._journal.file)))

    def _look_up_again(self) -> None:
        """Ask anew what the run is worth and expected to take, as its plan came later than the run began."""
        self._lookup.renew()
        self._has_asked = False
        self._inputs.change()
        if not self._readout.are_unsettled:
            self._ask_lookup()
        self._write("start", {"interval_s": self._settings.interval_s, **self._session.start_fields()})

    def _record(self, now_s: float) -> None:
        """Check the budgets, and write what happened since the last record if one is due."""
        if self._lookup.fileno() >= 0:  # give up one that hangs
            self._receive_valuation()
        ended = self._readout.frozen_s is not None
        to_s = self._readout.counted_until_s(now_s)
        self._said.waiting += self._clocks.check()
        for member in self._members.present:
            member.tree.scan()
        self._note_frameworks()
        if to_s > self._began_s + _UNSETTLED_S:
            self._ask_lookup()
        self._update(to_s)
        if self._sinks is not None:
            self._sinks.send(lambda: self._live_state(to_s))
        if not self._pace.is_due(to_s) and not ended:
            return
        shared = self._readout.shared()
        fields = {**self._readout.recorder.interval(to_s=to_s, ended=ended), **self._session.interval_fields(), **({"shared_with": shared} if shared else {})}
        for kind, stated in self._pace.lines(fields, self._session.counts(ended=ended), now_s=to_s, ended=ended):
            self._write(kind, stated)

    def _note_frameworks(self) -> None:
        """Write the frameworks that the processes of a command have loaded, once they have."""
        found = self._frameworks.look(pid for member in self._members.present for pid in (member.job.pid, *member.tree.pids))
        if found:
            self._write("start", {"interval_s": self._settings.interval_s, "versions": {**versions_of(self._settings), **found}})

    def _update(self, now_s: float) -> None:
        ended = self._readout.frozen_s is not None
        parts = self._readout.recorder.by_part(until_s=self._readout.frozen_s)
        self._said.waiting += self._session.update(parts, elapsed_s=max(now_s - self._began_s, 0.0), time_s=now_s, ended=ended)

    def _report(self) -> None:
        """Write notes, and send messages and the live state to the owner."""
        self._said.keep_waiting()
        for text in self._session.take_messages():
            self._said.announce(text)
        if self._journal.fault and not self._has_reported_fault:
            self._has_reported_fault = True
            self._said.announce(f"the journal cannot be written ({self._journal.fault}): measurements stay in {self._journal.kept_in or 'memory'} until it can")
        now_s = time.monotonic()
        if self._settings.state_every_s and now_s >= self._next_state_s and self._said.is_shown():
            self._next_state_s = now_s + self._settings.state_every_s
            at_s = self._readout.counted_until_s(now_s)
            self._update(at_s)
            self._said.show(self._live_state(at_s))

    def _live_state(self, at_s: float) -> LiveState:
        return self._session.live_state(devices=self._readout.recorder.devices(), elapsed_s=at_s - self._began_s)

    def _wait(self, wait_s: float) -> None:
        """Wait until the next sample is due or input arrives, and handle it."""
        has_ended = self._inputs.wait(wait_s)
        now_s = time.monotonic()
        if self._members.is_working and (now_s >= self._next_check_s or has_ended):
            self._next_check_s = now_s + _CHECK_S * len(self._members.present)
            self._check_processes(now_s)
        self._welcome(self._members.take_joined())
        self._dismiss(self._members.take_left())
        if self._members.have_changed() or has_ended:
            self._inputs.change()

    def _check_processes(self, now_s: float) -> None:
        """Check whether jobs and owners live, and do what the budgets demand."""
        demands = self._session.take_demands()
        for member in self._members.present:
            member.check(now_s)
            for text in member.shutdown.step([demand.kind for demand in demands if demand.is_for(member.settings)], now_s=now_s):
                self._said.announce(text)
        if self._readout.frozen_s is None and self._members.all_gone_s is not None:
            self._readout.freeze(now_s)
            self._inputs.change()

    def _welcome(self, joined: list[Member]) -> None:
        """Charge the processor time of new members too, and watch their budgets."""
        for member in joined:
            self._said.waiting += filter(None, [self._session.add_budget(member.settings)])
            if self._session.add_plan(member.settings):
                self._look_up_again()
            if member.settings.joins:  # its process is one of another member's
                continue
            for meter in self._readout.recorder.meters:
                meter.include(member.job.pid, since_birth=not (member.is_in_process or member.settings.continues))

    def _dismiss(self, left: list[Member]) -> None:
        """Let the owners of trainings that have ended go, while the others are metered."""
        if not left:
            return
        for member in left:
            self._session.add_reports(member.read_last())
            if survivors := member.survivors():
                self._said.announce(survivors)
        self._record(max(time.monotonic(), self._readout.recorder.latest_s))
        if self._first in left:
            self._said.close_display()
        for member in left:
            self._release(member, others=self._members.n_working)
            member.close()
        self._session.keep_budgets(member.settings for member in self._members.present)

    def _release(self, member: Member, *, others: int = 0) -> None:
        """Send a member the last message."""
        member.channel.send(self._final(others), keep=True)
        member.channel.flush(wait_s=_LAST_WAIT_S)

    def _final(self, others: int = 0) -> Final:
        journal = self._journal
        fault = journal.fault if journal.unwritten() else ""
        return Final(tuple(journal.unwritten()), self._session.budgets(), others, fault, journal.kept_in)

    def _take_reports(self, reports: list[Report]) -> None:
        """Take what a training reports of its progress and phases."""
        if self._session.changes_phase(reports):
            self._readout.read_at_phase(time.monotonic())
        self._session.add_reports(reports)

    def _settle_phases(self, read_s: float) -> None:
        self._session.settle_phases(self._readout.recorder.by_part(), time_s=read_s)

    def _receive_valuation(self, *, wait_s: float = 0.0) -> None:
        valuation = self._lookup.answer(wait_s=wait_s)
        if valuation is not None:
            self._inputs.change()
            self._said.waiting += self._session.set_valuation(valuation)
            self._write("start", {"interval_s": self._settings.interval_s, **self._session.start_fields()})
            now_s = self._readout.counted_until_s(time.monotonic())
            if now_s > self._began_s + self._settings.interval_s:
                self._update(now_s)

    def _finish(self, ended: JobEnded) -> None:
        """Write the last record."""
        self._members.close_door()
        ended_s = min(ended.ended_s, self._readout.counted_until_s(time.monotonic()))
        self._readout.freeze(ended_s)
        if ended.cpu_s is not None:
            self._said.waiting += self._readout.recorder.settle(ended.cpu_s)
        self._said.waiting += self._clocks.end_while_stopped(began_s=self._began_s, ended_s=ended_s)
        for member in self._members.present:
            self._session.add_reports(member.read_last())
        self._ask_lookup()
        if self._lookup.fileno() >= 0:
            self._receive_valuation(wait_s=min(_LAST_WAIT_S, max(ended.ended_s + _VALUED_S - time.monotonic(), 0.0)))
        if self._lookup.fileno() >= 0:
            self._said.waiting += self._lookup.give_up().notes
        for member in self._members.present:
            if survivors := member.survivors():
                self._said.announce(survivors)
        self._record(ended_s)
        self._report()
        self._write("end", {"from_s": self._began_s, "to_s": ended_s, "exit_code": ended.exit_code, "signal": ended.signal, "state": ended.state})
        self._readout.end()
        if self._sinks is not None:
            self._sinks.end(self._final())
        self._journal.close()
        self._said.close_display()  # the terminal is the training's again before it goes on
        for member in self._members.present:
            self._release(member, others=int(member is not self._members.speaker))
        self._readout.recorder.close()  # this may take long, and the owner does not wait for it
        remove_left_files(turn=turn_file(self._settings.run_id, self._settings.store) if self._turn >= 0 else "")

    def _keep_note(self, text: str) -> None:
        self._write("note", {"text": text})
        self._session.note(text)

    def _write(self, kind: str, fields: Mapping[str, object]) -> None:
        self._journal.write(kind, {"session": self._session_id, **fields})
