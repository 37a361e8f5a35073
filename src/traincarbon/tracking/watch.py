"""Notice within a training in Python that its metering process has ended, without a signal or a child process of the training."""

import select
from _thread import start_new_thread
from collections.abc import Callable

from traincarbon.blocked_signals import signals_blocked
from traincarbon.tracking.channel import Channel


def on_hang_up(channel: Channel, action: Callable[[], None]) -> None:
    """Call *action* in a thread of its own once the other end of *channel* is closed.

    The thread sleeps in the kernel until then, takes no signal meant for the training, and does not delay its end.
    """
    with signals_blocked():
        start_new_thread(_wait, (channel.fileno(), action))


def _wait(descriptor: int, action: Callable[[], None]) -> None:
    waiter = select.poll()
    waiter.register(descriptor, 0)  # a closed pipe is reported without being asked for
    try:
        waiter.poll()
    except OSError:
        return
    action()
