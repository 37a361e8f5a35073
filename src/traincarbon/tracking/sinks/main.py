"""The entry point of the process of a sink: it takes states from the metering process and logs them, however long that takes."""

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable

from traincarbon.errors import CarbonError
from traincarbon.tracking.channel import Channel
from traincarbon.tracking.live_state import LiveState
from traincarbon.tracking.messages import Final, Message, Note, Opened
from traincarbon.tracking.settings import SINK_LAST_S, Settings, SinkRequest
from traincarbon.tracking.sinks.base import Sink, open_sink, title_of
from traincarbon.tracking.sinks.feed import Feed
from traincarbon.tracking.sinks.status import Status, of_record, of_state

_FOREVER_S, _LOOK_S = 3600.0, 1.0
"""How long to wait for the settings, and between two looks whether the sink could be opened. [s]"""
_MOST_CHARACTERS = 300


def main(reads: int, writes: int) -> None:
    """Log the states that arrive until the run ends.

    Args:
        reads: Descriptor for messages from the metering process.
        writes: Descriptor for messages to it.
    """
    channel = Channel(reads, writes)
    settings = _first_settings(channel)
    if settings is None:
        return
    feed, lock = Feed(), threading.Lock()
    logging = Logging(settings, feed, tell=functools.partial(_tell, channel, lock), hang_up=functools.partial(_hang_up, channel, lock))
    worker = threading.Thread(target=logging.run, daemon=True)  # a sink that hangs keeps neither this thread nor the process
    worker.start()
    final: Final | None = None
    while final is None and not channel.ended and worker.is_alive():
        channel.wait(wait_s=_LOOK_S)
        with lock:
            messages = channel.receive()
        for message in messages:
            if isinstance(message, LiveState):
                feed.put(message)
            elif isinstance(message, Final):
                final = message
    threading.Thread(target=_end_late, daemon=True).start()
    feed.end(final)
    worker.join()


class Logging:
    """What the thread of a sink does.

    Args:
        settings: The run, and the one sink of this process.
        feed: Where the states come from.
        tell: What sends a message to the metering process.
        hang_up: What tells it that nothing more is to come.
    """

    def __init__(self, settings: Settings, feed: Feed, *, tell: Callable[[Message], None], hang_up: Callable[[], None]) -> None:
        self._settings = settings
        self._request: SinkRequest = settings.sinks[0]
        self._feed = feed
        self._tell = tell
        self._hang_up = hang_up
        self._told: set[str] = set()
        self._latest: Status | None = None

    def run(self) -> None:
        """Open the sink, log to it until the end of the run, and close it."""
        try:
            sink = open_sink(self._request, self._settings)
        except Exception as error:  # noqa: BLE001  what a library raises; the run is metered all the same
            self._complain("nothing is logged to it", error)
            self._hang_up()
            return
        self._tell(Opened(f"{title_of(self._request.name)}: {sink.where}"))
        while (state := self._feed.take()) is not None:
            self._latest = of_state(state)
            self._do("a value is missing there", functools.partial(sink.log, self._latest))
        state, final = self._feed.last
        if final is not None:
            self._latest = of_state(state) if state is not None else self._latest
            self._do("what the run came to is missing there", functools.partial(self._finish, sink, final))
        self._hang_up()
        self._do("it was not closed", sink.close)

    def _finish(self, sink: Sink, final: Final) -> None:
        """Log what the record says; where it cannot be read, the latest state is the last."""
        from traincarbon.ledger.record import read_run

        settings, record = self._settings, None
        if settings.nodes == 1 or self._request.name != "prometheus":  # which reads each node, so that each speaks for itself
            with contextlib.suppress(CarbonError, OSError):
                record = read_run(final.kept_in or settings.store, settings.run_id, unwritten=final.unwritten)
        last = of_record(record, self._latest) if record is not None else self._latest
        if last is not None:
            sink.finish(last._replace(is_last=True))

    def _do(self, consequence: str, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001  what a library raises
            self._complain(consequence, error)

    def _complain(self, consequence: str, error: Exception) -> None:
        """Tell the user once what failed and what follows."""
        why = " ".join(str(error).split())[:_MOST_CHARACTERS] or type(error).__name__
        if consequence not in self._told:
            self._told.add(consequence)
            self._tell(Note(f"{title_of(self._request.name)}: {why}: {consequence}"))


def _first_settings(channel: Channel) -> Settings | None:
    while not channel.ended:
        channel.wait(wait_s=_FOREVER_S)
        messages = channel.receive()
        for index, message in enumerate(messages):
            if isinstance(message, Settings):
                channel.put_back(messages[index + 1 :])
                return message
    return None


def _tell(channel: Channel, lock: threading.Lock, message: Message) -> None:
    with lock:
        channel.send(message, keep=True)


def _hang_up(channel: Channel, lock: threading.Lock) -> None:
    with lock:
        channel.flush(wait_s=1.0)
        channel.close()


def _end_late() -> None:
    """End the process where a library does not return."""
    time.sleep(SINK_LAST_S)
    os._exit(1)
