"""Bringing a training to an end: a signal that lets it save its state, then a request to stop, then the end."""

import signal
from collections.abc import Iterable

from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.job import Life, catches, send_all
from traincarbon.tracking.sidecar.process_tree import Kin

_ORPHAN_GRACE_S = 5.0
_PAUSE_S = 0.02


class Ending:
    """What has been sent to the job so far, and when the next is due.

    Args:
        settings: The signal to send and how long to wait for what follows from it.
        job: The process to which it goes.
        kin: Who tells which processes belong to it.
    """

    def __init__(self, settings: Settings, job: Life, kin: Kin) -> None:
        self._settings = settings
        self._job = job
        self._kin = kin
        self._due: list[tuple[float, int]] = []
        self.takes_all = False
        """Whether a budget is to stop the training, with all that its first process may leave behind."""

    def step(self, demands: Iterable[str], *, now_s: float) -> list[str]:
        """Do what is demanded, and what is due; return what there is to say of it.

        Args:
            demands: ``signal`` or ``stop``, each once.
            now_s: The monotonic clock.
        """
        said: list[str] = []
        for demand in demands:
            self.takes_all = self._settings.on_budget == "stop"
            if demand == "signal":
                said.append(self._signal())
            elif demand == "stop":
                self._due = [(now_s, signal.SIGTERM), (now_s + self._settings.grace_s, signal.SIGKILL)]
        if self._due and now_s >= self._due[0][0] and not self._job.gone:  # one at a time, so that the first can have its effect
            _, number = self._due.pop(0)
            if self._job.send(number):
                said.append("the training was asked to stop (SIGTERM)" if number == signal.SIGTERM else "the training did not stop and was killed")
            if number == signal.SIGKILL:
                send_all(number, self._kin.left())
        return said

    def now(self, *, grace_s: float = _ORPHAN_GRACE_S) -> None:
        """End all processes of a training that nobody sees out any more: ask first, and wait for some seconds."""
        import time

        until_s = time.monotonic() + grace_s
        others = self._kin.left(but=[self._job.pid])
        for number in (signal.SIGTERM, signal.SIGCONT):
            self._job.send(number)
            send_all(number, others)
        while time.monotonic() < until_s and (not self._job.gone or self._kin.left()):
            time.sleep(_PAUSE_S)
        until_s = time.monotonic() + _ORPHAN_GRACE_S
        self._job.send(signal.SIGKILL)
        while (left := self._kin.left()) and time.monotonic() < until_s:  # one that hangs in the kernel cannot be waited for
            send_all(signal.SIGKILL, left)
            time.sleep(_PAUSE_S)

    def _signal(self) -> str:
        """Send the signal by which the training saves its state: to its first process, or to those below it that handle it."""
        number = self._settings.budget_signal
        if not catches(self._job.pid, number):
            others = [each for each in self._kin.left(but=[self._job.pid]) if catches(each.pid, number)]
            if others:
                send_all(number, others)
                return f"{signal.Signals(number).name} was sent to {len(others)} of the training's processes, so that they can save their state"
            number = signal.SIGTERM
        self._job.send(number)
        return f"{signal.Signals(number).name} was sent to the training, so that it can save its state"
