"""The tracker of Accelerate, for loops of one's own."""

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, SupportsFloat, Unpack

from traincarbon.frameworks.absent import absent_base, refuse_absent
from traincarbon.frameworks.training import MeteredTraining, checked_options
from traincarbon.tracking.reports import valid_number

if TYPE_CHECKING:
    from traincarbon.tracking.options import TrackOptions

    class GeneralTracker:
        """What an Accelerator logs to."""

    class PartialState:
        """What a process knows of its place among the ranks."""

        is_main_process: bool

else:
    try:
        from accelerate import PartialState
        from accelerate.tracking import GeneralTracker
    except ImportError:
        GeneralTracker = absent_base("GeneralTracker")

_COUNTS = ("tokens", "samples")
_PER_RANK = "per_rank"
_MARK = "reaches_every_rank"
"""The attribute of methods that were extended already."""


class CarbonTracker(GeneralTracker):
    """Meters from ``init_trackers`` to ``end_training``: ``Accelerator(log_with=[CarbonTracker()])``. All ranks are one run.

    Of what is logged it takes the step, and ``tokens`` and ``samples``: cumulative counts of the whole training,
    or of this rank alone if ``per_rank`` is logged with them. :func:`traincarbon.steps` around the loader counts by itself.
    Accelerate starts trackers in the main process alone, where the GPUs of the other ranks are not seen: they start theirs at the same calls.

    Args:
        quiet: Whether to print nothing.
        options: Those of :func:`traincarbon.track`.

    Raises:
        CarbonError: an option is unknown or invalid.
    """

    name = "carbon"
    requires_logging_directory = False
    main_process_only = False

    def __init__(self, *, quiet: bool = False, **options: "Unpack[TrackOptions]") -> None:
        refuse_absent(GeneralTracker, package="accelerate")
        super().__init__(_blank=True)  # type: ignore[call-arg]  # that of Accelerate takes it
        self._options = checked_options(options)
        self._training = MeteredTraining(self._options, quiet=quiet)
        self._steps = self._asked = 0
        call_on_every_rank()

    @property
    def tracker(self) -> "CarbonTracker":
        """The tracker itself; :attr:`run_id` names its run."""
        return self

    @property
    def run_id(self) -> str:
        """The run, "" before the training begins."""
        return self._training.run_id

    @property
    def must_stop(self) -> bool:
        """Whether a budget is spent, the same on every rank: save a checkpoint and leave the loop. Each rank has to ask once after each step."""
        self._asked += 1
        return self._training.must_stop(steps=self._asked, saves=False)

    def start(self) -> None:
        """Begin to meter.

        Raises:
            CarbonError: a budget cannot be metered.
        """
        with self._training.beginning():
            self._training.begin({}, is_main=PartialState().is_main_process)

    def store_init_configuration(self, values: Mapping[str, Any]) -> None:
        """Take no note of the configuration: what a plan needs of it is not known by these names."""

    def log(self, values: Mapping[str, Any], step: int | None = None, **_: Any) -> None:
        """Report the step, and the counts among the values."""
        self._steps = step if step is not None else self._steps + 1
        counts: dict[str, SupportsFloat] = {name: found for name in _COUNTS if (found := valid_number(name, values.get(name))) is not None}
        self._training.report(steps=self._steps, per_rank=bool(values.get(_PER_RANK)), **{name: float(value) for name, value in counts.items()})

    def finish(self) -> None:
        """End the metering."""
        self._training.end()


def call_on_every_rank() -> None:
    """Let ``init_trackers`` and ``log`` of every Accelerator reach the trackers of this module on ranks other than the main one too; safe to call twice."""
    from accelerate import Accelerator

    for name, also in (("init_trackers", _start), ("log", _log)):
        method = getattr(Accelerator, name, None)
        if callable(method) and not hasattr(method, _MARK):
            setattr(Accelerator, name, _with(method, also))


def _with(method: Callable[..., Any], also: Callable[..., None]) -> Callable[..., Any]:
    """Return *method* with what it does not do on this rank."""

    @functools.wraps(method)
    def called(accelerator: Any, *args: Any, **options: Any) -> Any:
        result = method(accelerator, *args, **options)
        if not accelerator.is_main_process:
            also(accelerator, *args, **options)
        return result

    setattr(called, _MARK, True)
    return called


def _start(accelerator: Any, *_: Any, **__: Any) -> None:
    for tracker in accelerator.log_with:
        if isinstance(tracker, CarbonTracker) and tracker not in accelerator.trackers:
            accelerator.trackers.append(tracker)  # so that the end of the training reaches it
            tracker.start()


def _log(accelerator: Any, values: Mapping[str, Any], step: int | None = None, *_: Any, **__: Any) -> None:
    for tracker in accelerator.trackers:
        if isinstance(tracker, CarbonTracker):
            tracker.log(values, step)
