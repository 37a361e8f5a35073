"""A short-lived process that looks up in the database what energy and hours are worth, so that the metering process never loads the database."""

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from traincarbon.import_path import import_path

if TYPE_CHECKING:
    from traincarbon.tracking.value.valuation import RunQuestion, Valuation

_MAIN = "import sys; sys.path[:] = sys.argv[3:]; from traincarbon.tracking.value.lookup_process import main; main(*map(int, sys.argv[1:3]))"
_TIMEOUT_S = 60.0
_STORE_S = 1.0
"""How long the answer waits for a store that may hang."""


class LookupProcess:
    """Answers one question, and another one after :meth:`renew`. It forks at once, while the caller is small and has no GPU open, and loads the database when it is asked.

    Args:
        close: Descriptors of the caller that the new process must not hold open.
        look_up: What answers; the database unless given.
    """

    def __init__(self, *, close: Iterable[int] = (), look_up: "Callable[[RunQuestion], Valuation] | None" = None) -> None:
        to_us, from_them = os.pipe()
        to_them, from_us = os.pipe()
        try:
            self._pid = os.fork()
        except OSError:  # the system may have no room for another process
            self._pid = -1
        if not self._pid:
            exit_after(lambda: _answer(to_them, from_them, [to_us, from_us, *close], look_up or _look_up))
        os.close(from_them)
        os.close(to_them)
        self._question, self._reply = from_us, to_us
        self._received = b""
        self._began_s = time.monotonic()

    def renew(self) -> None:
        """End this process and start another one, for another question: a new program, as the caller has threads and drivers by now."""
        self.close()
        to_us, from_them = os.pipe()
        to_them, from_us = os.pipe()
        arguments = [sys.executable, "-I", "-S", "-c", _MAIN, str(to_them), str(from_them), *import_path()]
        try:
            for descriptor in (to_them, from_them):
                os.set_inheritable(descriptor, True)
            self._pid = os.posix_spawn(sys.executable, arguments, os.environ, setsigmask=())
        except OSError:  # the answer will say that it cannot be asked
            self._pid = -1
        finally:
            os.close(from_them)
            os.close(to_them)
        self._question, self._reply = from_us, to_us
        self._received = b""
        self._began_s = time.monotonic()

    def fileno(self) -> int:
        """Return the descriptor on which the answer arrives, -1 once it has."""
        return self._reply

    def ask(self, question: "RunQuestion") -> None:
        """Send the question."""
        from traincarbon.decode import encode

        try:
            os.write(self._question, json.dumps(encode(question), default=str).encode("ascii") + b"\n")
        except OSError:
            pass  # the process has ended, which the answer will say
        finally:
            os.close(self._question)
            self._question = -1

    def answer(self, *, wait_s: float = 0.0) -> "Valuation | None":
        """Return the answer once; None before it arrives. If the process fails, the answer holds only a note."""
        if self._reply < 0:
            return None
        until_s = time.monotonic() + wait_s
        while select.select([self._reply], [], [], max(until_s - time.monotonic(), 0.0))[0]:
            data = os.read(self._reply, 1 << 16)
            self._received += data
            if not data:
                return self._end()
        return self.give_up() if time.monotonic() - self._began_s > _TIMEOUT_S else None

    def give_up(self) -> "Valuation":
        """End the process and return an answer that holds only a note."""
        from traincarbon.tracking.value.valuation import Valuation

        self.close()
        return Valuation(notes=("the hardware database did not answer: no CO2e and no cost",))

    def close(self) -> None:
        """End the process; safe to call twice."""
        if self._pid > 0:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        if self._reply >= 0:
            self._end()

    def _end(self) -> "Valuation":
        from traincarbon.decode import decode
        from traincarbon.errors import CarbonError
        from traincarbon.tracking.value.valuation import Valuation

        for descriptor in (self._reply, self._question):
            if descriptor >= 0:
                os.close(descriptor)
        self._reply = self._question = -1
        if self._pid > 0:
            with contextlib.suppress(ChildProcessError):  # other code may have waited for it
                os.waitpid(self._pid, 0)
        self._pid = -1
        try:
            return decode(Valuation, json.loads(self._received))
        except (ValueError, CarbonError):
            return Valuation(notes=("the hardware database could not be asked: no CO2e and no cost",))


def main(question: int, reply: int) -> None:
    """Answer one question, as a program of its own."""
    _answer(question, reply, [], _look_up)


def _answer(question: int, reply: int, close: list[int], look_up: "Callable[[RunQuestion], Valuation]") -> None:
    for descriptor in close:
        os.close(descriptor)
    with open(question, "rb") as stream:
        line = stream.readline()
    if not line:  # the caller needs no answer
        return
    from traincarbon.decode import decode, encode
    from traincarbon.tracking.value.valuation import RunQuestion

    answer = look_up(decode(RunQuestion, json.loads(line)))
    with open(reply, "wb") as stream:
        stream.write(json.dumps(encode(answer)).encode("ascii"))


def _look_up(question: "RunQuestion") -> "Valuation":
    """Return what the database and earlier sessions of the run say."""
    from traincarbon.ledger.journal import run_journals, run_packs
    from traincarbon.ledger.patience import Asked

    earlier = Asked(lambda: run_journals(question.store, question.run_id, but=question.journal) or run_packs(question.store, question.run_id))
    from traincarbon.tracking.value.rates import look_up

    found = look_up(question)
    try:
        if not earlier.answer(within_s=_STORE_S):  # most runs are new, and their lookup does not import what reads journals
            return found
    except TimeoutError:
        return found._replace(notes=(*found.notes, f"{question.store} does not answer: what earlier sessions of this run took is not counted"))
    from traincarbon.ledger.record import read_run
    from traincarbon.tracking.value.budget import earlier_sessions

    record = read_run(question.store, question.run_id, but=question.journal)
    return found._replace(earlier=earlier_sessions(record))


def exit_after(action: Callable[[], None]) -> None:
    """Do *action* and exit at once, even if it fails: no code of the parent process may run here."""
    try:
        action()
    finally:
        os._exit(0)
