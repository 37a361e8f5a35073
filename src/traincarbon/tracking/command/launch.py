"""Start the metering process beside the training, in its own session and without the training's open files."""

import contextlib
import errno
import os
import select
import signal
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from traincarbon.import_path import import_path
from traincarbon.tracking.channel import Channel, inode
from traincarbon.tracking.sidecar.job import MARK

if TYPE_CHECKING:
    from traincarbon.tracking.messages import BudgetCheck

_STANDARD = 2
"""The highest number of a standard stream."""
_MAIN = "import sys; sys.path[:] = sys.argv[8:]; {turn}from traincarbon.tracking.sidecar.main import main; main(*map(int, sys.argv[1:7]){passed})"
_AT_ONCE = _MAIN.format(turn="", passed="")
_IN_TURN = _MAIN.format(turn="from traincarbon.tracking.sidecar.turn import take_turn; turn = take_turn(sys.argv[7]); ", passed=", turn")
_ORPHANED = "import os, sys; pid = os.fork(); pid and (os.write(int(sys.argv[2]), b'%d' % pid), os._exit(0)); "
"""What comes before, to run in a grandchild; the child reports its process number and ends at once, so that the metering process is not a child of the caller."""
_APART = "CARBON_METERS_APART"
"""The variable of :mod:`traincarbon.meters.base`, which this process does not import."""
_LONGEST_PID_B = 32
_CHECK_S = 30.0
"""Longest wait for the meters to open where a budget needs them. [s]"""
_CRASH_S, _MOST_CRASHES, _MOST_ENDS = 1.0, 3, 200
"""A metering process that ended within a second of its start, three times in a row, does not get another, and none gets more than 200."""
_START_S, _END_S = 10.0, 1.0
"""A start that takes longer, as from a file server that is down, is given up: a training must not wait for it."""


class Pipes:
    """The pipes for the training's reports and a copy of its output; their owner keeps them open, so that the training never sees a metering process end."""

    def __init__(self) -> None:
        (self.reports, self.reporting), (self.output, self.copying) = _two_pipes()
        for descriptor in (self.reporting, self.copying):
            os.set_blocking(descriptor, False)
        self._ours = {descriptor: inode(descriptor) for descriptor in (self.reports, self.reporting, self.output, self.copying)}

    def drain(self) -> None:
        """Discard what has arrived while no process meters, so that the pipes do not fill."""
        for descriptor in (self.reports, self.output):
            os.set_blocking(descriptor, False)
            try:
                while os.read(descriptor, 1 << 16):
                    pass
            except BlockingIOError:
                continue

    def close(self) -> None:
        """Close all ends, except for descriptors that other code closed and that now belong to other files; safe to call twice."""
        for descriptor, ours in self._ours.items():
            if inode(descriptor) == ours:
                os.close(descriptor)
        self._ours.clear()
        self.reports = self.reporting = self.output = self.copying = -1


class Sidecar:
    """The metering process, and the channel to it. It waits for the settings and the job before it begins.

    It runs without the start-up code of site packages, which can be slow, but with the caller's import path.

    Args:
        pipes: The pipes from which it reads the training's reports and output.
        orphan: Whether to start it as a grandchild, as the caller may wait for all its children; this takes about 10 ms longer.
        stderr: Descriptor on which it is to show the run, -1 to show nothing.
        apart: Whether to read vendors' libraries in processes of their own, as one of them ended a metering process before.
        turn: The file whose lock it waits for before it starts, as a replacement among those of other ranks, see :mod:`traincarbon.tracking.sidecar.turn`.

    Attributes:
        pid: Its process number.
        is_child: Whether the caller has to wait for it: also for an orphan if orphans become children of the caller, as of process 1.

    Raises:
        OSError: the system cannot start it.
    """

    def __init__(self, pipes: Pipes, *, orphan: bool = False, stderr: int = -1, apart: bool = False, turn: str = "") -> None:
        if not sys.executable:
            raise OSError(errno.ENOENT, "sys.executable is empty: this Python does not know its own program")
        (to_us, from_it), (to_it, from_us) = _two_pipes()
        passed = (to_it, from_it, pipes.reports, pipes.output, stderr)
        code = (_ORPHANED if orphan else "") + (_IN_TURN if turn else _AT_ONCE)
        arguments = [sys.executable, "-I", "-S", "-c", code, *map(str, (*passed, os.getpid(), turn)), *import_path()]
        # a handler that waits for any child would take the intermediate process
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGCHLD,) if orphan else ())
        try:
            self.pid = _spawn(arguments, [each for each in passed if each >= 0], close=(to_it, from_it), apart=apart)
            if orphan:
                self.pid = _orphan_of(self.pid, to_us)
        except BaseException:
            os.close(to_us)
            os.close(from_us)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.is_child = not orphan or _is_child(self.pid)
        self.channel = Channel(to_us, from_us)
        self.has_handed_over = False
        """Whether the process that meters the run on this node goes on with the channel, and this one has ended."""
        self._session = _session(self.pid)

    def check_budgets(self) -> "BudgetCheck":
        """Wait for the answer to settings that need meters; no answer in time is a problem too."""
        from traincarbon.tracking.messages import NOT_METERED, BudgetCheck

        until_s = time.monotonic() + _CHECK_S
        while not self.channel.ended and (left_s := until_s - time.monotonic()) > 0.0:
            self.channel.wait(wait_s=left_s)
            messages = self.channel.receive()
            for index, message in enumerate(messages):
                if isinstance(message, BudgetCheck):
                    self.channel.put_back(messages[:index] + messages[index + 1 :])
                    return message
        return NOT_METERED

    def hand_over(self) -> None:
        """Take note that it has ended and that another process has its channel."""
        self.has_handed_over = True

    def resume(self) -> None:
        """Continue it if somebody stopped it."""
        if not self.has_handed_over:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill it, unless it has ended and another process has its number."""
        if not self.has_handed_over and self._session is not None and _session(self.pid) == self._session:
            os.kill(self.pid, signal.SIGKILL)


class Restarts:
    """How often a metering process ended: one that crashes at once must not be started again for ever."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._ends = self._crashes = 0

    @property
    def are_repeated(self) -> bool:
        """Whether more than one ended."""
        return self._ends > 1

    def allow(self) -> bool:
        """Take note of an end now; return whether another process may be started."""
        now_s = time.monotonic()
        self._crashes = self._crashes + 1 if now_s - self._began_s < _CRASH_S else 0
        self._ends += 1
        self._began_s = now_s
        return self._crashes <= _MOST_CRASHES and self._ends <= _MOST_ENDS


class EarlySidecar:
    """A metering process that is started before its settings are known, as both take time."""

    def __init__(self) -> None:
        self.pipes = Pipes()
        self.sidecar = start_sidecar(self.pipes)


def start_sidecar(pipes: Pipes, *, apart: bool = False, turn: str = "") -> Sidecar | None:
    """Start the metering process; return None if the system cannot."""
    try:
        return Sidecar(pipes, apart=apart, turn=turn)
    except (OSError, AttributeError):  # no room for another process, or no posix_spawn on this system
        return None


def pipe() -> tuple[int, int]:
    """Return a new pipe's ends for reading and writing, never with the number of a standard stream, which may be closed and must stay so."""
    ends, low = list(os.pipe()), []
    for index, descriptor in enumerate(ends):
        while ends[index] <= _STANDARD:
            low.append(ends[index])
            ends[index] = os.dup(descriptor)
    for descriptor in low:
        os.close(descriptor)
    return ends[0], ends[1]


def _two_pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """Return two new pipes; if only one can be opened, close it again."""
    one = pipe()
    try:
        return one, pipe()
    except OSError:
        for descriptor in one:
            os.close(descriptor)
        raise


def ended_by_library(status: int) -> bool:
    """Return whether a metering process with that status ended by itself, as only a library that it loads makes it; others are killed."""
    return not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)


def _spawn(arguments: list[str], passed: Iterable[int], *, close: Iterable[int], apart: bool) -> int:
    """Start the process with the descriptors *passed*, and *close* the caller's copies of its own."""
    nothing = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in (0, 1, 2)]
    environment = {**os.environ, MARK: "", **({_APART: "1"} if apart else {})}  # it does not belong to a training, even to an outer one
    for descriptor in passed:
        os.set_inheritable(descriptor, True)
    try:
        return os.posix_spawn(sys.executable, arguments, environment, file_actions=nothing, setsid=True, setsigmask=())
    finally:
        for descriptor in passed:
            os.set_inheritable(descriptor, False)
        for descriptor in close:
            os.close(descriptor)


def _orphan_of(pid: int, channel: int) -> int:
    """Return the number of the process that *pid* starts, which arrives on *channel*, and wait for *pid*."""
    waiter = select.poll()
    waiter.register(channel, select.POLLIN)
    if not waiter.poll(_START_S * 1e3):
        os.kill(pid, signal.SIGKILL)
        if waiter.poll(_END_S * 1e3):  # one that hangs in the kernel ends later
            _wait_for(pid)
        raise TimeoutError(errno.ETIMEDOUT, "the metering process did not start in time")
    number = os.read(channel, _LONGEST_PID_B)
    _wait_for(pid)
    if not number:
        raise OSError(errno.ECHILD, "the metering process ended at once")
    return int(number)


def _wait_for(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):  # the caller ignores its children, or another thread waited for it
        os.waitpid(pid, 0)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def _is_child(pid: int) -> bool:
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except (OSError, AttributeError):  # it is not a child, or the system has no waitid
        return False
    return True
