"""The error of a calibration without a single usable run."""

from collections.abc import Sequence

from traincarbon.errors import CarbonError
from traincarbon.published.reported_runs import SetAside


class NoUsableRunError(CarbonError):
    """No run can be used to fit a calibration.

    Args:
        set_aside: The runs, each with the reason.
    """

    def __init__(self, set_aside: Sequence[SetAside]) -> None:
        first = f"{set_aside[0].id[:60]!r}: {set_aside[0].reason}" if set_aside else "there are none"
        super().__init__(f"no run can be used; {first}", hint="a run needs hardware, params, tokens and hours; see carbon runs show ID")
        self.set_aside = tuple(set_aside)
