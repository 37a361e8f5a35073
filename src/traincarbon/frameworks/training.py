"""A training that a framework runs, metered from its callback: one tracker, one count, one end, and never an error in the training."""

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from traincarbon.errors import CarbonError
from traincarbon.frameworks.agreement import Agreement, agreement_of_ranks
from traincarbon.frameworks.stop_request import StopRequest
from traincarbon.frameworks.training_plan import WORK, estimated
from traincarbon.tracking.display.training_stderr import TrainingStderr
from traincarbon.tracking.options import LIMITS, settings_from
from traincarbon.tracking.progress import progress
from traincarbon.tracking.settings import BudgetPolicy, Settings
from traincarbon.tracking.sidecar.job import MARK
from traincarbon.tracking.tracker import Tracker

if TYPE_CHECKING:
    from traincarbon.ledger.run import Run
    from traincarbon.tracking.options import TrackOptions

_CHECKED = "checked"
"""A run id under which options are checked and nothing is started."""
_EVERY_S = 1.0
"""Time between two reports, so that short steps are not slowed; the last step is always reported. [s]"""
_ACTIVE: dict[int, "MeteredTraining"] = {}
"""Process to the training that is metered in it: a callback that was added twice does nothing."""


def checked_options(options: "TrackOptions") -> "TrackOptions":
    """Return the options of a callback, those of ``track``. A budget stops the training unless they say otherwise.

    Raises:
        CarbonError: an option is unknown or invalid; no training has begun.
    """
    for name in ("progress_regex", "log_format"):
        if options.get(name):
            raise CarbonError(f"{name} needs the output of a command", hint="the callback reports progress itself; leave the option out")
    given: TrackOptions = {**options}
    if given.get("on_budget") is None and any(given.get(name) is not None for name in LIMITS):
        given["on_budget"] = BudgetPolicy.STOP.value
    checked: TrackOptions = {**given}
    checked["run_id"] = given.get("run_id") or _CHECKED
    _own_plan(checked)
    checked["plan"] = None  # what it leaves open comes from the model
    settings_from(argv=(), **checked)
    return given


def active_training() -> "MeteredTraining | None":
    """Return the training that is metered in this process, None if there is none."""
    return _ACTIVE.get(os.getpid())


class MeteredTraining:
    """One training in this process, from its first step to its last. No method raises but :meth:`begin`, for a budget that cannot be metered.

    Args:
        options: Those of ``track``, as :func:`checked_options` returned them.
        quiet: Whether to print nothing.

    Attributes:
        run_id: The run, "" before the training begins.
        is_over: Whether this process ended the run on this node as the last one, or is the main one within another tracker: its record is to be shown.
    """

    def __init__(self, options: "TrackOptions", *, quiet: bool = False) -> None:
        self._options = options
        self._quiet = quiet
        self._stderr = TrainingStderr(quiet=quiet)
        self._tracker: Tracker | None = None
        self._ended: Tracker | None = None
        self._request: StopRequest | None = None
        self._agreement: Agreement | None = None
        self._start_steps = 0
        self._next_s = 0.0
        self._owner: object = None
        self._thread = 0
        self._total_steps: int | None = None
        self._has_announced, self._is_main = False, True
        self.run_id = ""
        self.is_over = False
        self._speaks = False
        """Whether another tracker meters, and this process speaks for all."""

    @property
    def is_on(self) -> bool:
        """Whether the training is going on and this object reports it."""
        return _ACTIVE.get(os.getpid()) is self

    def begin(
        self, plan: Mapping[str, object], *, words: Iterable[str] = (), run_id: str = "", start_steps: int = 0, total_steps: int | None = None,
        is_main: bool = True, owner: object = None,
    ) -> None:  # fmt: skip
        """Begin to meter, and say what the training is expected to take.

        Args:
            plan: Fields of the plan, as the model and the arguments of the training give them.
            words: What to say of the training before its estimate.
            run_id: The run that the training resumes, "" for a new one; an id among the options goes before.
            start_steps: Steps of the checkpoint from which it resumes.
            total_steps: Steps of the whole training, None if they are not known.
            is_main: Whether this rank speaks for all.
            owner: What runs the training, as a Trainer: one that another runs in the same thread has failed without a word, and ends now.

        Raises:
            CarbonError: a budget cannot be metered; no step was done.
        """
        self._start_steps, self._total_steps, self._is_main = start_steps, total_steps, is_main
        self._agreement = None
        self._owner, self._thread = owner, threading.get_ident()
        if (other := active_training()) is not None and other.is_abandoned_for(owner):
            other.end(exit_code=1)
        if _ACTIVE.setdefault(os.getpid(), self) is not self:
            self.say("the callback was added twice, or two trainings run in one process: only the first is counted", is_main=is_main)
            return
        for text in words:
            self.say(text, is_main=is_main)
        settings = self._settings(plan, run_id, is_main=is_main)
        if settings is None:
            del _ACTIVE[os.getpid()]
            return
        self._request = StopRequest(settings.budget_signal)
        self._request.open()
        self._tracker = Tracker(settings, quiet=self._quiet, store=os.fspath(self._options.get("store") or ""))
        self.run_id = settings.run_id
        is_within = bool(os.environ.get(MARK))
        self._speaks = is_main and is_within
        try:
            self._tracker.start()
        except CarbonError as error:
            if not is_within:
                self.end(exit_code=1)
                raise
            self.say(f"{error} ({error.hint})", is_main=is_main)
        self.report(steps=start_steps)

    @contextlib.contextmanager
    def beginning(self) -> Iterator[None]:
        """Within it a callback begins the training: what fails there is said, and does not end the training.

        Raises:
            CarbonError: a budget cannot be metered; no step was done.
        """
        try:
            yield
        except CarbonError:
            raise
        except Exception as error:  # noqa: BLE001  the training must not fail with its meter
            self.say(f"the training is not metered: {type(error).__name__}: {error}")

    def is_abandoned_for(self, owner: object) -> bool:
        """Return whether something else begins a training in the thread of this one, which therefore does not go on."""
        return owner is not None and self._owner is not None and owner is not self._owner and self._thread == threading.get_ident()

    def is_due(self) -> bool:
        """Return whether it is time to report a step, about once a second."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return False
        self._next_s = now_s + _EVERY_S
        return True

    def report(self, *, steps: int, tokens: float | None = None, samples: float | None = None, per_rank: bool = False) -> None:
        """Report what was done.

        Args:
            steps: Steps of the whole training so far, those of the checkpoint included. [1]
            tokens: Tokens since this attempt began. [1]
            samples: Samples since this attempt began. [1]
            per_rank: Whether tokens and samples are those of this rank alone.
        """
        if not self.is_on:
            return
        counts: dict[str, Any] = {"steps": steps, "start_steps": self._start_steps, "total_steps": self._total_steps}
        if tokens is not None:
            counts |= {"tokens": tokens, "start_tokens": 0}
        if samples is not None:
            counts |= {"samples": samples, "start_samples": 0}
        progress(per_rank=per_rank, **counts)

    def must_stop(self, *, steps: int, saves: bool = True) -> bool:
        """Return whether the training is to save a checkpoint and end after *steps*, the same on every rank; each rank has to ask after each step.

        Args:
            steps: Steps done, or how often this was asked: the same on every rank.
            saves: Whether the callback saves the checkpoint and ends the training, and not the training itself.
        """
        wanted = self.is_on and self._request is not None and self._request.is_made
        try:
            if self._agreement is None:  # now, as a framework may connect its ranks late
                self._agreement = agreement_of_ranks()
            stops = self._agreement.after(steps, wanted=wanted)
        except Exception as error:  # noqa: BLE001  what the store of the ranks raises; they then go on together
            self._agreement = self._agreement or Agreement(None)
            self._agreement.give_up()
            self.say(f"the ranks cannot agree to stop ({type(error).__name__}): a budget does not end this training by itself")
            return False
        if stops and not self._has_announced:
            self._has_announced = True
            what = f"a checkpoint is saved after step {steps}, and the training ends" if saves else "the budget is spent: must_stop says so to the training"
            self.say(what, is_main=self._is_main)
        return stops

    def end(self, *, exit_code: int = 0) -> "Run | None":
        """End the metering and return the record of the run so far, None where there is none; safe to call twice."""
        if _ACTIVE.get(os.getpid()) is self:
            del _ACTIVE[os.getpid()]
        tracker, self._tracker = self._tracker, None
        self._owner = None
        self._ended = tracker or self._ended
        if self._request is not None:
            self._request.close()
        if self._agreement is not None:
            self._agreement.close()
        if tracker is None:
            return None
        try:
            tracker.stop(exit_code=exit_code)
            record = tracker.record
        except Exception as error:  # noqa: BLE001  a training that has ended well must not fail with its record
            self.say(f"the record cannot be read: {type(error).__name__}: {error}")
            return None
        self.is_over = tracker.is_over or self._speaks
        return record

    def record(self) -> "Run | None":
        """Return the record of the run so far, None before it begins.

        Raises:
            CarbonError: the store cannot be read.
        """
        tracker = self._tracker or self._ended
        return None if tracker is None else tracker.record

    def announce(self, plan: Mapping[str, object]) -> None:
        """Say what the training is expected to take, where that is known only with its first batch."""
        try:
            self.say(estimated(plan))
        except Exception as error:  # noqa: BLE001  the training must not fail with its estimate
            self.say(f"the training cannot be estimated: {error}")

    def say(self, text: str, *, is_main: bool = True) -> None:
        """Print a message for the user, from one rank only."""
        if is_main:
            self._stderr.print(text)

    def _settings(self, plan: Mapping[str, object], run_id: str, *, is_main: bool) -> Settings | None:
        """Return the settings of the tracker, None where there are none; say what the plan is expected to take."""
        import sys

        options = {**self._options}
        if run_id and not options.get("run_id") and not os.environ.get("CARBON_RUN_ID"):
            options["run_id"] = run_id
        argv = [str(word) for word in getattr(sys, "argv", ())]
        for fields in _plans(plan, options):
            stated = cast("TrackOptions", options if fields is None else {**options, "plan": fields})
            try:
                settings = settings_from(argv=argv, **stated)
            except CarbonError as error:
                self.say(f"{error}{f' ({error.hint})' if error.hint else ''}", is_main=is_main and fields is not None)
                last: Exception = error
                continue
            if fields is not None:
                with contextlib.suppress(CarbonError):
                    self.say(estimated(settings.plan or {}, settings.database), is_main=is_main)
            return settings
        self.say(f"the training is not metered: {last}", is_main=is_main)
        return None


def _plans(plan: Mapping[str, object], options: Mapping[str, object]) -> "list[Mapping[str, object] | None]":
    """Return plans to try: that of the training with what the user stated of it, and none, as its hardware may not be known."""
    own = _own_plan(options)
    whole = {**plan, **own}
    return [whole, None] if own or WORK & plan.keys() else [None]


def _own_plan(options: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of the plan that the user gave, which may state a part of it.

    Raises:
        CarbonError: it cannot be read, or is not a plan.
    """
    from traincarbon.estimation.plan import Plan

    stated = options.get("plan")
    if stated is None:
        return {}
    if isinstance(stated, Mapping):
        stated = Plan.from_dict(stated)
    return (stated if isinstance(stated, Plan) else Plan.read(str(stated))).stated()
