"""Callbacks without code: what frameworks ask of the packages that are installed, answered where ``CARBON_AUTO=1``."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traincarbon.frameworks.lightning import CarbonCallback

AUTO = "CARBON_AUTO"
"""The environment variable that adds the callback to each Trainer if it is 1."""


def lightning_callbacks() -> "list[CarbonCallback]":
    """Return the callback of Lightning where the environment asks for it, else none; Lightning asks for each Trainer."""
    if os.environ.get(AUTO) != "1":
        return []
    from traincarbon.frameworks.lightning import CarbonCallback

    return [CarbonCallback()]
