"""Whether another tracker meters this process already."""

import os
import time

from traincarbon.procfs import children_of, stat_of
from traincarbon.tracking.sidecar.job import MARK, RUN_ID, STORE

_START_S, _LOOK_S = 5.0, 0.02
_MOST_PARENTS = 30


def metered_by_another() -> str:
    """Return who meters this process if an outer tracker on this node does, else ""."""
    if not os.environ.get(MARK):
        return ""
    outer = os.environ.get(RUN_ID, "")
    if outer and not _is_metered(outer, os.environ.get(STORE, "")):  # the outer tracker is on another node, or was killed
        return ""
    return f"this process is metered already, as part of {f'the run {outer}' if outer else 'an outer run'}: its record has the energy"


def _is_metered(run_id: str, store: str) -> bool:
    """Return whether a process of this node meters the run; that of a command around this process may still be starting beside it."""
    from traincarbon.tracking.sidecar.election import is_metered_here

    until_s = time.monotonic() + _START_S
    while not is_metered_here(run_id, store):
        if time.monotonic() > until_s or not _has_meter_above():
            return False
        time.sleep(_LOOK_S)
    return True


def _has_meter_above() -> bool:
    """Return whether a parent of this process has a metering process as its child."""
    pid = os.getpid()
    for _ in range(_MOST_PARENTS):
        seen = stat_of(pid)
        if seen is None or seen.parent <= 1:
            return False
        pid = seen.parent
        if any(_meters(child) for child in children_of(pid)):
            return True
    return False


def _meters(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            return b"traincarbon.tracking.sidecar.main" in stream.read()
    except OSError:
        return False
