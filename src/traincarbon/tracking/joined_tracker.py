"""A tracker within a tracked training: the tracker around it meters, and takes its plan and its budgets."""

import contextlib
import functools
import os
import threading
import time

from traincarbon.errors import CarbonError
from traincarbon.tracking.command.launch import Pipes, Restarts, Sidecar
from traincarbon.tracking.messages import Begun, Final, Job, JobEnded
from traincarbon.tracking.progress_pipe import environment_of
from traincarbon.tracking.settings import Settings
from traincarbon.tracking.sidecar.election import is_metered_here
from traincarbon.tracking.sidecar.job import RUN_ID, STORE
from traincarbon.tracking.watch import on_hang_up
from traincarbon.tracking.watched_budgets import BUDGETS, acting, refuse_unwatched, watched_outside

_TAKEN_S, _FINAL_S = 15.0, 4.0
"""Longest waits for the outer tracker to take what is handed to it, and for its last message."""
_START_S, _LOOK_S = 5.0, 0.02
"""Longest wait for the metering process of a tracker that this process has just started, and the time between two looks."""


class JoinedTracker:
    """The part of a run that this process states: its plan, its budgets and its progress, which the outer tracker watches until :meth:`stop`.

    Args:
        settings: Those of this process; run and store become those of the outer tracker.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings._replace(
            run_id=os.environ.get(RUN_ID, ""), store=os.environ.get(STORE, ""), joins=True, owner=os.getpid(), state_every_s=0.0, sinks=()
        )
        self._pipes: Pipes | None = None
        self._sidecar: Sidecar | None = None
        self._restarts = Restarts()
        self._lock = threading.Lock()
        self._outer: dict[str, str | None] = {}

    def start(self, *, within_s: float) -> bool:
        """Hand over; return whether the outer tracker takes it.

        Args:
            within_s: How long to wait for an outer tracker that may still be starting. [s]

        Raises:
            CarbonError: a budget cannot be metered.
        """
        until_s = time.monotonic() + within_s
        while not is_metered_here(self._settings.run_id, self._settings.store):
            if time.monotonic() >= until_s:
                return False
            time.sleep(_LOOK_S)
        try:
            self._pipes = Pipes()
            self._sidecar = self._handed_over(self._pipes)
        except (OSError, AttributeError):  # the system has no room for another process
            self._sidecar = None
        except CarbonError:
            self._close_pipes()
            raise
        if self._sidecar is None or self._pipes is None:
            self._close_pipes()
            return False
        named = environment_of(self._pipes.reporting)
        if acts := acting(self._settings):
            named[BUDGETS] = ",".join(dict.fromkeys((*watched_outside(), *acts)))
        self._outer = {name: os.environ.get(name) for name in named}
        os.environ.update(named)
        on_hang_up(self._sidecar.channel, functools.partial(self._join_again, self._sidecar))
        return True

    def stop(self, *, exit_code: int) -> None:
        """Say that this training has ended, and wait a few seconds until that is recorded; safe to call twice, and does nothing in a forked child."""
        if self._settings.owner != os.getpid():
            return
        with self._lock:
            sidecar, self._sidecar = self._sidecar, None
        if sidecar is None:
            return
        for name, value in self._outer.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._close_pipes()
        sidecar.channel.send(JobEnded(time.monotonic(), exit_code=exit_code), keep=True)
        _received(sidecar, Final, within_s=_FINAL_S)
        _close(sidecar)

    def _handed_over(self, pipes: Pipes) -> Sidecar | None:
        """Return the process that handed over, None if the outer tracker did not take it.

        Raises:
            CarbonError: a budget cannot be metered.
            OSError: the system cannot start the process.
        """
        sidecar = Sidecar(pipes, orphan=True)
        sidecar.channel.send(self._settings, keep=True)
        if self._settings.needs_meters and (found := sidecar.check_budgets()).problem:
            _close(sidecar)
            raise CarbonError(found.problem, hint=found.hint.replace("--on-budget warn", 'on_budget="warn"'))
        sidecar.channel.send(Job(os.getpid(), time.monotonic()), keep=True)
        if _received(sidecar, Begun, within_s=_TAKEN_S):
            return sidecar
        _close(sidecar)
        return None

    def _join_again(self, ended: Sidecar) -> None:
        """Hand over once more, where the outer metering process was killed and another one has replaced it."""
        if self._pipes is None or self._sidecar is not ended or ended.channel.lost or _received(ended, Final, within_s=0.0):
            return
        self._settings = self._settings._replace(continues=True, starts_unmetered=True)
        with contextlib.suppress(OSError, CarbonError):
            found = self._handed_over(self._pipes) if self._restarts.allow() else None
            with self._lock:
                is_current = self._sidecar is ended
                if is_current and found is not None:
                    self._sidecar = found  # else stop still has the environment to restore and the pipes to close
            if found is not None and not is_current:  # the training has ended meanwhile
                found.channel.send(JobEnded(time.monotonic(), exit_code=0), keep=True)
                _close(found)
            elif found is not None:
                _close(ended)
                on_hang_up(found.channel, functools.partial(self._join_again, found))

    def _close_pipes(self) -> None:
        if self._pipes is not None:
            self._pipes.close()


def join_outer(settings: Settings, *, reason: str, is_ours: bool) -> JoinedTracker | None:
    """Hand the plan and the budgets of a tracker to the one around it, which meters; return what stops that, None where there is nothing to hand over.

    Args:
        settings: Those of the inner tracker.
        reason: Why it does not meter itself.
        is_ours: Whether the outer tracker is one of this process, which may have started it a moment ago.

    Raises:
        CarbonError: a budget that is to signal or stop the training is not watched.
    """
    if settings.plan is not None or settings.limits.given:
        joined = JoinedTracker(settings)
        if joined.start(within_s=_START_S if is_ours else 0.0):
            return joined
    refuse_unwatched(settings, reason, watched=watched_outside())
    return None


def _received(sidecar: Sidecar, kind: type[Begun] | type[Final], *, within_s: float) -> bool:
    """Return whether a message of *kind* comes in time."""
    until_s = time.monotonic() + within_s
    while True:
        if any(isinstance(message, kind) for message in sidecar.channel.receive()):
            return True
        left_s = until_s - time.monotonic()
        if sidecar.channel.ended or left_s <= 0.0:
            return False
        sidecar.channel.wait(wait_s=left_s)


def _close(sidecar: Sidecar) -> None:
    sidecar.channel.close()
    if sidecar.is_child:
        with contextlib.suppress(ChildProcessError):  # other code may have waited for it
            os.waitpid(sidecar.pid, os.WNOHANG)
