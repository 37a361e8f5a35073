"""The loop of the process that meters: sample, record, tell, and see the job out."""

import os
import select
import signal
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from traincarbon._version import __version__
from traincarbon.ledger.journal import Journal
from traincarbon.tracking.channel import Wire
from traincarbon.tracking.progress import Lines
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.clocks import Clocks
from traincarbon.tracking.sidecar.first_reading import Early
from traincarbon.tracking.sidecar.job import Life, told
from traincarbon.tracking.sidecar.process_tree import Kin
from traincarbon.tracking.sidecar.recorder import Recorder
from traincarbon.tracking.sidecar.shutdown import Ending
from traincarbon.tracking.value.lookup_process import Appraiser
from traincarbon.tracking.value.session import Account

_SAMPLE_S = 1.0
_LOOK_S = 0.25
"""Between two looks at whether the owner stands still, which nothing but looking tells."""
_OWN_SHARE = 4e-4
"""Of one core: where reading the meters takes more, they are read less often; less than half of what all of this process may take."""
_LAST_WORD_S = 2.0
_TOO_SHORT_S = 0.1
"""What a shorter command draws is not valued: that would take longer than the command."""
_LAST_READS = 32
_MOST_NOTES = 500


class Metering:
    """One session of metering.

    Args:
        wire: The line to the owner.
        owner: The process that asked.
        settings: What it asked for.
        job: Its message on the job: ``pid``, and ``began_s`` on the monotonic clock.
        journal: Where the session is written.
        appraiser: Who knows what energy and hours are worth.
        early: Meters that were opened already, and what they read.
        reports: Descriptors of the job's own reports and of a copy of its output.
    """

    def __init__(
        self,
        wire: Wire,
        owner: Life,
        settings: Settings,
        job: Mapping[str, Any],
        *,
        journal: Journal,
        appraiser: Appraiser,
        early: Early,
        reports: tuple[int, int],
    ) -> None:
        self._wire = wire
        self._owner = owner
        self._settings = settings
        self._journal = journal
        self._alone = int(job["pid"]) == owner.pid
        """Whether the training itself asked, and not the supervisor of a command."""
        self._job = owner if self._alone else Life(int(job["pid"]))
        self._began_s = float(job["began_s"])
        self._early = early
        self._notes: list[str] = []
        self._reports = {reports[0]: Lines().feed}
        """Descriptors that tell of progress, and what makes reports of it."""
        if settings.pattern:
            self._reports[reports[1]] = _pattern(settings.pattern, self._notes)
        self._clocks = Clocks()
        self._account = Account(settings)
        self._appraiser = appraiser
        self._recorder = Recorder((), began_s=self._began_s)
        self._kin = Kin(settings.session, first=None if self._alone else self._job.pid)
        self._ending = Ending(settings, self._job, self._kin)
        self._noted: set[str] = set()
        self._missing: dict[str, str] = {}
        self._counted: dict[str, float] = {}
        self._faulty = False
        self._undo = ("", "")
        """The owner's terminal, and what gives it back should the owner be killed."""
        self._ended: dict[str, Any] | None = None
        self._stood_still = False
        self._frozen_s: float | None = None
        """When the job ended, from which on nothing counts."""
        self._next_sample_s = self._next_tell_s = self._next_look_s = self._began_s
        self._waiter: select.poll | None = None
        self._heard: dict[int, Callable[[], None]] = {}
        """Descriptors that are waited for, and what to do when they have something."""
        self._lives: set[int] = set()

    def run(self) -> None:
        """Meter the job to its end."""
        self._start()
        next_record_s = self._began_s + self._settings.interval_s
        while self._ended is None:
            now_s = time.monotonic()
            if now_s >= min(self._next_sample_s, next_record_s):
                self._sample(now_s, whole=now_s >= next_record_s)
            if now_s >= next_record_s:
                self._record(max(now_s, self._recorder.looked_s))
                next_record_s += self._settings.interval_s * max((now_s - next_record_s) // self._settings.interval_s + 1.0, 1.0)
            self._tell()
            self._listen(min(self._next_sample_s, next_record_s) - time.monotonic())
        self._finish(self._ended)

    def _start(self) -> None:
        settings = self._settings
        facts = {
            "argv": list(settings.argv),
            "env": dict(settings.env),
            "project": settings.project,
            "plan": settings.plan,
            "interval_s": settings.interval_s,
            "from_s": self._began_s,
            "to_s": time.monotonic(),
            "versions": {"carbon": __version__, **settings.versions},
        }
        self._write("start", {**facts, **self._account.facts()})
        self._wire.send("begun")
        from traincarbon.meters.registry import missing_parts, open_meters

        born_s = None if self._alone or settings.carries_on else self._began_s
        meters, missing = open_meters(only=settings.meters or None, pid=self._job.pid, born_s=born_s, opened=self._early.meters)
        self._recorder = Recorder(meters, began_s=self._began_s, earlier=self._early.readings)
        self._sample(time.monotonic())
        accelerators = self._recorder.accelerators
        self._account.metered(names=self._recorder.names, accelerators=accelerators)
        self._hear()
        if self._ended is not None and float(self._ended["ended_s"]) - self._began_s < _TOO_SHORT_S:
            self._appraiser.close()
            self._notes.append(f"a command of less than {_TOO_SHORT_S:g} s is not valued: no CO2e and no cost")
        else:
            self._appraiser.ask(self._account.request(journal=os.path.basename(self._journal.file)))
        parts = self._recorder.by_part()
        self._missing = missing_parts(missing, parts)
        self._write("start", {**facts, **self._account.facts(), "missing": self._missing})

    def _sample(self, now_s: float, *, whole: bool = True) -> None:
        """Read the meters, all of them before a record and else those that are due, and see when to do so again."""
        began_s = time.process_time()
        if self._frozen_s is None:
            self._notes += self._recorder.read() if whole else self._recorder.read(now_s=now_s)
        own_s = (time.process_time() - began_s) / _OWN_SHARE
        self._next_sample_s = now_s + min(max(_SAMPLE_S, own_s), self._settings.interval_s, self._recorder.longest_wait_s)

    def _record(self, now_s: float) -> None:
        """Write what happened since the last record."""
        if self._appraiser.fileno() >= 0:  # one that hangs is given up some time
            self._hear_appraiser()
        to_s = now_s if self._frozen_s is None else self._frozen_s
        self._notes += self._clocks.look()
        self._kin.look()
        self._update(to_s)
        self._write("interval", {**self._recorder.interval(to_s=to_s, ended=self._frozen_s is not None), **self._account.fields()})
        counts = self._account.counts(ended=self._frozen_s is not None)
        if counts != self._counted:
            self._counted = counts
            self._write("progress", counts)

    def _update(self, now_s: float) -> None:
        ended = self._frozen_s is not None
        parts = self._recorder.by_part(until_s=self._frozen_s)
        self._notes += self._account.update(parts, elapsed_s=max(now_s - self._began_s, 0.0), time_s=now_s, ended=ended)

    def _tell(self) -> None:
        """Pass on what there is to say, and how things stand where somebody looks on."""
        for text in dict.fromkeys(self._notes):
            self._note(text)
        self._notes.clear()
        for text in self._account.news():
            self._say(text)
        if self._journal.fault and not self._faulty:
            self._faulty = True
            self._say(f"the journal cannot be written ({self._journal.fault}): what is measured stays in memory until it can")
        now_s = time.monotonic()
        if self._settings.tell_s and not self._wire.ended and now_s >= self._next_tell_s:
            self._next_tell_s = now_s + self._settings.tell_s
            self._update(now_s if self._frozen_s is None else self._frozen_s)
            self._wire.send("state", state=self._state(now_s))

    def _state(self, now_s: float) -> dict[str, Any]:
        elapsed_s = (now_s if self._frozen_s is None else self._frozen_s) - self._began_s
        return self._account.state(devices=self._recorder.devices(), missing=self._missing, elapsed_s=elapsed_s)

    def _listen(self, wait_s: float) -> None:
        """Wait for the time of the next sample, or until somebody has something to say."""
        if self._waiter is None:
            self._waiter = self._listeners()
        ready = [descriptor for descriptor, _ in self._waiter.poll(max(wait_s, 0.0) * 1e3)]
        for descriptor in ready:
            self._heard[descriptor]()
        now_s = time.monotonic()
        if self._ended is None and (now_s >= self._next_look_s or not self._lives.isdisjoint(ready)):
            self._next_look_s = now_s + _LOOK_S
            self._look_after_the_job(now_s)

    def _listeners(self) -> select.poll:
        """Return what waits for all who may have something to say, as they are now."""
        self._lives = {life.fileno() for life in (self._owner, self._job) if life.fileno() >= 0 and not life.gone}
        self._heard = {
            **dict.fromkeys(self._lives, lambda: None),
            **{descriptor: partial(self._hear_progress, descriptor) for descriptor in self._reports},
        }
        if not self._wire.ended:
            self._heard[self._wire.fileno()] = self._hear
        if self._appraiser.fileno() >= 0:
            self._heard[self._appraiser.fileno()] = self._hear_appraiser
        waiter = select.poll()
        for descriptor in self._heard:
            waiter.register(descriptor, select.POLLIN)
        return waiter

    def _look_after_the_job(self, now_s: float) -> None:
        """See who is still there, and do what the budgets demand."""
        if self._job.gone and self._frozen_s is None:
            self._notes += self._recorder.read()
            self._frozen_s = now_s
            self._waiter = None
        if self._owner.gone:
            self._owner_is_gone()
        elif not self._alone:
            self._mirror()
        for text in self._ending.step(self._account.demands(), now_s=now_s):
            self._say(text)

    def _owner_is_gone(self) -> None:
        """The supervisor was killed: end what it started, so that nothing runs on unseen."""
        self._hear()  # its last words may still be on the line
        if self._ended is not None:
            return
        if not self._alone:
            self._give_terminal_back()
            end = "its exit code is not known" if self._job.gone else "the training was ended too, as nobody would have seen it out"
            self._notes.append(f"the tracker's supervisor was killed: {end}")
            self._ending.now()
        self._ended = {"exit_code": None, "signal": None, "state": "killed", "ended_s": self._frozen_s or time.monotonic()}

    def _give_terminal_back(self) -> None:
        """Undo what the owner did to its terminal and can undo no more."""
        if any(self._undo):
            from traincarbon.tracking.display.terminal import give_back

            give_back(*self._undo)

    def _mirror(self) -> None:
        """Stop the job where its supervisor was stopped, and let it go on with it."""
        stopped = self._owner.stopped
        if stopped != self._stood_still:
            self._stood_still = stopped
            self._job.send(signal.SIGSTOP if stopped else signal.SIGCONT)

    def _hear(self) -> None:
        for message in self._wire.receive():
            if message["kind"] == "ended":
                self._ended = message
            elif message["kind"] == "undo":
                self._undo = (str(message["terminal"]), str(message["text"]))
            elif message["kind"] == "note":
                self._notes.append(str(message["text"]))
        if self._wire.ended:
            self._waiter = None

    def _hear_progress(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, 1 << 16)
        except OSError:
            data = b""
        if data:
            self._account.report(self._reports[descriptor](data, time_s=time.monotonic()))
        else:
            os.close(descriptor)
            del self._reports[descriptor]
            self._waiter = None

    def _hear_appraiser(self, *, wait_s: float = 0.0) -> None:
        answer = self._appraiser.answer(wait_s=wait_s)
        if answer is not None:
            self._waiter = None
            self._notes += self._account.appraised(answer)
            self._write("start", {"interval_s": self._settings.interval_s, **self._account.facts()})
            if time.monotonic() > self._began_s + self._settings.interval_s:
                self._update(time.monotonic())

    def _finish(self, ended: dict[str, Any]) -> None:
        """Write the last of it."""
        ended_s = min(float(ended["ended_s"]), time.monotonic() if self._frozen_s is None else self._frozen_s)
        if self._frozen_s is None:
            self._notes += self._recorder.read()
        if ended.get("cpu_s") is not None:
            self._notes += self._recorder.settle(float(ended["cpu_s"]))
        self._frozen_s = ended_s
        for descriptor in list(self._reports):
            for _ in range(_LAST_READS):  # what outlives the job may write for ever
                if descriptor in self._reports and select.select([descriptor], [], [], 0.0)[0]:
                    self._hear_progress(descriptor)
        if self._appraiser.fileno() >= 0:
            self._hear_appraiser(wait_s=_LAST_WORD_S)
        if self._appraiser.fileno() >= 0:
            self._notes += self._appraiser.give_up()["notes"]
        left = [] if self._alone else self._kin.left()
        if left and self._ending.takes_all:
            self._ending.now(grace_s=_LAST_WORD_S)
            self._say("what the training left behind was stopped too")
        elif left:
            self._say(told(left))
        self._record(ended_s)
        self._tell()
        self._write("end", {"from_s": self._began_s, "to_s": ended_s, **{name: ended.get(name) for name in ("exit_code", "signal", "state")}})
        self._journal.close()
        self._wire.send("final", keep=True, budgets=self._account.budgets(), unwritten=self._journal.unwritten())
        self._wire.flush(wait_s=_LAST_WORD_S)
        self._recorder.close()  # which may take its time, and nobody waits for that

    def _say(self, text: str) -> None:
        """Note something that the user should hear now."""
        self._note(text)
        self._wire.send("note", text=text)

    def _note(self, text: str) -> None:
        if text not in self._noted and len(self._noted) < _MOST_NOTES:
            self._noted.add(text)
            self._write("note", {"text": text})
            self._account.note(text)

    def _write(self, kind: str, fields: dict[str, Any]) -> None:
        self._journal.write(kind, {"session": self._settings.session, **fields})


def _pattern(expression: str, notes: list[str]) -> Any:
    from traincarbon.tracking.pattern import Pattern

    return Pattern(expression, notes=notes).feed
