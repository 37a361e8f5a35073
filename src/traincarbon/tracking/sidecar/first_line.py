"""The first line of a session in the journal: what runs, who launched it, and since when it is metered."""

import time

from traincarbon._version import __version__
from traincarbon.tracking.settings import Settings


def first_line(settings: Settings, *, began_s: float) -> dict[str, object]:
    """Return what is known before the meters are open.

    Args:
        settings: What to meter.
        began_s: When the session began, on the monotonic clock. [s]
    """
    return {
        "argv": list(settings.argv),
        "env": dict(settings.env),
        "project": settings.project,
        "launcher": settings.launch.origin,
        "plan": settings.plan,
        "interval_s": settings.interval_s,
        "nodes_expected": settings.nodes,
        **({"outside": True} if settings.is_outside else {}),
        "from_s": began_s,
        "to_s": time.monotonic(),
        "versions": versions_of(settings),
    }


def versions_of(settings: Settings) -> dict[str, str]:
    """Return the versions that are known before the meters are open: ours, and those that the owner states."""
    return {"carbon": __version__, **settings.versions}
