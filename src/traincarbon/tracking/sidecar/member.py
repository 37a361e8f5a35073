"""A member of a run on a node: a process that asked for metering, and the training that it started or is."""

import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from traincarbon.meters.base import Meter
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.messages import Job, JobEnded, Note, TerminalUndo
from traincarbon.tracking.reports import Report, ReportReader
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.job import ProcessHandle, describe_survivors
from traincarbon.tracking.sidecar.process_tree import ProcessTree
from traincarbon.tracking.sidecar.seen_devices import SeenDevices, family_of
from traincarbon.tracking.sidecar.shutdown import Shutdown

_LAST_READS = 32
_LAST_WAIT_S = 2.0

ReadReports: TypeAlias = "Callable[..., list[Report]]"
"""Turns bytes into reports, given the time of reading as ``time_s``."""


class Member:
    """The owner of a training, its channel, and the training's process.

    Args:
        channel: The channel to the owner.
        owner: The process that asked for the metering.
        settings: What the owner asked for.
        job: The training's process, and when it began.
        reports: Descriptors of the job's reports and of a copy of its output.
        environment: The owner's environment, or the variables of it that choose GPUs.

    Attributes:
        ended: How the training ended, once it has.
        gone_s: When the training's process was seen to be gone.
        readers: Descriptor to what turns its bytes into reports.
        notes: Notes for the record.
    """

    def __init__(
        self, channel: Channel, owner: ProcessHandle, settings: Settings, job: Job, *, reports: tuple[int, int], environment: Mapping[str, str] = os.environ
    ) -> None:
        self.channel = channel
        self.owner = owner
        self.settings = settings
        self.devices = SeenDevices(environment, owner=owner.pid)
        self.is_in_process = job.pid == owner.pid
        """Whether the training itself asked, and not the supervisor of a command."""
        self.job = owner if self.is_in_process else ProcessHandle(job.pid)
        self.began_s = job.began_s
        self.ended: JobEnded | None = None
        self.gone_s: float | None = None
        self.notes: list[str] = []
        self.readers: dict[int, ReadReports] = {reports[0]: ReportReader().feed}
        if settings.reads_output:
            self.readers[reports[1]] = _output_reader(settings, self.notes)
        else:
            os.close(reports[1])
        self.tree = ProcessTree(settings.session, first=None if self.is_in_process else self.job.pid)
        self.shutdown = Shutdown(settings, self.job, self.tree)
        self._undo: TerminalUndo | None = None
        self._was_stopped = False

    @property
    def lives(self) -> set[int]:
        """Return the descriptors that become readable when the owner or the training ends."""
        return {process.fileno() for process in (self.owner, self.job) if process.fileno() >= 0 and not process.gone}

    def receive(self) -> None:
        """Take the messages of the owner."""
        for message in self.channel.receive():
            match message:
                case JobEnded():
                    self.ended = message
                case TerminalUndo():
                    self._undo = message
                case Note(text=text):
                    self.notes.append(text)

    def read(self, descriptor: int) -> list[Report]:
        """Return the reports that have arrived on one of the descriptors; one that is closed is no longer among the readers."""
        try:
            data = os.read(descriptor, 1 << 16)
        except OSError:
            data = b""
        if data:
            return self.readers[descriptor](data, time_s=time.monotonic())
        os.close(descriptor)
        del self.readers[descriptor]
        return []

    def read_last(self) -> list[Report]:
        """Return the reports that are still in the pipes."""
        reports: list[Report] = []
        for descriptor in list(self.readers):
            for _ in range(_LAST_READS):  # a process that outlives the job may never stop writing
                if descriptor in self.readers and select.select([descriptor], [], [], 0.0)[0]:
                    reports += self.read(descriptor)
        return reports

    def check(self, now_s: float) -> None:
        """Check whether job and owner live, and stop or end the job with its owner."""
        if self.job.gone and self.gone_s is None:
            self.gone_s = now_s
        if self.owner.gone:
            self._end_without_owner()
        elif not self.is_in_process:
            self._stop_job_with_owner()

    def look_for_devices(self, meters: Iterable[Meter]) -> None:
        """Look which GPUs of *meters* belong to the training."""
        self.devices.look(meters, self.tree.pids | family_of(self.job.pid))

    def survivors(self) -> str:
        """Stop the processes that outlive the job if a budget demands it, else name them; return the message, "" if there are none."""
        left = [] if self.is_in_process else self.tree.alive()
        if left and self.shutdown.includes_survivors:
            self.shutdown.end_now(grace_s=_LAST_WAIT_S)
            return "the processes that the training left behind were stopped too"
        return describe_survivors(left) if left else ""

    def close(self) -> None:
        """Close what is not the channel's."""
        for descriptor in self.readers:
            os.close(descriptor)
        self.readers.clear()
        self.owner.close()
        self.job.close()

    def _end_without_owner(self) -> None:
        """End the training after its supervisor was killed, so that it does not run on unnoticed."""
        self.receive()  # the owner's last messages may still be in the channel
        if self.ended is not None:
            return
        if not self.is_in_process:
            if self._undo is not None:
                from traincarbon.tracking.display.terminal import restore_terminal

                restore_terminal(self._undo.terminal, self._undo.text)
            end = "its exit code is unknown" if self.job.gone else "the training was ended too"
            self.notes.append(f"the tracker's supervisor was killed: {end}")
            self.shutdown.end_now()
        self.ended = JobEnded(self.gone_s or time.monotonic(), state="killed")

    def _stop_job_with_owner(self) -> None:
        """Stop the job if its supervisor was stopped, and continue it with the supervisor."""
        is_stopped = self.owner.stopped
        if is_stopped != self._was_stopped:
            self._was_stopped = is_stopped
            self.job.send(signal.SIGSTOP if is_stopped else signal.SIGCONT)


def _output_reader(settings: Settings, notes: list[str]) -> ReadReports:
    """Return what finds progress in the training's output: by the lines of its tool, by a pattern, or by both."""
    readers: list[ReadReports] = []
    if settings.log_format is not None:
        from traincarbon.tracking.logs.reader import LogLines

        readers.append(LogLines(settings.log_format, plan={**(settings.plan or {}), **settings.context}).feed)
    if settings.pattern:
        from traincarbon.tracking.pattern import Pattern

        readers.append(Pattern(settings.pattern, notes=notes).feed)
    return lambda data, *, time_s: [report for read in readers for report in read(data, time_s=time_s)]
