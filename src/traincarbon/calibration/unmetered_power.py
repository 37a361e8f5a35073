"""The draw of accelerators that no meter saw alone: modelled, or what the expected draw of the rest leaves of a metered server."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from traincarbon.calibration.expected import Expected
from traincarbon.calibration.observed import Observed
from traincarbon.database.load import Database
from traincarbon.database.select import sigma_of
from traincarbon.published.spreads import Spreads

_MODEL = ("cpu_busy_w", "vendor=*")
"""The prior whose spread is that of a modelled draw."""
_MODELLED = "the draw of the accelerators was modelled, not measured, in every run: estimates of energy follow that model, no surer than it is"
_WHOLE = "whole servers were metered, not the accelerators in them: their draw is what the expected draw of the rest leaves"


class Parts(NamedTuple):
    """Runs whose accelerators' draw is known as well as it can be, and how sure that is."""

    used: Observed
    sigma: float
    """Log-spread that all of the draws have in common, 0 where they were measured."""
    notes: tuple[str, ...]


def draws(used: Observed, expected: Expected, database: Database, believed: Spreads) -> Parts:
    """Return the runs with the draw of their accelerators where it can be told: the measured ones alone where there are any, else the others."""
    with np.errstate(invalid="ignore"):
        rest_kwh = expected.host_w * used.hours_h / 1e3
        whole = np.isnan(used.accelerator_kwh) & (used.server_kwh > rest_kwh)
    seen = ~np.isnan(used.accelerator_kwh)
    measured, modelled = seen & ~used.modelled, seen & used.modelled
    if measured.any():
        return Parts(replace(used, accelerator_kwh=np.where(measured, used.accelerator_kwh, np.nan)), 0.0, ())
    if whole.any():
        split = replace(
            used,
            accelerator_kwh=np.where(whole, used.server_kwh - rest_kwh, np.nan),
            server_kwh=np.where(whole, np.nan, used.server_kwh),
        )
        ratio = float(np.median(expected.host_w[whole] / expected.power_w[whole]))
        return Parts(split, believed.whole("host") * ratio, (_WHOLE,))
    return Parts(used, sigma_of(database, *_MODEL), (_MODELLED,)) if modelled.any() else Parts(used, 0.0, ())
