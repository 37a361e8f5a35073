"""The priors of utilisation and power, fitted to published runs: ``python -m traincarbon.published.priors`` writes them.

Utilisation is what matrix products reach on the chip, less what the number format and the interruptions cost by formula, times effects: of the hardware's
generation, the family of models, the precision, the kind of training, and whether the figure is of steps or of a whole run. Effects with few rows stay near one. How it is done is told in ``docs/method.md``.
"""

import csv
import math
from collections.abc import Iterable, Sequence
from os import path

from traincarbon.database.load import Database, builtin_root, open_database
from traincarbon.database.records import TABLES, Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.hardware import AMPLE_PEAK_FLOP_PER_S, gemm_ceiling, speed_up_of
from traincarbon.fitting.regression import Fit, Row, fit
from traincarbon.formulas import throughput
from traincarbon.published.runs import Run, read_runs

_CENTRE_MFU = 0.35
"""Where utilisation is drawn to without evidence."""
_LEAST_GOODPUT = 0.1
"""Log-spread of goodput at least, where whole runs scatter no more than steps."""
_REFERENCE_MFU = 0.35
_GENERATION = 0.15
"""Log-spread between generations of hardware. The likeliest is zero, on few generations: this keeps the others uncertain."""
AMPLE_PARAMS = 1.5e8
"""Parameters on each accelerator of an A100's speed below which utilisation falls."""
NARROW_SHARE = 0.7
"""Share of a step's time at 16 bits that a narrower format shortens."""
_MFU_RANGE = (0.01, 0.95)
"""Outside of it a row contradicts itself or means something else."""
_UNLIKE = {
    "frozen": "part of the model is frozen",
    "shared parameters": "layers share their parameters",
    "epochs unknown": "tokens seen are not known",
    "active parameters unknown": "active parameters are not known",
}
"""What a row's note says where its FLOP cannot be told from its parameters and tokens, and why."""
_DOUBTFUL = ("doubtful", "suspiciously")
"""What a row's note says where its compiler did not believe it."""
_CIRCULAR = ("strubell-transformer-base", "strubell-transformer-big")
"""Rows whose FLOP are defined from the time."""
_NOMINAL = 0.02
"""A mean draw as near as this to the power cap is the cap times hours, not a measurement."""
_HOST_SHARE = 0.45
"""Mean draw of a host as a share of its nameplate while power shares are fitted; the fact of the same name says why."""

_WIDE = ("bf16", "fp16")
_UNPUBLISHED = 0.25
"""Log-spread on top for hardware without a published run: what its software makes of the measured matrix products."""

FITTED = (
    *("mfu", "mfu_factor", "mfu_thin_exponent", "mfu_ample_params", "mfu_narrow_share", "goodput"),
    *("power_share", "power_exponent", "power_reference_mfu"),
)
"""The priors that this module writes; the others in ``priors.csv`` are written by hand."""


def mfu_rows(runs: Iterable[Run], database: Database) -> list[Row]:
    """Return the observations of utilisation among *runs*: the logarithm of MFU over what formulas expect of it, with its effects."""
    rows = []
    for run in runs:
        if run["kind"] not in ("run", "segment", "finetune", "bench"):
            continue
        try:
            chip, precision, peak = peak_of(run, database)
        except CarbonError:
            continue
        mfu = run.mfu(peak)
        if mfu is None or not plausible(run, mfu):
            continue
        expected = expected_mfu(run, chip, precision, database)
        effects = mfu_effects(run, chip, precision, peak)
        rows.append(Row(math.log(mfu / expected), effects, run["organisation"] or run["source"], run["kind"] if run.is_steady else "run"))
    return rows


def plausible(run: Run, mfu: float) -> bool:
    """Say whether a utilisation may be learned from: not a row that means something else or that nobody believes, nor outside what chips do."""
    doubted = run["id"] in _CIRCULAR or any(word in run["note"] for word in _DOUBTFUL)
    return not unlike(run) and not doubted and _MFU_RANGE[0] < mfu < _MFU_RANGE[1]


def unlike(run: Run) -> str:
    """Return why parameters and tokens of *run* do not give its FLOP, by the words of its note, or nothing."""
    return next((reason for words, reason in _UNLIKE.items() if words in run["note"]), "")


def expected_mfu(run: Run, chip: Product, precision: str, database: Database) -> float:
    """Return the utilisation that formulas alone give *run*: by the chip's matrix products, its number format and what interrupts it."""
    mfu = _CENTRE_MFU * gemm_ceiling(database, chip) / gemm_ceiling(database, "*")
    expected = throughput.narrowed_mfu(mfu=mfu, speed_up=speed_up_of(chip, precision), narrow_share=NARROW_SHARE)
    n = run.number("accelerators")
    if not run.is_steady and n is not None:
        rate, lost_h = (_median(database, name) for name in ("interruptions_per_h", "interruption_h"))
        expected *= throughput.run_goodput(goodput=1.0, accelerators=n, interruptions_per_h=rate, interruption_h=lost_h)
    return float(expected)


def mfu_effects(run: Run, chip: Product, precision: str, peak_flop_per_s: float) -> dict[str, float]:
    """Return the effects that bear on the utilisation of *run*."""
    effects = {"all": 1.0, f"generation={chip.keys.get('generation', '')}": 1.0, f"family={run['family']}": 1.0}
    if precision not in _WIDE:
        effects[f"precision={precision}"] = 1.0
    if not run.is_steady:
        effects["whole"] = 1.0
    if run["kind"] == "finetune":
        effects["kind=finetune"] = 1.0
    if run["kind"] == "bench":
        effects["bench"] = 1.0
    params, n = run.number("active_params") or run.number("total_params"), run.number("accelerators")
    if params is not None and n is not None:
        effects["thin"] = min(0.0, math.log(params / n / (AMPLE_PARAMS * peak_flop_per_s / AMPLE_PEAK_FLOP_PER_S)))
        if run["kind"] == "bench":
            effects["thin_bench"] = effects["thin"]
    return effects


def fit_mfu(rows: Sequence[Row]) -> Fit:
    """Return the effects on utilisation; the spreads are searched from round numbers, the same for every fit."""
    guess = {"family": 0.3, "precision": 0.1, "scatter:run": 0.3, "group:bench": 0.25, "scatter:bench": 0.2, "scatter:segment": 0.2}
    given = {"all": 3.0, "generation": _GENERATION, "whole": 1.0, "bench": 0.3, "kind": 0.3, "thin": 0.3, "thin_bench": 0.1}
    return fit(rows, start=guess, fixed={**given, "group:run": 0.1, "group:segment": 0.1}, heavy_tailed=True)


def mfu_priors(rows: Sequence[Row], database: Database) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` about utilisation that *rows* support."""
    found = fit_mfu(rows)
    dense = {"all": 1.0, "family=dense-lm": 1.0}
    apart = _benches_apart(found, rows)
    written = []
    generations = sorted({name.partition("=")[2] for name in found.names if name.startswith("generation=")})
    for generation in [*generations, "*"]:
        mean, sigma = found.predict({**dense, f"generation={generation}": 1.0}, "bench")
        reached = _CENTRE_MFU * gemm_ceiling(database, generation) / gemm_ceiling(database, "*") * math.exp(mean)
        n = sum(f"generation={generation}" in row.effects for row in rows) if generation != "*" else len(rows)
        sigma = math.hypot(sigma, apart, _UNPUBLISHED if generation == "*" else 0.0)
        written.append(_prior("mfu", f"generation={generation}", reached, sigma, n, "steps, dense language model, 16 bits, pre-training"))
    written += _factors(found, rows)
    exponent, error = found.effect("thin")
    n = sum(row.effects.get("thin", 0.0) < 0.0 and row.scatter != "bench" for row in rows)
    written.append(_prior("mfu_thin_exponent", "*", exponent, 0.0, n, f"standard error {error:.2f}"))
    written.append(
        _prior("mfu_ample_params", "*", AMPLE_PARAMS, 0.0, n, "for a peak of 312 TFLOP/s; chosen among 5, 15 and 50 times 1e7, which fit about alike")
    )
    n = sum(any(name.startswith("precision=") for name in row.effects) for row in rows)
    written.append(_prior("mfu_narrow_share", "*", NARROW_SHARE, 0.0, n, "chosen among 0.7, 0.75 and 0.8"))
    n = sum(row.scatter == "run" for row in rows)
    whole, _ = found.effect("whole")
    seen = {**dense, "generation=ampere": 1.0}
    spread = found.predict({**seen, "whole": 1.0}, "run")[1] ** 2 - found.predict(seen, "bench")[1] ** 2 - apart**2
    note = "whole runs over timed entries, interruptions aside; the spread makes that of whole runs with the steps'"
    written.append(_prior("goodput", "*", min(math.exp(whole), 1.0), math.sqrt(max(spread, _LEAST_GOODPUT**2)), n, note))
    return written


def _benches_apart(found: Fit, rows: Sequence[Row]) -> float:
    """Return the log-spread of what parts a bench, which chooses its batch, from a timed entry: a plan does not say which of them its steps are like."""
    apart = [sum(row.effects.get(name, 0.0) * found.effect(name)[0] for name in ("bench", "thin_bench")) for row in rows if row.scatter == "bench"]
    return math.sqrt(sum(size * size for size in apart) / len(apart)) if apart else 0.0


def _factors(found: Fit, rows: Sequence[Row]) -> list[dict[str, str]]:
    dense, dense_error = found.effect("family=dense-lm")
    written = []
    for name in sorted(found.names):
        kind = name.partition("=")[0]
        if kind in ("family", "precision", "kind"):
            effect, error = found.effect(name)
            relative = effect - dense if kind == "family" else effect
            n = sum(name in row.effects for row in rows)
            spread = 0.0 if name == "family=dense-lm" else math.hypot(error, dense_error if kind == "family" else 0.0)
            written.append(_prior("mfu_factor", name, math.exp(relative), spread, n, "over a dense language model, 16 bits, pre-training"))
            if name == "kind=finetune":
                written.append(_prior("mfu_factor", "kind=lora", math.exp(relative), spread, n, "as full fine-tuning"))
    for kind, relative in (("family", -dense), ("precision", 0.0)):
        spread = math.hypot(found.sigmas[kind], dense_error if kind == "family" else 0.0)
        written.append(_prior("mfu_factor", f"{kind}=*", math.exp(relative), spread, 0, "no published run of that kind"))
    return written


def _median(database: Database, name: str) -> float:
    return float(next(row for row in database.rows("priors", name) if row["scope"] == "*")["median"])


def power_rows(runs: Iterable[Run], database: Database) -> list[Row]:
    """Return the observations of power: the logarithm of an accelerator's mean draw over its cap, with its effects.

    Of a server's draw the network's and the host's part are taken off; rows whose power is the cap itself are no measurement and are left out.
    """
    rows = []
    for run in runs:
        if run["id"] in _CIRCULAR or unlike(run):
            continue
        try:
            chip, precision, peak = peak_of(run, database)
        except CarbonError:
            continue
        cap_w = chip.value("board_power_w")
        drawn_w = accelerator_draw_w(run, chip, database)
        reference_mfu = throughput.narrowed_mfu(mfu=_REFERENCE_MFU, speed_up=speed_up_of(chip, precision), narrow_share=NARROW_SHARE)
        mfu = run.mfu(peak) or run.number("mfu") or (reference_mfu if run["family"] == "dense-lm" else None)
        if cap_w is None or drawn_w is None or mfu is None or not 0.1 * cap_w < drawn_w < cap_w:
            continue
        effects = {"all": 1.0, f"generation={chip.keys.get('generation', '')}": 1.0, "exponent": math.log(mfu / reference_mfu)}
        rows.append(Row(math.log(drawn_w / cap_w), effects, run["organisation"] or run["source"], "run"))
    return rows


def accelerator_draw_w(run: Run, chip: Product, database: Database) -> float | None:
    """Return the mean draw of one accelerator in *run*, the host taken off where it was measured with it, or None.

    The unit is watts.
    """
    energy_kwh, hours = run.number("energy_kwh"), run.hours_h
    if energy_kwh is None or hours is None or is_nominal(run, chip):
        return None
    drawn_w = energy_kwh * 1e3 / hours / (run.number("pue") or 1.0 if run["energy_scope"] == "facility" else 1.0)
    if run["energy_scope"] == "gpu-only":
        return drawn_w
    if run["energy_scope"] not in ("server", "facility") or (run["energy_scope"] == "facility" and run.number("pue") is None):
        return None
    network_share = _median(database, "network_share")
    return drawn_w / (1.0 + network_share) - host_nameplate_w(chip, database) * _HOST_SHARE


def is_nominal(run: Run, chip: Product) -> bool:
    """Say whether the published energy of *run* is the power cap times its hours rather than a measurement."""
    energy_kwh, hours, cap_w = run.number("energy_kwh"), run.hours_h, chip.value("board_power_w")
    if energy_kwh is None or hours is None or cap_w is None:
        return False
    pue = run.number("pue") or 1.0 if run["energy_scope"] == "facility" else 1.0
    return abs(energy_kwh * 1e3 / hours / pue / cap_w - 1.0) < _NOMINAL


def host_nameplate_w(chip: Product, database: Database) -> float:
    """Return the nameplate of a server less its accelerators, for each of them, by the prior for such chips, in watts."""
    for scope in (f"generation={chip.keys.get('generation', '')}", f"type={chip.keys.get('type', '')}", "type=*"):
        for row in database.rows("priors", "host_ratio"):
            if row["scope"] == scope:
                return float(row["median"]) * (chip.value("board_power_w") or 0.0)
    return 0.0


def power_priors(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` about power that *rows* support."""
    found = fit(rows, start={"scatter:run": 0.15}, fixed={"all": 1.0, "generation": 0.15, "exponent": 0.3, "group:run": 0.05})
    written = []
    generations = sorted({name.partition("=")[2] for name in found.names if name.startswith("generation=")})
    for generation in [*generations, "*"]:
        mean, sigma = found.predict({"all": 1.0, f"generation={generation}": 1.0}, "run")
        n = sum(f"generation={generation}" in row.effects for row in rows) if generation != "*" else len(rows)
        written.append(
            _prior("power_share", f"generation={generation}", min(math.exp(mean), 1.0), sigma, n, "mean draw over the power cap, at the reference utilisation")
        )
    exponent, error = found.effect("exponent")
    written.append(_prior("power_exponent", "*", exponent, 0.0, len(rows), f"standard error {error:.2f}"))
    written.append(_prior("power_reference_mfu", "*", _REFERENCE_MFU, 0.0, len(rows), "near the middle of the rows"))
    return written


def peak_of(run: Run, database: Database) -> tuple[Product, str, float]:
    """Return the chip of *run*, the precision that it used or would use, and the dense peak at it in FLOP/s.

    Raises:
        CarbonError: the row names no hardware or precision that we know.
    """
    hardware = run.hardware(database)
    chip = hardware if hardware.folder == "accelerators" else database.product("accelerators", hardware.keys["accelerator"])
    if chip is None:
        raise CarbonError(f"no chip of {hardware.id} is known")
    for precision in [run.precision] if run.precision is not None else ["bf16", "fp16", "tf32", "fp32"]:
        peak = chip.value(f"peak_{precision}_flop_per_s")
        if peak is not None:
            return chip, precision, peak
    raise CarbonError(f"{chip.id} has no {run.precision} rate")


def fitted_priors(runs: Sequence[Run], database: Database) -> list[dict[str, str]]:
    """Return all rows of ``priors.csv`` that are fitted to *runs*."""
    return [*mfu_priors(mfu_rows(runs, database), database), *power_priors(power_rows(runs, database))]


def with_priors(database: Database, fitted: Sequence[dict[str, str]]) -> Database:
    """Return the same facts with *fitted* in place of the priors that this module writes."""
    kept = [dict(row) for row in database.all_rows("priors") if row["prior"] not in FITTED]
    return database.replace("priors", [*kept, *({**row, "origin": "fitted"} for row in fitted)])


def write(file: str, fitted: Sequence[dict[str, str]], database: Database, *, replaced: Sequence[str] = FITTED) -> None:
    """Write *fitted* into a ``priors.csv`` in place of the rows of the priors that are *replaced*, sorted."""
    columns = TABLES["priors"]
    kept = [{column: row[column] for column in columns} for row in database.all_rows("priors") if row["prior"] not in replaced]
    rows = sorted([*kept, *fitted], key=lambda row: (row["prior"], row["scope"]))
    with open(file, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _prior(name: str, scope: str, median: float, sigma: float, n: int, note: str) -> dict[str, str]:
    return {
        "prior": name,
        "scope": scope,
        "median": f"{median:.4g}",
        "sigma_ln": f"{sigma:.3f}" if sigma else "",
        "n": str(n),
        "source": "fit-power" if name.startswith("power") else "fit-mfu",
        "locator": "published_runs.csv; docs/method.md",
        "kind": "derived",
        "note": note,
    }


def main() -> None:
    """Fit the priors to our published runs and write them into ``hardware_db/priors.csv``."""
    database = open_database()
    runs, _ = read_runs()
    write(path.join(builtin_root(), "priors.csv"), fitted_priors(runs, database), database)


if __name__ == "__main__":
    main()
