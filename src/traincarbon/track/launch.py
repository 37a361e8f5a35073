"""Starting the process that meters: beside the training, in a session of its own, holding nothing of it open."""

import os
import sys

from traincarbon.track.job import MARK
from traincarbon.track.wire import Wire

_STANDARD = 2
"""The highest number of a standard stream."""
_MAIN = "import sys; sys.path[:] = sys.argv[6:]; from traincarbon.track.sidecar import main; main(*map(int, sys.argv[1:6]))"


class Pipes:
    """Where the training's reports and a copy of its output arrive; held open by who started it, so that no meter's end is the training's affair."""

    def __init__(self) -> None:
        (self.reports, self.reporting), (self.output, self.copying) = _two_pipes()
        for descriptor in (self.reporting, self.copying):
            os.set_blocking(descriptor, False)

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
        """Close all ends; safe to call twice."""
        for descriptor in (self.reports, self.reporting, self.output, self.copying):
            if descriptor >= 0:
                os.close(descriptor)
        self.reports = self.reporting = self.output = self.copying = -1


class Sidecar:
    """The process that meters, and the line to it; it waits for the messages ``settings`` and ``job`` before it begins.

    It runs without the start-up code of site packages, which can be slow, but finds all that the caller finds.

    Args:
        pipes: From which it reads what the training says.

    Raises:
        OSError: the system cannot start it.
    """

    def __init__(self, pipes: Pipes) -> None:
        (to_us, from_it), (to_it, from_us) = _two_pipes()
        passed = (to_it, from_it, pipes.reports, pipes.output)
        arguments = [sys.executable, "-I", "-S", "-c", _MAIN, *map(str, (*passed, os.getpid())), *sys.path]
        for descriptor in passed:
            os.set_inheritable(descriptor, True)
        try:
            self.pid = _spawn(arguments)
        except OSError:
            os.close(to_us)
            os.close(from_us)
            raise
        finally:
            for descriptor in passed:
                os.set_inheritable(descriptor, False)
            os.close(to_it)
            os.close(from_it)
        self.wire = Wire(to_us, from_us)


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


def _spawn(arguments: list[str]) -> int:
    nothing = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in (0, 1, 2)]
    environment = {name: value for name, value in os.environ.items() if name != MARK}  # it is none of the training's processes
    return os.posix_spawn(sys.executable, arguments, environment, file_actions=nothing, setsid=True, setsigmask=())
