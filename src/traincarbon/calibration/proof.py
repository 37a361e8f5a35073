"""Test whether calibrations help: predict the larger runs of a published source with a calibration to its smaller ones.

``python -m traincarbon.calibration.proof`` prints the result. Priors and spreads behind a prediction are fitted without the same organisation.
"""

import math
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from traincarbon.calibration.expected import expect
from traincarbon.calibration.fit import fit
from traincarbon.calibration.observed import Job, Observed
from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError
from traincarbon.published import priors, spreads
from traincarbon.published.prior_rows import usable_mfu
from traincarbon.published.reported_runs import PublishedRun, chip_of
from traincarbon.published.run_kinds import RunKind
from traincarbon.published.runs_file import read_measured_power, read_runs
from traincarbon.quantities import S_PER_H
from traincarbon.uncertain import Z_90

WHOLE = (RunKind.RUN, RunKind.FINETUNE)
"""Kinds of rows that are whole trainings. The others are benchmarks and timed parts."""
_FEWEST_ROWS, _FEWEST_SIZES = 2, 2
_TITLE = 44


class Case(NamedTuple):
    """A larger run of a source: its hours over the predicted ones, without and with the calibration to the smaller runs."""

    id: str
    source: str
    kind: str
    params: float
    smaller: int
    """Rows that the calibration saw."""
    largest_seen: float
    before_ln: float
    before_sigma: float
    after_ln: float
    after_sigma: float


def prove(runs: Sequence[PublishedRun], database: Database, *, organisations: Collection[str] = ()) -> list[Case]:
    """Return every larger run of every source with several sizes, or only of the *organisations* named, in lower case."""
    cases: list[Case] = []
    by_organisation: dict[str, list[list[PublishedRun]]] = {}
    for group in _sources(runs, database):
        by_organisation.setdefault(group[0].group, []).append(group)
    for organisation, groups in by_organisation.items():
        if organisations and organisation not in organisations:
            continue
        others = [run for run in runs if run.group != organisation]
        metered = [run for run in read_measured_power() if run.group != organisation]
        facts = priors.with_priors(database, priors.fitted_priors(others, metered, database))
        shipped = spreads.spreads_of(database)
        found = spreads.as_scopes(spreads.fitted(spreads.published(others, facts)))
        prior = spreads.Spreads({**shipped.by_scope, **found})
        for group in groups:
            cases += _cases(group, facts, prior)
    return cases


def as_observed(runs: Sequence[PublishedRun], database: Database) -> Observed:
    """Return the runs of one source in columns. The number of accelerators counts only if all of them state it.

    Raises:
        CarbonError: a row names unknown hardware.
    """
    import numpy as np

    rows: list[tuple[float, ...]] = []
    jobs: dict[Job, int] = {}
    for run in runs:
        chip, plan = chip_of(run, database), run.plan(database)
        params, tokens = float(plan.number("params")), float(plan.number("tokens"))
        active = float(plan.number("active_params") or params)
        mfu = run.implied_mfu(chip.peak_flop_per_s)
        flop = run.flop_per_token(active) * tokens
        job = Job(chip.product.id, active != params, precision=chip.precision, kind=plan.kind, family=plan.family)
        hours_h = flop / (chip.peak_flop_per_s * (mfu or math.nan) * S_PER_H)
        rows.append((params, active, tokens, run.accelerators or math.nan, hours_h, jobs.setdefault(job, len(jobs))))
    table = np.array(rows, dtype=float).T
    n = table[3] if not np.isnan(table[3]).any() else np.full(len(rows), np.nan)
    return Observed(
        ids=[run.id for run in runs],
        params=table[0],
        active_params=table[1],
        tokens=table[2],
        accelerators=n,
        hours_h=table[4],
        accelerator_kwh=np.full(len(rows), np.nan),
        server_kwh=np.full(len(rows), np.nan),
        modelled=np.zeros(len(rows), dtype=bool),
        jobs=list(jobs),
        job_of=table[5].astype(np.intp),
        sites=[""],
        site_of=np.zeros(len(rows), dtype=np.intp),
    )


def _sources(runs: Iterable[PublishedRun], database: Database) -> list[list[PublishedRun]]:
    """Return the rows of each source on each chip that has several sizes, by size."""
    found: dict[tuple[str, ...], list[PublishedRun]] = {}
    for run in runs:
        if not run.kind.is_training:
            continue
        try:
            chip = chip_of(run, database)
            plan = run.plan(database)
            if usable_mfu(run, chip) is None or plan.params is None or plan.tokens is None:
                continue
        except CarbonError:
            continue
        found.setdefault((run.group, run.source, chip.product.id, _kind(run), run.family), []).append(run)
    sources = [sorted(source, key=_size) for source in found.values()]
    return [source for source in sources if len(source) >= _FEWEST_ROWS and len({run.params for run in source}) >= _FEWEST_SIZES]


def _cases(group: Sequence[PublishedRun], facts: Database, prior: spreads.Spreads) -> list[Case]:
    import numpy as np

    sizes = sorted({_size(run) for run in group})
    largest_seen = sizes[(len(sizes) + 1) // 2 - 1]
    observed = as_observed(group, facts)
    seen = np.flatnonzero(observed.active_params <= largest_seen)
    expected = expect(observed, facts)
    calibration = fit(observed.select(seen), facts, name="proof", made="", version="", spreads=prior).calibration
    cases = []
    for at in np.flatnonzero(observed.active_params > largest_seen).tolist():
        job = observed.jobs[int(observed.job_of[at])]
        effect = calibration.effect("mfu", expected.chips[int(observed.job_of[at])], "", job.label)
        if effect is None:
            continue
        mean, sigma = effect.at(float(observed.active_params[at]))
        before, prior_sigma = float(np.log(expected.reached_mfu[at] / expected.mfu[at])), float(expected.sigma[at])
        source = f"{_title(group[0].source)}, {expected.chips[0]}"
        size = float(observed.active_params[at])
        cases.append(
            Case(observed.ids[at], source, _kind(group[0]), size, len(seen), largest_seen, before, prior_sigma, before - mean, min(sigma, prior_sigma))
        )
    return cases


def _size(run: PublishedRun) -> float:
    return run.params or 0.0


def _kind(run: PublishedRun) -> str:
    return "run" if run.kind in WHOLE else run.kind


def _title(source: str) -> str:
    """Return the short title of a *source*."""
    for end in (" arXiv", " via ", " (", ", "):
        source = source.partition(end)[0]
    if len(source) <= _TITLE:
        return source
    words = source[:_TITLE].rpartition(" ")[0]
    return f"{words} …" if len(words) > _TITLE // 2 else f"{source[:_TITLE]}…"


def summary(cases: Sequence[Case]) -> tuple[float, float, float, float]:
    """Return the median absolute error before and after, and the share inside 90 % intervals before and after."""
    sizes = [sorted(abs(getattr(case, name)) for case in cases) for name in ("before_ln", "after_ln")]
    medians = [(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2.0 for ordered in sizes]
    inside = [sum(abs(getattr(case, f"{name}_ln")) <= Z_90 * getattr(case, f"{name}_sigma") for case in cases) / len(cases) for name in ("before", "after")]
    return medians[0], medians[1], inside[0], inside[1]


def main() -> None:
    """Print Markdown tables: every source, then all of them."""
    database = open_database()
    cases = prove(read_runs()[0], database)
    write = sys.stdout.write
    write("| source | seen | predicted | median error without | with | inside 90 % without | with |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
    for source in dict.fromkeys((case.kind, case.source) for case in cases):
        write(_line(f"{source[1]} ({source[0]})", [case for case in cases if (case.kind, case.source) == source]))
    for name, mine in (("**whole runs**", [case for case in cases if case.kind == "run"]), ("**all**", cases)):
        write(_line(name, mine))
    write("\n| run | parameters | largest seen | hours predicted over published, without | with | inside |\n| --- | ---: | ---: | ---: | ---: | --- |\n")
    for case in cases:
        if case.kind == "run":
            ratios = (f"× {math.exp(log):.2f}" for log in (case.before_ln, case.after_ln))
            inside = "yes" if abs(case.after_ln) <= Z_90 * case.after_sigma else "**no**"
            write(f"| {case.id} | {case.params:.3g} | {case.largest_seen:.3g} | {' | '.join(ratios)} | {inside} |\n")


def _line(name: str, cases: Sequence[Case]) -> str:
    before, after, inside_before, inside_after = summary(cases)
    seen = sum({(case.kind, case.source): case.smaller for case in cases}.values())
    errors = (f"{100.0 * math.expm1(error):.0f} %" for error in (before, after))
    return f"| {name} | {seen} | {len(cases)} | {' | '.join(errors)} | {100.0 * inside_before:.0f} % | {100.0 * inside_after:.0f} % |\n"


if __name__ == "__main__":
    main()
