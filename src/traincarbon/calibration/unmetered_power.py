"""The energy of accelerators that no meter saw alone: modelled, or a metered server less the expected rest of it."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from traincarbon.calibration.expected import Expected
from traincarbon.calibration.observed import Observed
from traincarbon.database.load import Database
from traincarbon.database.select import sigma_of
from traincarbon.published.spreads import Spreads
from traincarbon.quantities import W_PER_KW

_MODEL = ("cpu_busy_w", "vendor=*")
"""The prior whose spread is that of a modelled power."""
_MODELLED = "the power of the accelerators was modelled in every run: estimates of energy follow that model and are no more certain than it"
_WHOLE = "whole servers were metered: the power of the accelerators is the metered power less the expected power of the rest"


class AcceleratorEnergy(NamedTuple):
    """Runs with the best known energy of their accelerators, and how certain it is."""

    used: Observed
    sigma: float
    """Log-spread that all these energies share, 0 if they were measured."""
    notes: tuple[str, ...]


def accelerator_energy(used: Observed, expected: Expected, database: Database, spreads: Spreads) -> AcceleratorEnergy:
    """Return the runs with the energy of their accelerators: measured ones alone if there are any, else split servers, else models."""
    with np.errstate(invalid="ignore"):
        rest_kwh = expected.host_w * used.hours_h / W_PER_KW
        whole = np.isnan(used.accelerator_kwh) & (used.server_kwh > rest_kwh)
    known = ~np.isnan(used.accelerator_kwh)
    measured, modelled = known & ~used.modelled, known & used.modelled
    if measured.any():
        return AcceleratorEnergy(replace(used, accelerator_kwh=np.where(measured, used.accelerator_kwh, np.nan)), 0.0, ())
    if whole.any():
        split = replace(
            used,
            accelerator_kwh=np.where(whole, used.server_kwh - rest_kwh, np.nan),
            server_kwh=np.where(whole, np.nan, used.server_kwh),
        )
        ratio = float(np.median(expected.host_w[whole] / expected.power_w[whole]))
        return AcceleratorEnergy(split, spreads.whole("host") * ratio, (_WHOLE,))
    return AcceleratorEnergy(used, sigma_of(database, *_MODEL), (_MODELLED,)) if modelled.any() else AcceleratorEnergy(used, 0.0, ())
