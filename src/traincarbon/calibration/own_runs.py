"""Own runs that are like a plan: which of the ledger, or of a calibration that was not applied, and what they would change in its estimate."""

import os
from typing import Any, NamedTuple

from traincarbon.calibration.likeness import family_of_job, is_like
from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError
from traincarbon.estimation.calibration import Calibration, names, read
from traincarbon.estimation.calibration_effect import changed_results
from traincarbon.estimation.chain import estimate_calibrated
from traincarbon.estimation.result import Estimate
from traincarbon.ledger.patience import Asked
from traincarbon.ledger.run import Run
from traincarbon.ledger.store import Ledger
from traincarbon.uncertain import median_of

_MOST_RUNS = 500
"""The latest runs of the ledger that are looked at."""
_WAIT_S = 2.0
"""How long an estimate waits for the ledger."""


class OwnRuns(NamedTuple):
    """Own runs that are like a plan and that its estimate does not use yet.

    Attributes:
        ids: Runs of like size, family and kind of training on the plan's hardware, the nearest in size first.
        others: Number of other usable runs on that hardware.
        calibration: The saved calibration that has them; empty if none has.
        why_unused: Why the saved calibration is not used automatically, or why one made of the runs would not be; empty where it would.
        preview: The estimate with the calibration, or with one made of the runs; None where such a calibration would not help.
        estimate: The estimate that was asked for.
    """

    ids: tuple[str, ...]
    others: int
    calibration: str
    why_unused: str
    preview: Estimate | None
    estimate: Estimate

    @property
    def command(self) -> str:
        """What to type to use them."""
        return f"--calibration {self.calibration}" if self.calibration else "carbon calibrate"

    def to_dict(self) -> dict[str, Any]:
        """Return them for JSON, with the results with and without them."""
        return {
            "runs": list(self.ids),
            "others": self.others,
            "calibration": self.calibration or None,
            "why_unused": self.why_unused,
            "command": self.command,
            "with": None if self.preview is None else changed_results(self.preview),
            "without": changed_results(self.estimate),
        }


def own_runs(answer: Estimate, *, store: str | os.PathLike[str] | None = None, database: Database | None = None) -> OwnRuns | None:
    """Return the own runs that would narrow an estimate and are not used in it; None where there is none, or the plan asks for none.

    Args:
        answer: The estimate.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        database: The facts to rest on; by default ours with the user's own.

    Raises:
        CarbonError: the ledger does not answer in two seconds, or cannot be read.
    """
    plan, size = answer.stated, _size(answer)
    if plan.calibration is not None or plan.mfu is not None or answer.plan.accelerator_hours is not None or size is None:
        return None
    database = database if database is not None else open_database()
    saved = None if answer.facts.calibration else _unused_calibration(answer, size)
    if saved is not None:
        preview = estimate_calibrated(plan, saved, database=database, level=answer.level)
        return OwnRuns(saved.runs, 0, saved.name, saved.why, preview, answer)
    try:
        records = Asked(lambda: _finished(store)).answer(within_s=_WAIT_S)
    except TimeoutError:
        raise CarbonError("own runs were not looked for: the ledger does not answer in time", hint="see carbon runs list") from None
    if not records:
        return None
    from traincarbon.calibration.preview import preview_of  # it needs NumPy

    found = preview_of(answer, records, size=size, database=database)
    return None if found is None else OwnRuns(found.ids, found.others, "", found.why_none, found.preview, answer)


def _size(answer: Estimate) -> float | None:
    """Return the parameters that a token passes through, None where they are unknown or the estimate is one of many plans."""
    params = answer.plan.number("active_params" if answer.plan.active_params is not None else "params")
    size = median_of(params) if params is not None else None
    return size if isinstance(size, float) else None


def _finished(store: str | os.PathLike[str] | None) -> list[Run]:
    with Ledger(store) as ledger:
        return ledger.runs(limit=_MOST_RUNS) if ledger.has_journals else []  # a question makes no store


def _unused_calibration(answer: Estimate, size: float) -> Calibration | None:
    """Return the latest saved calibration to one run of like size on the plan's hardware: one run cannot be tested, so it is not used automatically.

    A calibration to several that is not used failed its test, and is not worth a word.
    """
    place = answer.facts.place.id if answer.facts.place is not None else ""
    found: list[Calibration] = []
    for name in names():
        try:
            each = read(name)
        except CarbonError:  # the estimate has warned of it
            continue
        effect = each.effect("mfu", answer.facts.accelerator.id, place, family_of_job(answer.plan))
        if each.n_runs == 1 and effect is not None and each.fits(answer.facts.accelerator.id, place) and is_like(effect.centre_params, size):
            found.append(each)
    return max(found, key=lambda each: each.made, default=None)
