"""Track from Python: a context manager and a decorator that start the metering process beside the training."""

import atexit
import contextlib
import functools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, ParamSpec, Self, SupportsFloat, TypeVar

from traincarbon.errors import CarbonError
from traincarbon.tracking.command.launch import Pipes, Restarts, Sidecar
from traincarbon.tracking.command.outcome import exit_code_of
from traincarbon.tracking.display.record_fate import fate_of_record
from traincarbon.tracking.display.training_stderr import TrainingStderr
from traincarbon.tracking.messages import NOT_METERED, REPLACED, Begun, Final, Job, JobEnded, Note
from traincarbon.tracking.other_nodes.remote_meters import RemoteMeters, start_remote_meters
from traincarbon.tracking.outer_tracker import metered_by_another
from traincarbon.tracking.phases import Phase, phase
from traincarbon.tracking.progress import progress
from traincarbon.tracking.progress_pipe import environment_of, flush_phases
from traincarbon.tracking.project_budget import with_budget_check
from traincarbon.tracking.run_identity import how_to_unite
from traincarbon.tracking.settings import LOG_TO, Settings
from traincarbon.tracking.sidecar.job import MARK, RUN_ID, STORE
from traincarbon.tracking.sidecar.turn import turn_file
from traincarbon.tracking.watch import on_hang_up
from traincarbon.tracking.watched_budgets import acting, environment_of_budgets

if TYPE_CHECKING:
    from traincarbon.ledger.run import Run
    from traincarbon.tracking.joined_tracker import JoinedTracker

P = ParamSpec("P")
T = TypeVar("T")

_BEGIN_S, _FINAL_S = 1.0, 4.0
"""Longest waits for the first message to be taken, and for the last one to come."""
_RETURNS_EARLY = 0x20 | 0x80 | 0x200
"""Code flags of generators, coroutines and asynchronous generators; ``inspect`` names them but is slow to import."""
_PAUSE_S = 0.005


class Tracker:
    """Meters the code between start and stop with a process beside this one. It never raises into that code and never ends it.

    That process also shows the run on stderr: a panel on a terminal, a line a minute in a log. A summary comes at the end.
    All ranks of a run on a node share one such process. If it is killed, another one replaces it.
    Within a command that is tracked already, and while another thread is metered, it only hands its plan and budgets to the tracker that meters;
    :attr:`why_no_record` then says whose record has the energy.

    Attributes:
        run_id: The run; ``carbon runs show`` takes it.
        is_over: Whether the run has ended on this node: no other process of it is metered.
    """

    _metering: ClassVar[dict[int, "Tracker"]] = {}
    """Process to its active tracker: one a process, as all threads share the environment that child processes read."""

    def __init__(self, settings: Settings, *, quiet: bool = False, store: str = "") -> None:
        self.run_id = settings.run_id
        self.is_over = False
        self._settings = settings
        self._quiet = quiet
        self._stderr = TrainingStderr(quiet=quiet)
        self._store = store
        """The folder of the run as it was given, "" for the default one."""
        self._kept_in = ""
        """The spare store that holds the record, if its own does not."""
        self._sidecar: Sidecar | None = None
        self._pipes: Pipes | None = None
        self._others: RemoteMeters | None = None
        self._joined: JoinedTracker | None = None
        self._outer: dict[str, str | None] = {}
        self._process = 0
        self._began_s = 0.0
        self._restarts = Restarts()
        self._lock = threading.Lock()
        self._reason = "the run has not started: use it in a with statement, or call start()"

    def start(self) -> Self:
        """Begin to meter; if that fails, say why in one line on stderr.

        Raises:
            CarbonError: a budget of the training cannot be metered, or that of its project refuses it; nothing was started.
        """
        with self._lock:
            if self._sidecar is not None or self._joined is not None:
                return self
            self._reason = metered_by_another()
            if not self._reason and (other := self._metering.setdefault(os.getpid(), self)) is not self:
                self._reason = f"this process is metered already, as the run {other.run_id}"
            if not self._reason:
                try:
                    self._reason = self._launch()
                finally:
                    if self._sidecar is None:
                        del self._metering[os.getpid()]
        if self._sidecar is None and os.environ.get(MARK):
            if self._settings.has_own_sinks:
                self._stderr.print(f"the outer tracker meters and logs this run: give it --log-to or --prometheus, or set {LOG_TO}")
            from traincarbon.tracking.joined_tracker import join_outer

            self._joined = join_outer(self._settings, reason=self._reason, is_ours=os.getpid() in self._metering)
        return self

    def _launch(self) -> str:
        """Start the metering process; return why that is not possible, "" where it is.

        Raises:
            CarbonError: a budget cannot be metered, or the budget of its project refuses the run.
        """
        self._settings = with_budget_check(self._settings, tell=self._stderr.print)
        pipes: Pipes | None = None
        stderr, state_every_s = self._stderr.for_display()
        try:
            pipes = Pipes()
            sidecar = Sidecar(pipes, orphan=True, stderr=stderr)
        except (OSError, AttributeError) as error:
            if pipes is not None:
                pipes.close()
            if acting(self._settings) or self._settings.needs_meters:
                raise CarbonError(NOT_METERED.problem, hint=NOT_METERED.hint.replace("--on-budget warn", 'on_budget="warn"')) from None
            reason = f"the run is not metered: {getattr(error, 'strerror', None) or error}"
            self._stderr.print(reason)
            return reason
        finally:
            if stderr >= 0:
                os.close(stderr)
        process, channel = os.getpid(), sidecar.channel
        channel.send(self._settings._replace(owner=process, state_every_s=state_every_s), keep=True)
        if self._settings.needs_meters and (found := sidecar.check_budgets()).problem:
            channel.close()  # it ends, as nobody needs it
            pipes.close()
            raise CarbonError(found.problem, hint=found.hint.replace("--on-budget warn", 'on_budget="warn"'))
        self._others = start_remote_meters(self._settings, (), os.environ)
        if self._others is not None and self._others.problem:
            self._stderr.print(self._others.problem)
        if advice := how_to_unite(self._settings.launch):
            self._stderr.print(advice)
        self._sidecar, self._pipes, self._process, self._restarts = sidecar, pipes, process, Restarts()
        self._began_s = time.monotonic()
        channel.send(Job(process, self._began_s), keep=True)
        channel.flush(wait_s=_BEGIN_S)
        on_hang_up(channel, functools.partial(self._replace, sidecar))
        named = {
            **environment_of(pipes.reporting),
            MARK: self._settings.session,
            RUN_ID: self.run_id,
            STORE: self._settings.store,
            **environment_of_budgets(self._settings),
        }
        self._outer = {name: os.environ.get(name) for name in named}
        os.environ.update(named)
        atexit.register(self._stop_at_exit)
        return ""

    def _replace(self, ended: Sidecar) -> None:
        """Start another metering process after one was killed; the run goes on in the same session."""
        with self._lock:
            if self._sidecar is not ended or self._pipes is None or ended.channel.lost:
                return
            has_begun = any(isinstance(message, Begun) for message in ended.channel.receive())
            ended.channel.close()
            stderr, state_every_s = self._stderr.for_display()
            try:
                is_allowed = self._restarts.allow()
                apart = not has_begun or self._restarts.are_repeated  # how it ended is unknown: perhaps by a library
                turn = turn_file(self.run_id, self._settings.store)
                sidecar = Sidecar(self._pipes, orphan=True, stderr=stderr, apart=apart, turn=turn) if is_allowed else None
            except OSError:
                sidecar = None
            finally:
                if stderr >= 0:
                    os.close(stderr)
            if sidecar is None:
                self._stderr.print("the metering process ended too often: the run continues without metering")
                return
            self._sidecar = sidecar
            if has_begun or self._settings.continues:  # another process has metered the time until now
                self._began_s = time.monotonic()
                self._settings = self._settings._replace(continues=True)
            sidecar.channel.send(self._settings._replace(owner=self._process, state_every_s=state_every_s), keep=True)
            sidecar.channel.send(Job(self._process, self._began_s), keep=True)
            sidecar.channel.send(Note(REPLACED), keep=True)
            sidecar.channel.flush(wait_s=_BEGIN_S)
            on_hang_up(sidecar.channel, functools.partial(self._replace, sidecar))

    def stop(self, *, exit_code: int = 0) -> None:
        """End the metering, wait a few seconds for the last record, and print the summary; safe to call twice.

        Args:
            exit_code: 0 makes the run's state ``finished``, any other ``failed``.
        """
        if self._process not in (0, os.getpid()):  # a forked child has no metering to end, and the parent may hold the lock
            return
        with self._lock:
            sidecar, self._sidecar = self._sidecar, None
            joined, self._joined = self._joined, None
            flush_phases()
            if joined is not None:
                joined.stop(exit_code=exit_code)
            if sidecar is None:
                return
            for name, value in self._outer.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            self._metering.pop(self._process, None)
            atexit.unregister(self._stop_at_exit)
            if self._pipes is not None:
                self._pipes.close()
            sidecar.channel.send(JobEnded(time.monotonic(), exit_code=exit_code), keep=True)
            if self._others is not None:
                self._others.send(JobEnded(time.monotonic(), exit_code=exit_code))
            final = self._wait_for(sidecar)
            if self._others is not None:
                self._others.wait_for_end()
            self._kept_in = final.kept_in if final is not None else ""
            self.is_over = final is not None and not final.others
            if fate := fate_of_record(final, store=self._settings.store, run_id=self.run_id):
                self._stderr.print(fate, even_if_quiet=True)
            if final is not None and self.is_over:
                self._stderr.summarise(lambda: self._read(final.unwritten), final, store=self._store)

    def progress(self, *, per_rank: bool = False, **counts: SupportsFloat | None) -> None:
        """Report the progress of the training, see :func:`traincarbon.progress`."""
        progress(per_rank=per_rank, **counts)

    def phase(self, name: str) -> Phase:
        """Return a phase of the training for a ``with`` statement, see :func:`traincarbon.phase`."""
        return phase(name)

    @property
    def record(self) -> "Run | None":
        """The record of the run so far; None if nothing was recorded, and :attr:`why_no_record` says why."""
        return self._read()

    @property
    def why_no_record(self) -> str:
        """Why :attr:`record` is None, as on all ranks but the first of a node; "" if there is a record."""
        if self.record is not None:
            return ""
        return self._reason or f"nothing has been recorded in {self._settings.store} so far"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop(exit_code=exit_code_of(error))

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """Return *function* with metering: each call is a session of the same run.

        Raises:
            CarbonError: it is a coroutine or a generator, which returns before its work is done.
        """
        code = getattr(function, "__code__", None)
        if code is not None and code.co_flags & _RETURNS_EARLY:
            raise CarbonError(
                f"{function.__qualname__} is a coroutine or a generator", hint="use a with statement around its work: with traincarbon.track(): …"
            )

        @functools.wraps(function)
        def metered(*args: P.args, **options: P.kwargs) -> T:
            with Tracker(self._settings._replace(session=os.urandom(8).hex()), quiet=self._quiet, store=self._store):
                return function(*args, **options)

        return metered

    def _read(self, unwritten: Iterable[str] = ()) -> "Run | None":
        from traincarbon.ledger.record import read_run

        return read_run(self._kept_in or self._settings.store, self.run_id, unwritten=unwritten)

    def _stop_at_exit(self) -> None:
        """End with the program; it has failed if Python printed an exception."""
        self.stop(exit_code=int(hasattr(sys, "last_type")))

    def _wait_for(self, sidecar: Sidecar) -> Final | None:
        """Wait for the last message and return it, None if it does not come; print the notes that nothing else has shown."""
        until_s = time.monotonic() + _FINAL_S + self._settings.sinks_wait_s
        channel, final = sidecar.channel, None
        while not (final is not None or channel.ended) and time.monotonic() < until_s:
            channel.wait(wait_s=_PAUSE_S)
            for message in channel.receive():
                if isinstance(message, Final):
                    final = message
                elif isinstance(message, Note):
                    self._stderr.print(message.text)
        if channel.lost:  # it does not know that the run has ended
            sidecar.kill()
        channel.close()
        with contextlib.suppress(ChildProcessError):  # other code may have waited for it
            while sidecar.is_child and not os.waitpid(sidecar.pid, os.WNOHANG)[0] and time.monotonic() < until_s:
                time.sleep(_PAUSE_S)
        return final
