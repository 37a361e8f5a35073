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
from traincarbon.tracking.command.launch import Pipes, Sidecar
from traincarbon.tracking.messages import Final, Job, JobEnded, Note
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.progress import environment_of, progress
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.job import MARK

if TYPE_CHECKING:
    from traincarbon.ledger.record import Run
    from traincarbon.tracking.options import TrackOptions

P = ParamSpec("P")
T = TypeVar("T")

_BEGIN_S, _FINAL_S = 1.0, 5.0
"""Longest waits for the first message to be taken, and for the last one to come."""
_RETURNS_EARLY = 0x20 | 0x80 | 0x200
"""Code flags of generators, coroutines and asynchronous generators; ``inspect`` names them but is slow to import."""
_PAUSE_S = 0.005


class Tracker:
    """Meters the code between start and stop with a process beside this one. It never raises into that code and never ends it.

    It does nothing within a command that is tracked already, on all but the first rank of a node, and while another thread is metered.

    Attributes:
        run_id: The run; ``carbon runs show`` takes it.
    """

    _metering: ClassVar[dict[int, "Tracker"]] = {}
    """Process to its active tracker: one a process, as all threads share the environment that child processes read."""

    def __init__(self, settings: Settings, *, quiet: bool = False) -> None:
        self.run_id = settings.run_id
        self._settings = settings
        self._quiet = quiet
        self._sidecar: Sidecar | None = None
        self._pipes: Pipes | None = None
        self._outer: dict[str, str | None] = {}
        self._process = 0
        self._lock = threading.Lock()

    def start(self) -> Self:
        """Begin to meter; if that fails, say why in one line on stderr."""
        with self._lock:
            if self._sidecar is not None or _metered_by_another() or self._metering.setdefault(os.getpid(), self) is not self:
                return self
            pipes: Pipes | None = None
            try:
                pipes = Pipes()
                self._sidecar = Sidecar(pipes, orphan=True)
            except (OSError, AttributeError) as error:
                self._print(f"the run is not metered: {getattr(error, 'strerror', None) or error}")
                return self
            finally:
                if self._sidecar is None:
                    del self._metering[os.getpid()]
                    if pipes is not None:
                        pipes.close()
            self._pipes, self._process = pipes, os.getpid()
            channel = self._sidecar.channel
            channel.send(self._settings._replace(owner=self._process), keep=True)
            channel.send(Job(self._process, time.monotonic()), keep=True)
            channel.flush(wait_s=_BEGIN_S)
            named = {**environment_of(pipes.reporting), MARK: self._settings.session}
            self._outer = {name: os.environ.get(name) for name in named}
            os.environ.update(named)
            atexit.register(self._stop_at_exit)
        return self

    def stop(self, *, exit_code: int = 0) -> None:
        """End the metering and wait a few seconds for the last record; safe to call twice.

        Args:
            exit_code: 0 makes the run's state ``finished``, any other ``failed``.
        """
        if self._process not in (0, os.getpid()):  # a forked child has no metering to end, and the parent may hold the lock
            return
        with self._lock:
            sidecar, self._sidecar = self._sidecar, None
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
            self._wait_for(sidecar)

    def progress(self, **counts: SupportsFloat | None) -> None:
        """Report the progress of the training, see :func:`traincarbon.progress`."""
        progress(**counts)

    @property
    def record(self) -> "Run | None":
        """The record of the run so far, None if nothing was recorded."""
        from traincarbon.ledger.record import read_run

        return read_run(self._settings.store, self.run_id)

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
            with Tracker(self._settings._replace(session=os.urandom(8).hex()), quiet=self._quiet):
                return function(*args, **options)

        return metered

    def _stop_at_exit(self) -> None:
        """End with the program; it has failed if Python printed an exception."""
        self.stop(exit_code=int(hasattr(sys, "last_type")))

    def _wait_for(self, sidecar: Sidecar) -> None:
        until_s = time.monotonic() + _FINAL_S
        channel, is_final = sidecar.channel, False
        while not (is_final or channel.ended) and time.monotonic() < until_s:
            channel.wait(wait_s=_PAUSE_S)
            for message in channel.receive():
                is_final = is_final or isinstance(message, Final)
                if isinstance(message, Note):
                    self._print(message.text)
        if not is_final:
            self._print("the metering process did not confirm the end of the run: the record may lack its last seconds")
        if channel.lost:  # it does not know that the run has ended
            sidecar.kill()
        channel.close()
        with contextlib.suppress(ChildProcessError):  # other code may have waited for it
            while sidecar.is_child and not os.waitpid(sidecar.pid, os.WNOHANG)[0] and time.monotonic() < until_s:
                time.sleep(_PAUSE_S)

    def _print(self, text: str) -> None:
        if not self._quiet and sys.stderr is not None:
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
        quiet: Whether to print nothing on stderr.
        options: Those of ``carbon track``, see :func:`traincarbon.tracking.options.settings_from`.

    Raises:
        CarbonError: an option is invalid; nothing was started.
    """
    if options.get("progress_regex"):
        raise CarbonError("progress_regex needs the output of a command, which is not available in Python", hint="report it: traincarbon.progress(steps=…)")
    tracker = Tracker(settings_from(argv=[str(word) for word in getattr(sys, "argv", ())], **options), quiet=quiet)
    return tracker if function is None else tracker(function)


def _metered_by_another() -> bool:
    """Return whether an outer tracker meters this process, or it is not the first rank of its node."""
    return MARK in os.environ or os.environ.get("LOCAL_RANK", os.environ.get("SLURM_LOCALID", "0")) not in ("", "0")


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return int(error.code) if isinstance(error.code, int) else int(error.code is not None)
    return 130 if isinstance(error, KeyboardInterrupt) else 1
