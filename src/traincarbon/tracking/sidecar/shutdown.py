"""End a training: a signal at which it can save its state, then SIGTERM, then SIGKILL."""

import signal
from collections.abc import Iterable

from traincarbon.tracking.settings import BudgetPolicy, Settings
from traincarbon.tracking.sidecar.job import ProcessHandle, has_handler, send_all
from traincarbon.tracking.sidecar.process_tree import ProcessTree

_ORPHAN_GRACE_S = 5.0
_PAUSE_S = 0.02


class Shutdown:
    """The signals sent to the job so far, and when the next is due.

    Args:
        settings: The signal to send and how long to wait before the next.
        job: The first process of the training.
        tree: All processes of the training.
    """

    def __init__(self, settings: Settings, job: ProcessHandle, tree: ProcessTree) -> None:
        self._settings = settings
        self._job = job
        self._tree = tree
        self._due: list[tuple[float, int]] = []
        self.includes_survivors = False
        """Whether a budget stops the training, including processes that outlive its first process."""

    def step(self, demands: Iterable[BudgetPolicy], *, now_s: float) -> list[str]:
        """Do what is demanded and what is due; return messages for the user.

        Args:
            demands: ``signal`` or ``stop``, each once.
            now_s: The monotonic clock.
        """
        messages: list[str] = []
        for demand in demands:
            self.includes_survivors = self._settings.on_budget is BudgetPolicy.STOP
            if demand is BudgetPolicy.SIGNAL:
                messages.append(self._signal())
            elif demand is BudgetPolicy.STOP:
                self._due = [(now_s, signal.SIGTERM), (now_s + self._settings.grace_s, signal.SIGKILL)]
        if self._due and now_s >= self._due[0][0] and not self._job.gone:  # one at a time, so that the first can take effect
            _, number = self._due.pop(0)
            if self._job.send(number):
                messages.append("the training was asked to stop (SIGTERM)" if number == signal.SIGTERM else "the training did not stop and was killed")
            if number == signal.SIGKILL:
                send_all(number, self._tree.alive())
        return messages

    def end_now(self, *, grace_s: float = _ORPHAN_GRACE_S) -> None:
        """End all processes of a training without a supervisor: SIGTERM first, SIGKILL after *grace_s* seconds."""
        import time

        until_s = time.monotonic() + grace_s
        others = self._tree.alive(but=[self._job.pid])
        for number in (signal.SIGTERM, signal.SIGCONT):
            self._job.send(number)
            send_all(number, others)
        while time.monotonic() < until_s and (not self._job.gone or self._tree.alive()):
            time.sleep(_PAUSE_S)
        until_s = time.monotonic() + _ORPHAN_GRACE_S
        self._job.send(signal.SIGKILL)
        while (alive := self._tree.alive()) and time.monotonic() < until_s:  # do not wait for a process that hangs in the kernel
            send_all(signal.SIGKILL, alive)
            time.sleep(_PAUSE_S)

    def _signal(self) -> str:
        """Send the signal at which the training saves its state: to its first process, or else to its descendants with a handler."""
        number = self._settings.budget_signal
        if not has_handler(self._job.pid, number):
            others = [each for each in self._tree.alive(but=[self._job.pid]) if has_handler(each.pid, number)]
            if others:
                send_all(number, others)
                return f"{signal.Signals(number).name} was sent to {len(others)} of the training's processes, so that they can save their state"
            number = signal.SIGTERM
        self._job.send(number)
        return f"{signal.Signals(number).name} was sent to the training, so that it can save its state"
