"""Tracking from within a training: a context manager and a decorator that start the same process beside it."""

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
from traincarbon.tracking.options import prepared
from traincarbon.tracking.progress import environment_of, progress
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.job import MARK

if TYPE_CHECKING:
    from traincarbon.ledger.record import RunRecord
    from traincarbon.tracking.options import TrackOptions

P = ParamSpec("P")
T = TypeVar("T")

_BEGIN_S = 1.0
_FINAL_S = 5.0
_RETURNS_EARLY = 0x20 | 0x80 | 0x200
"""Flags of the code of generators, coroutines and both at once; ``inspect`` has names for them and takes its time."""
_PAUSE_S = 0.005


class Tracker:
    """Meters the code between its start and its end, by a process beside this one; it never raises into that code and never ends it.

    Within a command that is tracked already, in all but the first of several ranks on a node, and while another thread is metered, it leaves the metering
    to the one that does it.

    Attributes:
        run_id: The run; ``carbon runs show`` takes it.
    """

    _metering: ClassVar[dict[int, "Tracker"]] = {}
    """By process, forked ones being others, the tracker that meters: the environment, by which its children find it, is one for all threads."""

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
        """Begin to meter; what stands in the way is one line on stderr."""
        with self._lock:
            if self._sidecar is not None or _metered_by_another() or self._metering.setdefault(os.getpid(), self) is not self:
                return self
            pipes: Pipes | None = None
            try:
                pipes = Pipes()
                self._sidecar = Sidecar(pipes, orphan=True)
            except (OSError, AttributeError) as error:
                self._say(f"the run is not metered: {getattr(error, 'strerror', None) or error}")
                return self
            finally:
                if self._sidecar is None:
                    del self._metering[os.getpid()]
                    if pipes is not None:
                        pipes.close()
            self._pipes, self._process = pipes, os.getpid()
            self._sidecar.wire.send("settings", keep=True, **self._settings._replace(owner=self._process)._asdict())
            self._sidecar.wire.send("job", keep=True, pid=self._process, began_s=time.monotonic())
            self._sidecar.wire.flush(wait_s=_BEGIN_S)
            named = {**environment_of(pipes.reporting), MARK: self._settings.session}
            self._outer = {name: os.environ.get(name) for name in named}
            os.environ.update(named)
            atexit.register(self._stop_at_exit)
        return self

    def stop(self, *, exit_code: int = 0) -> None:
        """End the metering and wait some moments for the last record; safe to call twice.

        Args:
            exit_code: 0 where all went well, as the run's outcome is then ``finished``, else ``failed``.
        """
        if self._process not in (0, os.getpid()):  # a forked child has nothing to end, and the lock may be held in the other process
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
            sidecar.wire.send("ended", keep=True, exit_code=exit_code, signal=None, ended_s=time.monotonic())
            self._wait_for(sidecar)

    def progress(self, **counts: SupportsFloat | None) -> None:
        """Tell how far the training has come, see :func:`traincarbon.progress`."""
        progress(**counts)

    @property
    def record(self) -> "RunRecord | None":
        """The run as its journals tell it up to now, None where there are none."""
        from traincarbon.ledger.record import read_run

        return read_run(self._settings.store, self.run_id)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop(exit_code=_exit_code(error))

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """Return *function* metered whenever it is called, each time in a session of its own of the same run.

        Raises:
            CarbonError: it returns before its work is done, as coroutines and generators do.
        """
        code = getattr(function, "__code__", None)
        if code is not None and code.co_flags & _RETURNS_EARLY:
            raise CarbonError(f"{function.__qualname__} is a coroutine or a generator", hint="meter its work: with traincarbon.track(): …")

        @functools.wraps(function)
        def metered(*args: P.args, **options: P.kwargs) -> T:
            with Tracker(self._settings._replace(session=os.urandom(8).hex()), quiet=self._quiet):
                return function(*args, **options)

        return metered

    def _stop_at_exit(self) -> None:
        """End with the program, which has failed where Python has printed an exception."""
        self.stop(exit_code=int(hasattr(sys, "last_type")))

    def _wait_for(self, sidecar: Sidecar) -> None:
        until_s = time.monotonic() + _FINAL_S
        told = False
        while not (told or sidecar.wire.ended) and time.monotonic() < until_s:
            sidecar.wire.wait(wait_s=_PAUSE_S)
            for message in sidecar.wire.receive():
                told = told or message["kind"] == "final"
                if message["kind"] == "note":
                    self._say(str(message["text"]))
        if not told:
            self._say("the meter did not tell how the run ended: its last record is that of some seconds before")
        if sidecar.wire.lost:  # it would go on
            sidecar.kill()
        sidecar.wire.close()
        with contextlib.suppress(ChildProcessError):  # somebody else may have waited for it
            while sidecar.is_child and not os.waitpid(sidecar.pid, os.WNOHANG)[0] and time.monotonic() < until_s:
                time.sleep(_PAUSE_S)

    def _say(self, text: str) -> None:
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
        function: What to meter, where it is used as a decorator without arguments.
        quiet: Whether to say nothing on stderr.
        options: As those of ``carbon track``, see :func:`traincarbon.tracking.options.prepared`.

    Raises:
        CarbonError: an option cannot be; nothing has been started then.
    """
    if options.get("progress_regex"):
        raise CarbonError("progress_regex reads the output of a command, which is not seen from within", hint="say it: traincarbon.progress(steps=…)")
    tracker = Tracker(prepared(argv=[str(word) for word in getattr(sys, "argv", ())], **options), quiet=quiet)
    return tracker if function is None else tracker(function)


def _metered_by_another() -> bool:
    """Say whether the command is tracked from outside, or this is not the first rank of its node."""
    return MARK in os.environ or os.environ.get("LOCAL_RANK", os.environ.get("SLURM_LOCALID", "0")) not in ("", "0")


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        return int(error.code) if isinstance(error.code, int) else int(error.code is not None)
    return 130 if isinstance(error, KeyboardInterrupt) else 1
