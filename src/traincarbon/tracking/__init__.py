"""Metering a training while it runs: a process beside it that cannot harm it, and that loses nothing.

The package is called like what it is for, and may be called as it: ``with traincarbon.track(): …`` or ``@traincarbon.track``.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from traincarbon.track.tracker import Tracker


class _CallablePackage(type(sys)):  # type: ignore[misc]
    """This package as a function; importing a module of it would otherwise hide the function of the same name."""

    def __call__(self, *args: Any, **options: Any) -> "Tracker":
        """Return a tracker of the code that follows, see :func:`traincarbon.track.tracker.track`."""
        from traincarbon.track.tracker import track

        tracker: Tracker = track(*args, **options)
        return tracker


sys.modules[__name__].__class__ = _CallablePackage
