"""A short-lived process that asks the database what energy and hours are worth, so that none of it stays in the one that meters."""

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_PATIENCE_S = 60.0


class Appraiser:
    """Forks at once, while there is little to copy and no board is open, loads what it needs when it is asked, and answers one question.

    Args:
        close: Descriptors of the caller that the new process must not hold open.
        appraise: What answers; it is loaded in the new process unless given.
    """

    def __init__(self, *, close: Iterable[int] = (), appraise: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> None:
        to_us, from_them = os.pipe()
        to_them, from_us = os.pipe()
        try:
            self._pid = os.fork()
        except OSError:  # there may be no room for one more process
            self._pid = -1
        if not self._pid:
            _leave_after(lambda: _answer(to_them, from_them, [to_us, from_us, *close], appraise))
        os.close(from_them)
        os.close(to_them)
        self._ask, self._hear = from_us, to_us
        self._heard = b""
        self._began_s = time.monotonic()

    def fileno(self) -> int:
        """Return the descriptor on which the answer arrives, -1 after that."""
        return self._hear

    def ask(self, request: Mapping[str, Any]) -> None:
        """Put the question."""
        try:
            os.write(self._ask, json.dumps(request, default=str).encode("ascii") + b"\n")
        except OSError:
            pass  # it is gone, which the answer will tell
        finally:
            os.close(self._ask)
            self._ask = -1

    def answer(self, *, wait_s: float = 0.0) -> dict[str, Any] | None:
        """Return the answer once it is there, {"notes": [why]} if none will come, None as long as it is awaited."""
        if self._hear < 0:
            return None
        until_s = time.monotonic() + wait_s
        while select.select([self._hear], [], [], max(until_s - time.monotonic(), 0.0))[0]:
            data = os.read(self._hear, 1 << 16)
            self._heard += data
            if not data:
                return self._end()
        return self.give_up() if time.monotonic() - self._began_s > _PATIENCE_S else None

    def give_up(self) -> dict[str, Any]:
        """End the process and return the answer in its stead."""
        self.close()
        return {"notes": ["the hardware database did not answer: no CO2e and no cost"]}

    def close(self) -> None:
        """End the process; safe to call twice."""
        if self._pid > 0:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        if self._hear >= 0:
            self._end()

    def _end(self) -> dict[str, Any]:
        for descriptor in (self._hear, self._ask):
            if descriptor >= 0:
                os.close(descriptor)
        self._hear = self._ask = -1
        if self._pid > 0:
            with contextlib.suppress(ChildProcessError):  # somebody else may have waited for it
                os.waitpid(self._pid, 0)
        self._pid = -1
        try:
            answer = json.loads(self._heard)
        except ValueError:
            answer = None
        return answer if isinstance(answer, dict) else {"notes": ["the hardware database could not be asked: no CO2e and no cost"]}


def _answer(question: int, reply: int, close: list[int], appraise: Callable[[dict[str, Any]], dict[str, Any]] | None) -> None:
    for descriptor in close:
        os.close(descriptor)
    with open(question, "rb") as stream:
        line = stream.readline()
    if not line:  # there is nothing to be appraised
        return
    answer = (appraise or _appraise_with_earlier)(json.loads(line))
    with open(reply, "wb") as stream:
        stream.write(json.dumps(answer).encode("ascii"))


def _appraise_with_earlier(request: dict[str, Any]) -> dict[str, Any]:
    """Return the appraisal, with what earlier sessions of the run came to."""
    from traincarbon.ledger.record import read_run
    from traincarbon.tracking.value.budget import spent_before
    from traincarbon.tracking.value.rates import appraise
    from traincarbon.tracking.value.run_results import plain

    record = read_run(request["store"], request["run_id"], but=request["journal"])
    figures, notes = spent_before(record)
    before = {"figures": {name: plain(value) for name, value in figures.items()}, "counts": record.counts if record is not None else {}, "notes": notes}
    return {**appraise(request), "before": before}


def _leave_after(action: Callable[[], None]) -> None:
    """Do *action* and leave at once, whatever becomes of it: nothing of the forked process's past may run here."""
    try:
        action()
    finally:
        os._exit(0)
