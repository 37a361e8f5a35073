"""The errors of a calibration: how far predicted and measured are apart, before it, with it, and with each run left out of the fit."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from traincarbon.uncertain import Z_90

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.intp]


class Errors(NamedTuple):
    """Logarithms of predicted over measured: before calibration, after, and with each run left out of the fit that predicts it."""

    rows: "Codes"
    """Positions of the runs among those used."""
    before: "Array"
    after: "Array"
    left_out: "Array"
    before_sigma: "Array"
    """Standard deviation of each prediction, before."""
    left_out_sigma: "Array"

    def summary(self) -> dict[str, float]:
        """Return the number of runs, the median and mean absolute errors, and the share inside 90 % intervals."""
        found: dict[str, float] = {"n": float(len(self.rows))}
        for name in ("before", "after", "left_out"):
            sizes = np.abs(getattr(self, name))
            found |= {name: float(np.median(sizes)), f"{name}_mean": float(sizes.mean())}
        inside = ((np.abs(getattr(self, name)) <= Z_90 * getattr(self, f"{name}_sigma")).mean() for name in ("before", "left_out"))
        return found | dict(zip(("coverage_before", "coverage_left_out"), map(float, inside), strict=True))
