"""The function with which a script is tracked: a context manager, or a decorator with or without options."""

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, Unpack, overload

from traincarbon.errors import CarbonError
from traincarbon.tracking.options import settings_from
from traincarbon.tracking.tracker import Tracker

if TYPE_CHECKING:
    from traincarbon.tracking.options import TrackOptions

P = ParamSpec("P")
T = TypeVar("T")


@overload
def track(function: Callable[P, T], /) -> Callable[P, T]: ...
@overload
def track(function: None = None, /, *, quiet: bool = ..., **options: "Unpack[TrackOptions]") -> Tracker: ...
def track(function: Callable[..., Any] | None = None, /, *, quiet: bool = False, **options: "Unpack[TrackOptions]") -> Any:
    """Return a tracker: ``with traincarbon.track(project="bert") as run: …``, ``@traincarbon.track`` or ``@traincarbon.track(project="bert")``.

    Args:
        function: What to meter, if used as a decorator without arguments.
        quiet: Whether to print nothing on stderr: no panel, no lines, no messages and no summary.
        options: Those of ``carbon track``, see :func:`traincarbon.tracking.options.settings_from`.

    Raises:
        CarbonError: an option is invalid; nothing was started.
    """
    for name in ("progress_regex", "log_format"):
        if options.get(name):
            raise CarbonError(f"{name} needs the output of a command, which is not available in Python", hint="report it: traincarbon.progress(steps=…)")
    tracker = Tracker(settings_from(argv=[str(word) for word in getattr(sys, "argv", ())], **options), quiet=quiet, store=os.fspath(options.get("store") or ""))
    return tracker if function is None else tracker(function)
