"""Rows of ``priors.csv`` that are fitted to published runs, and which runs they are fitted to."""

from traincarbon.database.records import TABLES
from traincarbon.published.reported_runs import Chip, PublishedRun

NARROW_SHARE = 0.7
"""Share of a step's time at 16 bits that a narrower format shortens."""
WIDE = ("bf16", "fp16")
AMPLE_ROWS = 10
"""Rows from which on a mean of them is known well."""
_MFU_RANGE = (0.01, 0.95)
"""A row outside this range contradicts itself or means something else."""


def usable_mfu(run: PublishedRun, chip: Chip) -> float | None:
    """Return the published utilisation of *run*, or None if it is unknown or constants may not be fitted to it."""
    mfu = None if run.unusable else run.implied_mfu(chip.peak_flop_per_s)
    return mfu if mfu is not None and _MFU_RANGE[0] < mfu < _MFU_RANGE[1] else None


def prior_row(prior: str, scope: str, median: str, sigma: float, n: int, *, source: str, manual: str, note: str) -> dict[str, str]:
    """Return a row of ``priors.csv`` that is fitted to published runs, as the page *manual* explains."""
    sigma_ln = f"{sigma:.3f}" if sigma else ""
    cells = (prior, scope, median, sigma_ln, str(n), source, f"published_runs.csv; docs/{manual}.md", "derived", note)
    return dict(zip(TABLES["priors"], cells, strict=True))


def prior_of(name: str, scope: str, median: float, sigma: float, n: int, note: str) -> dict[str, str]:
    """Return the row of a prior of utilisation or power."""
    source = "fit-power" if name.startswith("power") else "fit-mfu"
    return prior_row(name, scope, f"{median:.4g}", sigma, n, source=source, manual="method", note=note)
