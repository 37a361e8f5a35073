"""How well the power of accelerators is predicted, by who they are made for: each row with the law fitted without its organisation, or its processor."""

from collections.abc import Iterable, Sequence

from traincarbon.database.load import Database
from traincarbon.database.records import SEGMENTS
from traincarbon.published import power_priors, power_rows
from traincarbon.published.power_rows import PROCESSORS, PowerRow
from traincarbon.published.reported_runs import PublishedRun
from traincarbon.validation.accuracy import POOLED, Errors, SetSummary, errors_of

QUANTITY = "accelerator_power_w"
CAP = "power_cap"
"""The simple rule beside the law: every accelerator takes its power cap."""


def power_by_segment(runs: Iterable[PublishedRun], metered: Iterable[PublishedRun], database: Database) -> list[SetSummary]:
    """Return the errors of the power of accelerators by segment, then those of all rows; none without a row that others can predict."""
    found: dict[str, list[tuple[float, float, float]]] = {segment: [] for segment in (*SEGMENTS, PROCESSORS, POOLED)}
    rows = power_rows.of_runs(runs, metered, database)
    for row, others in _left_out(rows):
        law = power_priors.fit_of(row)(others)
        if law is None:
            continue
        mean, sigma = law.predict(row.observed.effects, "run")
        for set in (row.segment, POOLED):
            found[set].append(((mean if row.segment == PROCESSORS else min(mean, 0.0)) - row.observed.y, sigma, -row.observed.y))
    return [_summary(set, errors) for set, errors in found.items() if errors]


def _left_out(rows: Sequence[PowerRow]) -> Iterable[tuple[PowerRow, list[PowerRow]]]:
    """Yield each row, and those of other organisations, of processors those of other ones."""
    for row in rows:
        yield row, [other for other in rows if other.observed.group != row.observed.group]


def _summary(set: str, errors: Sequence[tuple[float, float, float]]) -> SetSummary:
    by_cap: Errors = errors_of([(by_rule, 0.0) for _, _, by_rule in errors])
    return SetSummary(set, QUANTITY, fitted_on=True, errors=errors_of([(error, sigma) for error, sigma, _ in errors]), baselines={CAP: by_cap})
