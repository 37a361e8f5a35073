"""Starting the process that meters: beside the training, in a session of its own, holding nothing of it open."""

import contextlib
import errno
import os
import select
import signal
import sys
from collections.abc import Iterable

from traincarbon.tracking.channel import Wire, inode
from traincarbon.tracking.sidecar.job import MARK

_STANDARD = 2
"""The highest number of a standard stream."""
_MAIN = "import sys; sys.path[:] = sys.argv[6:]; from traincarbon.tracking.sidecar.main import main; main(*map(int, sys.argv[1:6]))"
_ORPHANED = f"import os, sys; pid = os.fork(); pid and (os.write(int(sys.argv[2]), b'%d' % pid), os._exit(0)); {_MAIN}"
"""The same in a child of the process that is started, which tells its number and ends at once: what then meters is nobody's child."""
_LONGEST_PID_B = 32
_START_S, _END_S = 10.0, 1.0
"""A start that takes longer, as from a file server that is gone, is given up: a training must not wait for it."""


class Pipes:
    """Where the training's reports and a copy of its output arrive; held open by who started it, so that no meter's end is the training's affair."""

    def __init__(self) -> None:
        (self.reports, self.reporting), (self.output, self.copying) = _two_pipes()
        for descriptor in (self.reporting, self.copying):
            os.set_blocking(descriptor, False)
        self._ours = {descriptor: inode(descriptor) for descriptor in (self.reports, self.reporting, self.output, self.copying)}

    def drain(self) -> None:
        """Take away what has arrived while nobody meters, so that the pipes do not fill."""
        for descriptor in (self.reports, self.output):
            os.set_blocking(descriptor, False)
            try:
                while os.read(descriptor, 1 << 16):
                    pass
            except BlockingIOError:
                continue

    def close(self) -> None:
        """Close all ends, but none that somebody else closed and that another file came to bear the number of; safe to call twice."""
        for descriptor, ours in self._ours.items():
            if inode(descriptor) == ours:
                os.close(descriptor)
        self._ours.clear()
        self.reports = self.reporting = self.output = self.copying = -1


class Sidecar:
    """The process that meters, and the line to it; it waits for the messages ``settings`` and ``job`` before it begins.

    It runs without the start-up code of site packages, which can be slow, but finds all that the caller finds.

    Args:
        pipes: From which it reads what the training says.
        orphan: Whether it is to be no child of the caller, who may wait for all children without knowing of it; its start then takes some 10 ms.

    Attributes:
        pid: Its number.
        is_child: Whether the caller has to wait for it: also of an orphan, where the caller is the one that orphans go to, as process 1 is.

    Raises:
        OSError: the system cannot start it.
    """

    def __init__(self, pipes: Pipes, *, orphan: bool = False) -> None:
        if not sys.executable:
            raise OSError(errno.ENOENT, "this Python does not know its own program")
        (to_us, from_it), (to_it, from_us) = _two_pipes()
        passed = (to_it, from_it, pipes.reports, pipes.output)
        arguments = [sys.executable, "-I", "-S", "-c", _ORPHANED if orphan else _MAIN, *map(str, (*passed, os.getpid())), *filter(_is_text, sys.path)]
        # a handler that waits for whatever has ended would not know the process that only starts another
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD,) if orphan else ())
        try:
            self.pid = _spawn(arguments, passed, close=(to_it, from_it))
            if orphan:
                self.pid = _orphan_of(self.pid, to_us)
        except BaseException:
            os.close(to_us)
            os.close(from_us)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.is_child = not orphan or _is_child(self.pid)
        self.wire = Wire(to_us, from_us)
        self._session = _session(self.pid)

    def kill(self) -> None:
        """End it at once, unless it has ended already and another bears its number."""
        if self._session is not None and _session(self.pid) == self._session:
            os.kill(self.pid, signal.SIGKILL)


class Warm:
    """The process that meters, started before it is known what it will meter, since both take their time."""

    def __init__(self) -> None:
        self.pipes = Pipes()
        self.sidecar = started(self.pipes)


def started(pipes: Pipes) -> Sidecar | None:
    """Return the process that meters, or None where the system cannot start it."""
    try:
        return Sidecar(pipes)
    except (OSError, AttributeError):  # no room for a process, or no such processes on this system
        return None


def pipe() -> tuple[int, int]:
    """Return the ends of a new pipe, to read from and to write to; never a number of the standard streams, which may be closed and have to stay so."""
    ends, low = list(os.pipe()), []
    for place, descriptor in enumerate(ends):
        while ends[place] <= _STANDARD:
            low.append(ends[place])
            ends[place] = os.dup(descriptor)
    for descriptor in low:
        os.close(descriptor)
    return ends[0], ends[1]


def _two_pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """Return two new pipes; where there is room for one only, none is left open."""
    one = pipe()
    try:
        return one, pipe()
    except OSError:
        for descriptor in one:
            os.close(descriptor)
        raise


def _spawn(arguments: list[str], passed: Iterable[int], *, close: Iterable[int]) -> int:
    """Start the process that is *passed* some descriptors, and *close* those of them that are its own."""
    nothing = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in (0, 1, 2)]
    environment = {**os.environ, MARK: ""}  # it is none of the training's processes, whoever started that
    for descriptor in passed:
        os.set_inheritable(descriptor, True)
    try:
        return os.posix_spawn(sys.executable, arguments, environment, file_actions=nothing, setsid=True, setsigmask=())
    finally:
        for descriptor in passed:
            os.set_inheritable(descriptor, False)
        for descriptor in close:
            os.close(descriptor)


def _orphan_of(pid: int, told: int) -> int:
    """Return the number of the process that *pid* has started, which arrives on *told*, and see *pid* end."""
    waiter = select.poll()
    waiter.register(told, select.POLLIN)
    if not waiter.poll(_START_S * 1e3):
        os.kill(pid, signal.SIGKILL)
        if waiter.poll(_END_S * 1e3):  # one that hangs in the kernel ends later
            _see_end(pid)
        raise TimeoutError(errno.ETIMEDOUT, "the process that meters did not start in time")
    number = os.read(told, _LONGEST_PID_B)
    _see_end(pid)
    if not number:
        raise OSError(errno.ECHILD, "the process that meters ended at once")
    return int(number)


def _see_end(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # children are ignored here, or another thread waited for it
        os.waitpid(pid, 0)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _is_text(folder: object) -> bool:
    """Say whether an entry of the path is one that Python looks at; some programs add others."""
    return isinstance(folder, str) and "\0" not in folder


def _is_child(pid: int) -> bool:
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except (OSError, AttributeError):  # it is none, or no such question on this system
        return False
    return True
