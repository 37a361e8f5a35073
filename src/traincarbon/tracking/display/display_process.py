"""A process that shows a run on the stderr of a training in Python.

It draws, so that neither the training nor the metering waits for a terminal that blocks, or fails with a view that fails.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable

from traincarbon.tracking.channel import Channel
from traincarbon.tracking.live_state import LiveState
from traincarbon.tracking.messages import Final, Message, Note
from traincarbon.tracking.value.lookup_process import exit_after

_FOREVER_S = 3600.0
_CLOSE_S = 2.5
"""Longest wait for the terminal to be restored. [s]"""


class DisplayProcess:
    """Shows the states and notes that it is sent. It forks at once, while the caller is small and has no GPU open.

    Args:
        stderr: Descriptor of the training's stderr; the caller's copy is closed.
        owner: The training's process.
        close: Descriptors of the caller that the new process must not hold open.

    Raises:
        OSError: the system has no room for another process.
    """

    def __init__(self, stderr: int, *, owner: int, close: Iterable[int] = ()) -> None:
        to_us, from_it = os.pipe()
        to_it, from_us = os.pipe()
        try:
            self._pid = os.fork()
        except OSError:
            for descriptor in (to_us, from_it, to_it, from_us):
                os.close(descriptor)
            raise
        if not self._pid:
            exit_after(lambda: _show((to_it, from_it), stderr, owner, close=[to_us, from_us, *close]))
        for descriptor in (to_it, from_it, stderr):
            os.close(descriptor)
        self.descriptors = (to_us, from_us)
        self._channel = Channel(to_us, from_us)

    @property
    def has_ended(self) -> bool:
        """Whether it shows no more, as after it was killed."""
        self._channel.receive()
        return self._channel.ended

    def send(self, message: Message) -> None:
        """Send a state, which is dropped while it is busy, or a note, which is kept."""
        self._channel.send(message, keep=isinstance(message, Note))

    def close(self) -> None:
        """Have it restore the terminal and end; safe to call twice."""
        if self._pid <= 0:
            return
        self._channel.send(Final(), keep=True)
        until_s = time.monotonic() + _CLOSE_S
        while not self.has_ended and time.monotonic() < until_s:
            self._channel.wait(wait_s=until_s - time.monotonic())
        if not self._channel.ended:
            os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        self._pid = 0
        self._channel.close()


def _show(channel_ends: tuple[int, int], stderr: int, owner: int, *, close: Iterable[int]) -> None:
    """Show what arrives until the last message, or until the sender is gone."""
    for descriptor in close:
        os.close(descriptor)
    from traincarbon.procfs import holds_terminal
    from traincarbon.tracking.display.stderr_display import StderrDisplay

    channel = Channel(*channel_ends)
    with open(stderr, "w", errors="replace", closefd=False) as stream:
        is_terminal = stream.isatty()
        display = StderrDisplay(stream)
        is_last = False
        while not (is_last or channel.ended):
            channel.wait(wait_s=_FOREVER_S)
            for message in channel.receive():
                is_last = is_last or isinstance(message, Final)
                if isinstance(message, Note):
                    display.print(message.text)
                elif isinstance(message, LiveState) and (not is_terminal or holds_terminal(owner)):
                    display.show(message)
                elif isinstance(message, LiveState):  # the training was suspended, and a shell has the terminal
                    display.hide()
        if is_terminal and not holds_terminal(owner):
            display.hide()
        else:
            display.close()
