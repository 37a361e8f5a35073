"""``carbon validate``: how far estimates are from what real trainings reported."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from traincarbon.cli import output
from traincarbon.cli.options import common_options, database
from traincarbon.errors import CarbonError

if TYPE_CHECKING:
    from traincarbon.calibrate.backtest import Backtest
    from traincarbon.calibrate.golden import Golden
    from traincarbon.database.load import Database

_FEWEST = 5
"""Sets with fewer rows are pooled only; the JSON has them all."""


@click.command("validate")
@click.option("--runs", "runs_file", metavar="FILE.csv", type=click.Path(), help="Your own runs, in the columns of published_runs.csv.")
@click.option("--markdown", is_flag=True, help="Print the whole report as Markdown: docs/accuracy.md is made so.")
@common_options
def command(*, runs_file: str | None, markdown: bool, as_json: bool, quiet: bool, db: str | None) -> None:
    """Backtest: predict what published trainings reported, and show error and coverage.

    Priors are fitted anew for every organisation without its own rows. Errors are
    absolute logarithms: 0.10 is about 10 %, 0.69 a factor of two. Coverage is the
    share of published figures inside the 50 % and 90 % intervals.

    \b
    carbon validate
    carbon validate --runs my_runs.csv --json
    """  # noqa: D301  click reads the escape
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small: threads make the fits twice as slow
    try:
        from traincarbon.calibrate.backtest import backtest

        tried = backtest(runs_file, database=database(db), progress=None if quiet else _show_progress)
    except ImportError as error:
        raise CarbonError(f"validate needs {error.name}", hint="pip install 'traincarbon[arrays]'") from error
    if as_json:
        click.echo(output.as_json(tried.to_dict()))
    elif markdown:
        from traincarbon.calibrate.golden import golden_cases

        facts = database(db)
        click.echo(_report(tried, golden_cases(facts), facts))
    else:
        click.echo(_screen(tried))
    if not quiet and not markdown:
        for aside in tried.set_aside:
            if aside.reason.startswith("line "):
                click.echo(f"warning: {output.clean(aside.id)} set aside, {output.clean(aside.reason)}", err=True)


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rfitting without each organisation in turn: {done + 1} of {of}" + ("\n" if done + 1 == of else ""), nl=False, err=True)
    elif done == 0:
        click.echo(f"fitting without each of {of} organisations in turn", err=True)


def _screen(tried: "Backtest") -> str:
    head = ("set", "quantity", "n", "median", "p90", "bias", "in 50%", "in 90%")
    rows = [head, *_summaries(tried)]
    lines = output.table(rows, right=range(2, len(head))).split("\n")
    baselines = [f"{name} {value['median_abs_ln']:.2f} ({value['p90_abs_ln']:.2f})" for name, value in _pooled_hours(tried).items()]
    parts = [output.dim(lines[0]), *lines[1:]]
    if baselines:
        parts += ["", output.wrapped("The same hours by simple rules, median (p90)", "; ".join(baselines))]
    parts.append(output.wrapped("Set aside", f"{len(tried.set_aside)} rows, each with its reason in --json"))
    return "\n".join(parts)


def _summaries(tried: "Backtest") -> list[tuple[str, ...]]:
    rows = []
    for found in tried.to_dict()["sets"]:
        if found["n"] >= _FEWEST or found["set"] == "all":
            errors = (f"{found[key]:.2f}" for key in ("median_abs_ln", "p90_abs_ln", "bias_ln"))
            shares = (f"{100.0 * found[key]:.0f} %" for key in ("coverage_50", "coverage_90"))
            rows.append((output.clean(found["set"]), found["quantity"], str(found["n"]), *errors, *shares))
    return rows


def _pooled_hours(tried: "Backtest") -> dict[str, dict[str, float]]:
    for found in tried.to_dict()["sets"]:
        if found["set"] == "all" and found["quantity"] == "accelerator_hours_h":
            baselines: dict[str, dict[str, float]] = found["baselines"]
            return baselines
    return {}


def _report(tried: "Backtest", golden: "list[Golden]", facts: "Database") -> str:
    from collections import Counter

    from traincarbon.calibrate.golden import share_inside

    head = ("set", "quantity", "n", "median", "p90", "bias", "inside 50 %", "inside 90 %")
    baselines = [
        (name, f"{value['n']:.0f}", f"{value['median_abs_ln']:.2f}", f"{value['p90_abs_ln']:.2f}", f"{value['bias_ln']:+.2f}")
        for name, value in _pooled_hours(tried).items()
    ]
    reasons = Counter(aside.reason for aside in tried.set_aside)
    held, of = share_inside(golden)
    return "\n".join(
        [
            "# Accuracy",
            "",
            "Made by `make accuracy`. Not edited by hand.",
            "",
            "## The runs by which people know the subject",
            "",
            "From parameters, tokens, hardware and number of accelerators alone, with the site's PUE where it was published. The priors were",
            "fitted on these runs too; the backtest below leaves each organisation out. BLOOM's energy, the power cap times the hours of its",
            "accelerators, is held against that of the servers. The form of the power model was chosen with this table in view: see method.md.",
            "",
            output.markdown_table([_GOLDEN_HEAD, *(_golden_row(case) for case in golden)], right=range(1, len(_GOLDEN_HEAD))),
            "",
            f"{held} of {of} published figures lie inside their 90 % interval.",
            "",
            "From the published hours alone (energy), and from the published energy and intensity (CO2e):",
            "",
            output.markdown_table([_HOURS_HEAD, *(_hours_row(case) for case in golden)], right=range(1, len(_HOURS_HEAD) - 1)),
            "",
            "## Backtest",
            "",
            "Each organisation's runs are predicted with priors fitted without them. Errors are absolute natural logarithms of estimate over",
            "published: 0.10 is about 10 %, 0.69 a factor of two. Sets with fewer than five rows are in the pooled lines only.",
            "",
            output.markdown_table([head, *_summaries(tried)], right=range(2, len(head))),
            "",
            "The same accelerator-hours by three simple rules:",
            "",
            output.markdown_table([("rule", "n", "median", "p90", "bias"), *baselines], right=range(1, 5)),
            "",
            "### Step times, with the constants as they are shipped",
            "",
            "The table above predicts each set with efficiencies fitted without its source. With the shipped ones, errors as shares of the published times:",
            "",
            output.markdown_table([_STEPS_HEAD, *_step_rows(facts)], right=range(1, len(_STEPS_HEAD) - 1)),
            "",
            "## Set aside",
            "",
            *(f"- {count} × {reason}" for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))),
        ]
    )


_STEPS_HEAD = ("set", "n", "mean", "median", "p90", "bias", "fitted on it")


def _step_rows(facts: "Database") -> list[tuple[str, ...]]:
    from traincarbon.calibrate.layouts import steps
    from traincarbon.calibrate.runs import read_runs
    from traincarbon.calibrate.steps import report

    found = report(steps(read_runs()[0], facts)[0], facts)
    shares = [(entry, [f"{100.0 * share:.1f} %" for share in (entry.mean, entry.median, entry.p90)]) for entry in found]
    return [(entry.set, str(entry.n), *three, f"{100.0 * entry.bias:+.1f} %", "yes" if entry.is_fitted else "no") for entry, three in shares]


_GOLDEN_HEAD = ("run", "published hours", "median", "90 % interval", "inside", "published energy", "median", "90 % interval", "inside")
_HOURS_HEAD = ("run", "published energy", "from hours", "difference", "published CO2e", "from energy", "difference", "how the energy was published")


def _golden_row(case: "Golden") -> tuple[str, ...]:
    from traincarbon.calibrate.golden import inside

    cells = [case.run["model"]]
    for interval, published, unit in ((case.hours, case.run.hours_h, "h"), (case.energy, case.run.number("energy_kwh"), "kWh")):
        middle, name, bounds = output.median_and_interval(interval, unit)
        verdict = {True: "yes", False: "**no**", None: ""}[inside(interval, published)]
        cells += [_amount(published, unit), f"{middle} {name}", bounds, verdict]
    return tuple(cells)


def _hours_row(case: "Golden") -> tuple[str, ...]:
    from traincarbon.calibrate.golden import relative

    energy, co2e_t = case.run.number("energy_kwh"), case.run.number("co2e_t")
    scope = {"facility": "facility", "server": "servers", "gpu-only": "accelerators alone"}.get(case.run["energy_scope"], "")
    how = f"{scope}, {'measured power' if case.energy_is_measured else 'power cap × hours'}"
    return (
        case.run["model"],
        _amount(energy, "kWh"),
        _amount(case.energy_from_hours_kwh, "kWh"),
        _percent(relative(case.energy_from_hours_kwh, energy)),
        _amount(None if co2e_t is None else co2e_t * 1e3, "kg CO2e"),
        _amount(None if case.co2e_from_energy_t is None else case.co2e_from_energy_t * 1e3, "kg CO2e"),
        _percent(relative(case.co2e_from_energy_t, co2e_t)),
        how,
    )


def _amount(value: float | None, unit: str) -> str:
    return "" if value is None else output.amount(value, unit, digits=3)


def _percent(value: Any) -> str:
    return "" if value is None else f"{100.0 * value:+.1f} %"
