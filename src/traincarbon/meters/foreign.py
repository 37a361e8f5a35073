"""The meters of other packages: entry points of our group."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "traincarbon.meters"
"""Entry points of this group are probes of other packages: functions without arguments that return a meter or ``Unavailable``."""

ALLOWED = "CARBON_PLUGINS"
"""The variable that names the meters of other packages to load, separated by commas; ``none`` refuses them all."""


def entry_point_meters() -> "list[EntryPoint]":
    """Return the probes of other packages. ``importlib.metadata`` is only imported if a file names our group."""
    allowed = os.environ.get(ALLOWED, "").replace(" ", "")
    if allowed == "none" or not any(_names_group(folder) for folder in sys.path):
        return []
    from importlib.metadata import entry_points

    found = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return [point for point in found if not allowed or point.name in allowed.split(",")]


def _names_group(folder: str) -> bool:
    try:
        names = [name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return False
    for name in names:
        try:
            with open(f"{folder or '.'}/{name}/entry_points.txt", encoding="utf-8", errors="replace") as stream:
                if f"[{GROUP}]" in stream.read():
                    return True
        except OSError:
            continue
    return False
