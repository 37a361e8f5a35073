"""``carbon validate``: how far estimates are from what real trainings reported."""

import os
import sys
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.options import common_options, database

if TYPE_CHECKING:
    from traincarbon.validation.accuracy import Backtest

_MOST_WARNINGS = 50


@click.command("validate")
@click.option("--runs", "runs_file", metavar="FILE.csv", type=click.Path(), help="Your own runs, in the columns of published_runs.csv.")
@click.option("--plot", metavar="X.html", type=click.Path(), help="Draw predicted against published into a new HTML file.")
@click.option("--markdown", is_flag=True, help="Print the whole report as Markdown: docs/accuracy.md is made so.")
@common_options
def command(*, runs_file: str | None, plot: str | None, markdown: bool, as_json: bool, quiet: bool, db: str | None) -> None:
    """Backtest: predict what published trainings reported, and show error and coverage.

    Constants are fitted anew for every organisation without its own rows, of ours as of
    yours. Errors are absolute logarithms: 0.10 is about 10 %, 0.69 a factor of two.
    Coverage is the share of published figures inside the 50 % and 90 % intervals. In the
    JSON, fitted_on says that rows of the set had a part in the fit of the constants as
    they are shipped, never in that of the constants that predict them here.

    \b
    carbon validate
    carbon validate --runs my_runs.csv --json
    carbon validate --plot accuracy.html
    """  # noqa: D301  click reads the escape
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small: threads make the fits twice as slow
    script = _prepare_plot(plot) if plot is not None else ""
    from traincarbon.validation.validate import validate

    tried = validate(runs_file, database=database(db), progress=None if quiet else _show_progress)
    if plot is not None:
        _plot(tried, plot, script)
    if as_json:
        click.echo(output.as_json(tried.to_dict()))
    elif markdown:
        click.echo(_markdown(tried, db))
    else:
        from traincarbon.cli.screens.validation import screen

        click.echo(screen(tried))
    if not quiet:
        _warn(tried, runs_file)


def _prepare_plot(file: str) -> str:
    """Return plotly's script, all that can go wrong with the file found out before the long computation."""
    from traincarbon.files import check_new_file
    from traincarbon.reporting.plots.page import plot_script

    check_new_file(file)
    return plot_script()


def _plot(tried: "Backtest", file: str, script: str) -> None:
    from traincarbon.files import write_new_file
    from traincarbon.reporting.plots.accuracy_plots import predicted_against_published
    from traincarbon.reporting.plots.page import page

    lead = (
        f"What published trainings reported ({tried.source}) against what carbon predicts of them, by constants fitted without the rows of the same source. "
        "Bars are intervals of 90 %. In the grey band a prediction is within a factor of two. A click on a set in the legend hides it, a double click shows it alone; a touch on a point names the run."
    )
    write_new_file(file, page(title="Predicted against published", lead=output.clean(lead), panels=predicted_against_published(tried), script=script))


def _markdown(tried: "Backtest", db: str | None) -> str:
    from traincarbon.cli.screens.validation import report
    from traincarbon.validation.landmarks import golden_cases

    if tried.source != "built-in":
        return report(tried)
    facts = database(db)
    return report(tried, golden_cases(facts), facts)


def _warn(tried: "Backtest", file: str | None) -> None:
    """Name the columns that are not read, and the rows that could not be, each with its line and column."""
    from traincarbon.published.runs_file import unread_columns

    if file is not None and (columns := unread_columns(file)):
        click.echo(f"warning: columns that are not read: {output.clean(', '.join(columns[:_MOST_WARNINGS]))[:400]}", err=True)
    unread = [aside for aside in tried.set_aside if aside.reason.startswith("line ")]
    for aside in unread[:_MOST_WARNINGS]:
        click.echo(f"warning: {output.clean(aside.id)} set aside, {output.clean(aside.reason)}", err=True)
    if len(unread) > _MOST_WARNINGS:
        click.echo(f"warning: {len(unread) - _MOST_WARNINGS} more rows set aside; --json lists them", err=True)


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rfitting without each organisation in turn: {done + 1} of {of}" + ("\n" if done + 1 == of else ""), nl=False, err=True)
    elif done == 0:
        click.echo(f"fitting without each of {of} organisations in turn", err=True)
