"""The rent that bills of own runs show, as a calibration keeps it."""

import math
from collections.abc import Sequence
from typing import NamedTuple

_MOST_SIGMA = 5.0


class Rent(NamedTuple):
    """What an accelerator-hour really cost on some hardware at a site, by bills.

    Attributes:
        hardware: The accelerator.
        site: The site, empty if no run names one.
        runs: The number of runs with a bill.
        usd_per_h: What they cost over their accelerator-hours. [$/h]
        sigma: Log-spread of the price of a run around it.
        usd: What they cost. [$]
        accelerator_hours_h: Their accelerator-hours. [h]
        first_day: The first day of their bills.
        last_day: The last day of them.
    """

    hardware: str
    site: str
    runs: int
    usd_per_h: float
    sigma: float
    usd: float
    accelerator_hours_h: float
    first_day: str
    last_day: str


def rent_at(rents: Sequence[Rent], hardware: str, site: str) -> Rent | None:
    """Return the price of an hour of *hardware* at *site*, None if no bill states it there.

    If all bills on that hardware are of one site and either side does not name it, it is taken to be the same.
    """
    mine = [rent for rent in rents if rent.hardware == hardware]
    exact = next((rent for rent in mine if rent.site == site), None)
    if exact is not None or len(mine) != 1:
        return exact
    return mine[0] if not site or not mine[0].site else None


def check_rent(rent: Rent) -> None:
    """Refuse a rent that cannot be.

    Raises:
        ValueError: with what is wrong.
    """
    if not 0.0 < rent.usd_per_h < math.inf or not 0.0 <= rent.sigma <= _MOST_SIGMA:
        raise ValueError(f"a rent of {rent.usd_per_h:g} $/h with a spread of {rent.sigma:g}")
    if not f"{rent.hardware}{rent.site}{rent.first_day}{rent.last_day}".isprintable():
        raise ValueError("a rent holds control characters")
