"""The processes of the sinks of a run, as the metering process sees them: it sends states and never waits, except for the last values at the end."""

import contextlib
import os
import sys
import time
from collections.abc import Callable

from traincarbon.import_path import import_path
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.live_state import LiveState
from traincarbon.tracking.messages import Final, Note, Opened
from traincarbon.tracking.settings import SINK_LAST_S, SINK_OPENS_S, SINK_TAKES_S, Settings, SinkRequest
from traincarbon.tracking.sinks.base import title_of

_LOOK_S = 0.1
"""Between two looks at the sinks at the end. [s]"""
_MAIN = "import sys; sys.path[:] = sys.argv[3:]; from traincarbon.tracking.sinks.main import main; main(*map(int, sys.argv[1:3]))"


class SinkProcess:
    """The process of one sink.

    Args:
        request: The sink.
        settings: The run.

    Attributes:
        has_ended: Whether nothing more is to come from it.
        is_open: Whether it said that it logs.

    Raises:
        OSError: the system has no room for another process.
    """

    def __init__(self, request: SinkRequest, settings: Settings) -> None:
        to_us, from_it = os.pipe()
        to_it, from_us = os.pipe()
        arguments = [sys.executable, "-I", "-S", "-c", _MAIN, str(to_it), str(from_it), *import_path()]
        try:
            for descriptor in (to_it, from_it):
                os.set_inheritable(descriptor, True)
            self._pid = os.posix_spawn(sys.executable, arguments, os.environ, setsigmask=())
        except OSError:
            os.close(to_us)
            os.close(from_us)
            raise
        finally:
            os.close(to_it)
            os.close(from_it)
        self.name, self.began_s = request.name, time.monotonic()
        self.has_ended = self.is_open = False
        self._has_spoken = False
        self._channel = Channel(to_us, from_us)
        self._channel.send(settings._replace(sinks=(request,)), keep=True)

    def send(self, state: LiveState) -> None:
        """Send a state, which is dropped while the process is busy."""
        self._channel.send(state)

    def end(self, final: Final) -> None:
        """Tell it that the run has ended."""
        self._channel.send(final, keep=True)

    def receive(self) -> list[Note | Opened]:
        """Return what it said, and what to say where it has ended without a word."""
        if self.has_ended:
            return []
        said = [message for message in self._channel.receive() if isinstance(message, (Note, Opened))]
        self.is_open = self.is_open or any(isinstance(message, Opened) for message in said)
        self._has_spoken = self._has_spoken or any(isinstance(message, Note) for message in said)
        self.has_ended = self._channel.ended
        return said

    def wait(self, *, wait_s: float) -> None:
        """Wait until it says something or ends, *wait_s* at most."""
        self._channel.wait(wait_s=wait_s)

    @property
    def has_died(self) -> bool:
        """Whether it has ended without saying why."""
        return self.has_ended and not self._has_spoken

    def close(self) -> None:
        """Let it go on alone, if it has not ended: it ends by itself."""
        self._channel.close()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, os.WNOHANG)


class SinkProcesses:
    """The sinks of a run.

    Args:
        settings: The run and its sinks.
        announce: What tells the user something that belongs in the record too.
        show: What tells the user something.
    """

    def __init__(self, settings: Settings, *, announce: Callable[[str], None], show: Callable[[str], None]) -> None:
        self._announce, self._show = announce, show
        self._running: list[SinkProcess] = []
        for request in settings.sinks:
            try:
                self._running.append(SinkProcess(request, settings))
            except OSError as error:
                announce(f"{title_of(request.name)}: {error.strerror or error}: nothing is logged to it")

    def send(self, state: Callable[[], LiveState]) -> None:
        """Send how the run stands, and pass on what the sinks have to say."""
        self._listen()
        if self._running:
            latest = state()
            for sink in self._running:
                sink.send(latest)

    def end(self, final: Final) -> None:
        """Tell the sinks that the run has ended, and wait until they have taken the last values, but not for ever. The record is closed to notes by then."""
        now_s, self._announce = time.monotonic(), self._show
        self._listen()
        until_s = {sink.name: max(now_s + SINK_TAKES_S, 0.0 if sink.is_open else sink.began_s + SINK_OPENS_S) for sink in self._running}
        for sink in self._running:
            sink.end(final)
        while self._running:
            self._running[0].wait(wait_s=_LOOK_S)
            self._listen(at_end=True)
            now_s = time.monotonic()
            for sink in [each for each in self._running if now_s > until_s[each.name]]:
                self._show(f"{title_of(sink.name)}: it did not take the last values in time, and tries for {SINK_LAST_S / 60.0:.0f} minutes longer")
                sink.close()
                self._running.remove(sink)

    def _listen(self, *, at_end: bool = False) -> None:
        for sink in self._running:
            for message in sink.receive():
                (self._show if isinstance(message, Opened) else self._announce)(message.text)
            if sink.has_died and not (at_end and sink.is_open):
                self._announce(f"{title_of(sink.name)}: its process ended: nothing more is logged to it")
            if sink.has_ended:
                sink.close()
        self._running = [sink for sink in self._running if not sink.has_ended]
