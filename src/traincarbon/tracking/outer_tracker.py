"""Whether another tracker meters this process already."""

import os

from traincarbon.tracking.sidecar.job import MARK, RUN_ID, STORE


def metered_by_another() -> str:
    """Return who meters this process if an outer tracker on this node does, else ""."""
    if not os.environ.get(MARK):
        return ""
    from traincarbon.tracking.sidecar.election import is_metered_here

    outer = os.environ.get(RUN_ID, "")
    if outer and not is_metered_here(outer, os.environ.get(STORE, "")):  # the outer tracker is on another node, or was killed
        return ""
    return f"this process is metered already, as part of {f'the run {outer}' if outer else 'an outer run'}: its record has the energy"
