"""Track from Python: a context manager and a decorator that start the metering process beside the training."""

import atexit
import contextlib
import functools
import os
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, Self, SupportsFloat, TypeVar, Unpack, overload

from traincarbon.errors import CarbonError
from traincarbon.tracking.command.launch import Pipes, Restarts, Sidecar
from traincarbon.tracking.display.record_fate import fate_of_record
from traincarbon.tracking.display.stderr_display import LINES_S, PANEL_S
from traincarbon.tracking.messages import NOT_METERED, REPLACED, Begun, Final, Job, JobEnded, Note
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.other_nodes.remote_meters import RemoteMeters, start_remote_meters
from traincarbon.tracking.phases import Phase, phase
from traincarbon.tracking.progress import progress
from traincarbon.tracking.progress_pipe import environment_of, flush_phases
from traincarbon.tracking.run_identity import how_to_unite
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.job import MARK, RUN_ID, STORE
from traincarbon.tracking.sidecar.turn import turn_file
from traincarbon.tracking.watch import on_hang_up
from traincarbon.tracking.watched_budgets import acting, environment_of_budgets, refuse_unwatched, watched_outside

if TYPE_CHECKING:
    from traincarbon.ledger.run import Run
    from traincarbon.tracking.options import TrackOptions

P = ParamSpec("P")
T = TypeVar("T")

_BEGIN_S, _FINAL_S = 1.0, 4.0
"""Longest waits for the first message to be taken, and for the last one to come."""
_RETURNS_EARLY = 0x20 | 0x80 | 0x200
"""Code flags of generators, coroutines and asynchronous generators; ``inspect`` names them but is slow to import."""
_PAUSE_S = 0.005
_STDERR = 2


class Tracker:
    """Meters the code between start and stop with a process beside this one. It never raises into that code and never ends it.

    That process also shows the run on stderr: a panel on a terminal, a line a minute in a log. A summary comes at the end.
    All ranks of a run on a node share one such process. If it is killed, another one replaces it.
    A tracker does nothing within a command that is tracked already, and while another thread is metered; :attr:`why_no_record` then says
    whose record has the energy.

    Attributes:
        run_id: The run; ``carbon runs show`` takes it.
    """

    _metering: ClassVar[dict[int, "Tracker"]] = {}
    """Process to its active tracker: one a process, as all threads share the environment that child processes read."""

    def __init__(self, settings: Settings, *, quiet: bool = False, store: str = "") -> None:
        self.run_id = settings.run_id
        self._settings = settings
        self._quiet = quiet
        self._store = store
        """The folder of the run as it was given, "" for the default one."""
        self._kept_in = ""
        """The spare store that holds the record, if its own does not."""
        self._sidecar: Sidecar | None = None
        self._pipes: Pipes | None = None
        self._others: RemoteMeters | None = None
        self._outer: dict[str, str | None] = {}
        self._process = 0
        self._began_s = 0.0
        self._restarts = Restarts()
        self._lock = threading.Lock()
        self._reason = "the run has not started: use it in a with statement, or call start()"

    def start(self) -> Self:
        """Begin to meter; if that fails, say why in one line on stderr.

        Raises:
            CarbonError: a budget that is to signal or stop the training cannot be metered; nothing was started.
        """
        with self._lock:
            if self._sidecar is not None:
                return self
            self._reason = _metered_by_another()
            if not self._reason and (other := self._metering.setdefault(os.getpid(), self)) is not self:
                self._reason = f"this process is metered already, as the run {other.run_id}"
            if not self._reason:
                try:
                    self._reason = self._launch()
                finally:
                    if self._sidecar is None:
                        del self._metering[os.getpid()]
        if self._sidecar is None and os.environ.get(MARK):
            refuse_unwatched(self._settings, self._reason, watched=watched_outside())
        return self

    def _launch(self) -> str:
        """Start the metering process; return why that is not possible, "" where it is.

        Raises:
            CarbonError: a budget cannot be metered.
        """
        pipes: Pipes | None = None
        stderr, state_every_s = (-1, 0.0) if self._quiet else _live_stderr()
        try:
            pipes = Pipes()
            sidecar = Sidecar(pipes, orphan=True, stderr=stderr)
        except (OSError, AttributeError) as error:
            if pipes is not None:
                pipes.close()
            if acting(self._settings):
                raise CarbonError(NOT_METERED.problem, hint=NOT_METERED.hint.replace("--on-budget warn", 'on_budget="warn"')) from None
            reason = f"the run is not metered: {getattr(error, 'strerror', None) or error}"
            self._print(reason)
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
            self._print(self._others.problem)
        if advice := how_to_unite(self._settings.launch):
            self._print(advice)
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
            stderr, state_every_s = (-1, 0.0) if self._quiet else _live_stderr()
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
                self._print("the metering process ended too often: the run continues without metering")
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
            if sidecar is None:
                return
            flush_phases()
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
            if fate := fate_of_record(final, store=self._settings.store, run_id=self.run_id):
                self._print(fate, even_if_quiet=True)
            if final is not None and not final.others and not self._quiet and sys.stderr is not None:
                self._summarise(final)

    def progress(self, *, per_rank: bool = False, **counts: SupportsFloat | None) -> None:
        """Report the progress of the training, see :func:`traincarbon.progress`."""
        progress(per_rank=per_rank, **counts)

    def phase(self, name: str) -> Phase:
        """Return a phase of the training for a ``with`` statement, see :func:`traincarbon.phase`."""
        return phase(name)

    @property
    def record(self) -> "Run | None":
        """The record of the run so far; None if nothing was recorded, and :attr:`why_no_record` says why."""
        from traincarbon.ledger.record import read_run

        return read_run(self._kept_in or self._settings.store, self.run_id)

    @property
    def why_no_record(self) -> str:
        """Why :attr:`record` is None, as on all ranks but the first of a node; "" if there is a record."""
        if self.record is not None:
            return ""
        return self._reason or f"nothing has been recorded in {self._settings.store} so far"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop(exit_code=_exit_code(error))

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

    def _stop_at_exit(self) -> None:
        """End with the program; it has failed if Python printed an exception."""
        self.stop(exit_code=int(hasattr(sys, "last_type")))

    def _wait_for(self, sidecar: Sidecar) -> Final | None:
        """Wait for the last message and return it, None if it does not come; print the notes that nothing else has shown."""
        until_s = time.monotonic() + _FINAL_S
        channel, final = sidecar.channel, None
        while not (final is not None or channel.ended) and time.monotonic() < until_s:
            channel.wait(wait_s=_PAUSE_S)
            for message in channel.receive():
                if isinstance(message, Final):
                    final = message
                elif isinstance(message, Note):
                    self._print(message.text)
        if channel.lost:  # it does not know that the run has ended
            sidecar.kill()
        channel.close()
        with contextlib.suppress(ChildProcessError):  # other code may have waited for it
            while sidecar.is_child and not os.waitpid(sidecar.pid, os.WNOHANG)[0] and time.monotonic() < until_s:
                time.sleep(_PAUSE_S)
        return final

    def _summarise(self, final: Final) -> None:
        """Print what the run took; the training must not fail with it."""
        try:
            from traincarbon.ledger.record import read_run
            from traincarbon.tracking.display.run_summary import summary

            record = read_run(self._kept_in or self._settings.store, self.run_id, unwritten=final.unwritten)
            if record is not None:
                styled = sys.stderr.isatty()
                shown = summary(record, budgets=final.budgets, store=self._store, again=not final.unwritten, styled=styled)
                encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
                sys.stderr.write(f"\n{shown}\n".encode(encoding, "replace").decode(encoding))
        except Exception as error:  # noqa: BLE001  a training that has ended well must not fail with its summary
            self._print(f"the summary cannot be shown: {type(error).__name__}: {error}")

    def _print(self, text: str, *, even_if_quiet: bool = False) -> None:
        if (even_if_quiet or not self._quiet) and sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.stderr.write(f"carbon: {text}\n")


@overload
def track(function: Callable[P, T], /) -> Callable[P, T]: ...
@overload
def track(function: None = None, /, *, quiet: bool = ..., **options: "Unpack[TrackOptions]") -> Tracker: ...
def track(function: Callable[..., Any] | None = None, /, *, quiet: bool = False, **options: "Unpack[TrackOptions]") -> Any:
    """Return a tracker: ``with traincarbon.track(project="bert") as run: …``, ``@traincarbon.track`` or ``@traincarbon.track(project="bert")``.

    Args:
        function: What to meter, if used as a decorator without arguments.
        quiet: Whether to print nothing on stderr: no panel, no lines, no messages and no summary.
        options: Those of ``carbon track``, see :func:`traincarbon.tracking.options.settings_from`.

    Raises:
        CarbonError: an option is invalid; nothing was started.
    """
    if options.get("progress_regex"):
        raise CarbonError("progress_regex needs the output of a command, which is not available in Python", hint="report it: traincarbon.progress(steps=…)")
    tracker = Tracker(settings_from(argv=[str(word) for word in getattr(sys, "argv", ())], **options), quiet=quiet, store=os.fspath(options.get("store") or ""))
    return tracker if function is None else tracker(function)


def _metered_by_another() -> str:
    """Return who meters this process if an outer tracker on this node does, else ""."""
    if not os.environ.get(MARK):
        return ""
    from traincarbon.tracking.sidecar.election import is_metered_here

    outer = os.environ.get(RUN_ID, "")
    if outer and not is_metered_here(outer, os.environ.get(STORE, "")):  # the outer tracker is on another node, or was killed
        return ""
    return f"this process is metered already, as part of {f'the run {outer}' if outer else 'an outer run'}: its record has the energy"


def _live_stderr() -> tuple[int, float]:
    """Return a descriptor of stderr for the process that shows the run, and the time between two states; -1 and 0 if it is not that of this process."""
    try:
        if sys.stderr is None or sys.stderr.fileno() != _STDERR:
            return -1, 0.0
        import fcntl

        descriptor = fcntl.fcntl(_STDERR, fcntl.F_DUPFD_CLOEXEC, _STDERR + 1)
    except (OSError, ValueError, AttributeError, ImportError):  # it is closed, or a stream of a notebook or a test
        return -1, 0.0
    return descriptor, PANEL_S if os.isatty(descriptor) else LINES_S


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return int(error.code) if isinstance(error.code, int) else int(error.code is not None)
    return 130 if isinstance(error, KeyboardInterrupt) else 1
