"""A calibration of prices alone, of runs that counted no tokens but have bills."""

from collections.abc import Sequence

import numpy as np

from traincarbon.calibration.fit import Fitted
from traincarbon.calibration.observed import Observed
from traincarbon.calibration.verdicts import ErrorsByChip, verdicts_of
from traincarbon.estimation.billed_rent import Rent
from traincarbon.estimation.calibration import Calibration
from traincarbon.published.reported_runs import SetAside

_WHY = "no run says how fast it computes, so it holds the price of a GPU-hour alone"
_MOST_KEPT = 1000


def prices_alone(
    observed: Observed, rents: Sequence[Rent], aside: Sequence[SetAside], *, prices: ErrorsByChip | None, name: str, made: str, version: str
) -> Fitted:
    """Return a calibration that holds *rents* and corrects nothing else; an estimate uses it if it is named.

    Args:
        observed: The runs, of which none can be used for hours.
        rents: What an accelerator-hour really cost, by bills.
        aside: Why no run can be used.
        prices: How well the rents predict the price of a run.
        name: Name of the calibration.
        made: Time of the fit, ISO 8601 in UTC.
        version: Version of the package.
    """
    errors = {} if prices is None else {"price": prices.errors}
    calibration = Calibration(
        name=name,
        made=made,
        version=version,
        automatic=False,
        why=_WHY,
        effects=(),
        errors={quantity: found.summary() for quantity, found in errors.items()},
        verdicts=() if prices is None else verdicts_of({"price": prices}),
        set_aside=tuple((each.id, each.reason) for each in aside[:_MOST_KEPT]),
        rents=tuple(rents),
    )
    return Fitted(calibration=calibration, used=observed.select(np.array([], dtype=np.intp)), errors=errors, set_aside=tuple(aside))
