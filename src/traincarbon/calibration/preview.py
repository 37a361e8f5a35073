"""What a calibration to the runs of the ledger would change in an estimate, before one is made."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from traincarbon._version import __version__
from traincarbon.calibration.fit import fit
from traincarbon.calibration.likeness import family_of_job, is_like
from traincarbon.calibration.observed import Observed, from_records
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import read
from traincarbon.estimation.chain import estimate_calibrated
from traincarbon.estimation.result import Estimate
from traincarbon.ledger.run import Run

_MOST_FITTED = 200
"""The latest runs on the plan's hardware that a preview is fitted to."""


class Preview(NamedTuple):
    """Runs that are like a plan, and the estimate with a calibration made of all on its hardware.

    Attributes:
        ids: The runs, the nearest in size first.
        others: Number of other runs of the calibration.
        why_none: Why such a calibration would not be used automatically; empty where it would.
        preview: The estimate with it; None where it would not be used.
    """

    ids: tuple[str, ...]
    others: int
    why_none: str
    preview: Estimate | None


def preview_of(answer: Estimate, records: Sequence[Run], *, size: float, database: Database) -> Preview | None:
    """Return what the *records* that are like the plan would change; None if there are none, or its calibration has them already.

    Args:
        answer: The estimate.
        records: Runs of the ledger, the latest first.
        size: Parameters of the plan's model that a token passes through. [1]
        database: The facts to rest on.
    """
    observed = _on_chip(from_records(records, database)[0], answer.facts.accelerator.id, database)
    known = set(read(answer.facts.calibration).runs) if answer.facts.calibration else set()
    family, labels, sizes = family_of_job(answer.plan), observed.families(), observed.active_params.tolist()
    like = [at for at, job in enumerate(observed.job_of.tolist()) if labels[job] == family and is_like(sizes[at], size)]
    like.sort(key=lambda at: abs(math.log(sizes[at] / size)))
    if known.issuperset(observed.ids[at] for at in like):
        return None
    try:
        calibration = fit(observed, database, name="own-runs", made="", version=__version__).calibration
    except CarbonError:  # none of them can be used; carbon calibrate says why
        return None
    used = tuple(observed.ids[at] for at in like if observed.ids[at] in calibration.runs)
    if known.issuperset(used):
        return None
    is_useful = calibration.automatic or calibration.n_runs == 1
    used_part = calibration.automatic_part if calibration.automatic else calibration
    preview = estimate_calibrated(answer.stated, used_part, database=database, level=answer.level) if is_useful else None
    return Preview(used, calibration.n_runs - len(used), "" if calibration.automatic else calibration.why, preview)


def _on_chip(observed: Observed, chip: str, database: Database) -> Observed:
    """Return the latest runs on a *chip*, at most as many as a preview is fitted to."""
    servers = {server.id for server in database.products("servers") if server.keys.get("accelerator") == chip}
    jobs = [job.hardware == chip or job.hardware in servers for job in observed.jobs]
    return observed.select(np.flatnonzero([jobs[job] for job in observed.job_of.tolist()])[:_MOST_FITTED])
