"""Fit the priors of utilisation and power to published runs: ``python -m traincarbon.published.priors`` writes them.

The utilisation of whole runs is fitted to whole runs. That of steps is what matrix products reach on the chip, less the cost of the number format
by formula, times effects: of the hardware generation, the family of models and the precision.
Effects with few rows stay near one. ``docs/method.md`` explains the method.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from os import path

from traincarbon.database.load import Database, builtin_root, open_database
from traincarbon.database.records import TABLES
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.hardware import gemm_ceiling, speed_up_of
from traincarbon.estimation.facts.utilisation import AMPLE_PEAK_FLOP_PER_S
from traincarbon.fitting.regression import Fit, Observation, fit
from traincarbon.formulas import throughput
from traincarbon.published import power_priors, power_rows, whole_priors, whole_runs
from traincarbon.published.prior_rows import NARROW_SHARE, WIDE, prior_of, usable_mfu
from traincarbon.published.reported_runs import Chip, PublishedRun, chip_of
from traincarbon.published.runs_file import read_measured_power, read_runs

_CENTRE_MFU = 0.35
"""Utilisation without any evidence. Estimates shrink towards it."""
_GENERATION = 0.15
"""Log-spread between generations of hardware. With few generations the most likely value is zero; this keeps other generations uncertain."""
AMPLE_PARAMS = 1.5e8
"""Parameters on each accelerator of an A100's speed below which utilisation falls."""
_UNPUBLISHED = 0.25
"""Extra log-spread for hardware without a published run: its software may do better or worse than elsewhere."""

FITTED = (
    *whole_priors.FITTED,
    *("step_mfu", "step_mfu_factor", "mfu_thin_exponent", "mfu_ample_params", "mfu_narrow_share"),
    *power_priors.FITTED,
)
"""The priors that this module writes. The others in ``priors.csv`` are written by hand."""


def step_rows(runs: Iterable[PublishedRun], database: Database) -> list[Observation]:
    """Return the observations of the utilisation of steps among *runs*: the logarithm of MFU over its expectation by formula, with its effects."""
    rows = []
    for run in runs:
        if not run.kind.is_training or not run.is_steady:
            continue
        try:
            chip = chip_of(run, database)
        except CarbonError:
            continue
        mfu = usable_mfu(run, chip)
        if mfu is not None:
            rows.append(Observation(math.log(mfu / expected_mfu(chip, database)), step_effects(run, chip), run.group, run.kind))
    return rows


def expected_mfu(chip: Chip, database: Database) -> float:
    """Return the utilisation of steps by formulas alone: from the chip's matrix products and its number format."""
    mfu = _CENTRE_MFU * gemm_ceiling(database, chip.product) / gemm_ceiling(database, "*")
    return float(throughput.narrowed_mfu(mfu=mfu, speed_up=speed_up_of(chip.product, chip.precision), narrow_share=NARROW_SHARE))


def step_effects(run: PublishedRun, chip: Chip) -> dict[str, float]:
    """Return the effects on the utilisation of the steps of *run*, by name."""
    effects = {"all": 1.0, f"generation={chip.generation}": 1.0, f"family={run.family}": 1.0}
    if chip.precision not in WIDE:
        effects[f"precision={chip.precision}"] = 1.0
    if run.is_bench:
        effects["bench"] = 1.0
    if run.params is not None and run.accelerators is not None:
        ample_params = AMPLE_PARAMS * chip.peak_flop_per_s / AMPLE_PEAK_FLOP_PER_S
        effects["thin"] = min(0.0, math.log(run.params / run.accelerators / ample_params))
        if run.is_bench:
            effects["thin_bench"] = effects["thin"]
    return effects


def fit_steps(rows: Sequence[Observation]) -> Fit:
    """Return the effects on the utilisation of steps. Every fit starts from the same round numbers."""
    guess = {"family": 0.3, "precision": 0.1, "group:bench": 0.25, "scatter:bench": 0.2, "scatter:segment": 0.2}
    given = {"all": 3.0, "generation": _GENERATION, "bench": 0.3, "thin": 0.3, "thin_bench": 0.1}
    return fit(rows, start=guess, fixed={**given, "group:segment": 0.1}, heavy_tailed=True)


def step_levels(found: Fit, rows: Sequence[Observation], database: Database) -> dict[str, tuple[float, float]]:
    """Return median and log-spread of the utilisation of steps by generation of hardware, and of any: dense language models at 16 bits."""
    dense, apart = {"all": 1.0, "family=dense-lm": 1.0}, _benches_apart(found, rows)
    levels = {}
    for generation in [*sorted({name.partition("=")[2] for name in found.names if name.startswith("generation=")}), "*"]:
        mean, sigma = found.predict({**dense, f"generation={generation}": 1.0}, "bench")
        reached = _CENTRE_MFU * gemm_ceiling(database, generation) / gemm_ceiling(database, "*") * math.exp(mean)
        levels[generation] = reached, math.hypot(sigma, apart, _UNPUBLISHED if generation == "*" else 0.0)
    return levels


def mfu_priors(runs: Sequence[PublishedRun], database: Database) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` about utilisation, fitted to *runs*: that of whole runs and that of steps, without either where no run tells."""
    steps, whole = step_rows(runs, database), whole_runs.whole_rows(runs, database)
    found = fit_steps(steps) if steps else None
    levels = step_levels(found, steps, database) if found is not None else {}
    medians = _medians(levels)
    written = whole_priors.whole_priors(whole_runs.fit_whole(whole, medians), whole, database) if whole else []
    return [*written, *_step_priors(found, levels, steps)] if found is not None else written


def generation_medians(runs: Sequence[PublishedRun], database: Database) -> dict[str, float]:
    """Return the utilisation of steps by generation of hardware, of those of which *runs* hold some."""
    steps = step_rows(runs, database)
    return _medians(step_levels(fit_steps(steps), steps, database)) if steps else {}


def _medians(levels: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    return {generation: median for generation, (median, _) in levels.items() if generation != "*"}


def _step_priors(found: Fit, levels: Mapping[str, tuple[float, float]], steps: Sequence[Observation]) -> list[dict[str, str]]:
    written = []
    for generation, (median, sigma) in levels.items():
        n = sum(f"generation={generation}" in row.effects for row in steps) if generation != "*" else len(steps)
        written.append(prior_of("step_mfu", f"generation={generation}", median, sigma, n, "steps, dense language model, 16 bits"))
    written += _factors(found, steps)
    exponent, error = found.effect("thin")
    n = sum(row.effects.get("thin", 0.0) < 0.0 and row.scatter != "bench" for row in steps)
    written.append(prior_of("mfu_thin_exponent", "*", exponent, 0.0, n, f"standard error {error:.2f}"))
    written.append(
        prior_of("mfu_ample_params", "*", AMPLE_PARAMS, 0.0, n, "for a peak of 312 TFLOP/s; chosen among 5, 15 and 50 times 1e7, which fit about alike")
    )
    n = sum(any(name.startswith("precision=") for name in row.effects) for row in steps)
    written.append(prior_of("mfu_narrow_share", "*", NARROW_SHARE, 0.0, n, "chosen among 0.7, 0.75 and 0.8"))
    return written


def _benches_apart(found: Fit, rows: Sequence[Observation]) -> float:
    """Return the log-spread between benchmarks and timed parts of trainings.

    Benchmarks choose their batch, and a plan does not say which of the two its steps resemble.
    """
    apart = [sum(row.effects.get(name, 0.0) * found.effect(name)[0] for name in ("bench", "thin_bench")) for row in rows if row.scatter == "bench"]
    return math.sqrt(sum(size * size for size in apart) / len(apart)) if apart else 0.0


def _factors(found: Fit, rows: Sequence[Observation]) -> list[dict[str, str]]:
    dense, dense_error = found.effect("family=dense-lm")
    written = []
    for name in sorted(found.names):
        kind = name.partition("=")[0]
        if kind in ("family", "precision"):
            effect, error = found.effect(name)
            relative = effect - dense if kind == "family" else effect
            n = sum(name in row.effects for row in rows)
            spread = 0.0 if name == "family=dense-lm" else math.hypot(error, dense_error if kind == "family" else 0.0)
            written.append(prior_of("step_mfu_factor", name, math.exp(relative), spread, n, "over a dense language model at 16 bits"))
    for kind, relative in (("family", -dense), ("precision", 0.0)):
        spread = math.hypot(found.sigmas[kind], dense_error if kind == "family" else 0.0)
        written.append(prior_of("step_mfu_factor", f"{kind}=*", math.exp(relative), spread, 0, "no published run of that kind"))
    return written


def fitted_priors(runs: Sequence[PublishedRun], metered: Sequence[PublishedRun], database: Database) -> list[dict[str, str]]:
    """Return all rows of ``priors.csv`` that are fitted: utilisation to *runs*, power to them and to the *metered* parts of trainings."""
    return [*mfu_priors(runs, database), *power_priors.fitted(power_rows.of_runs(runs, metered, database))]


def with_priors(database: Database, fitted: Sequence[dict[str, str]]) -> Database:
    """Return the same facts with *fitted* in place of the priors of the same names."""
    replaced = {row["prior"] for row in fitted}
    kept = [dict(row) for row in database.all_rows("priors") if row["prior"] not in replaced]
    return database.replace("priors", [*kept, *({**row, "origin": "fitted"} for row in fitted)])


def write(file: str, fitted: Sequence[dict[str, str]], database: Database, *, replaced: Sequence[str] = FITTED) -> None:
    """Write a ``priors.csv``, sorted, in which *fitted* takes the place of the rows of the *replaced* priors."""
    columns = TABLES["priors"]
    kept = [{column: row[column] for column in columns} for row in database.all_rows("priors") if row["prior"] not in replaced]
    rows = sorted([*kept, *fitted], key=lambda row: (row["prior"], row["scope"]))
    with open(file, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Fit the priors to our published runs and write them into ``hardware_db/priors.csv``."""
    database = open_database()
    runs, _ = read_runs()
    write(path.join(builtin_root(), "priors.csv"), fitted_priors(runs, read_measured_power(), database), database)


if __name__ == "__main__":
    main()
