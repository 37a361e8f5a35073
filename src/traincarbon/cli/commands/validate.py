"""``carbon validate``: compare estimates with what real trainings reported."""

import os
import sys
from typing import TYPE_CHECKING

import click

from traincarbon.cli import output
from traincarbon.cli.options import FILE, common_options, database
from traincarbon.cli.plotting import check_plot, plot_option, write_plot

if TYPE_CHECKING:
    from traincarbon.validation.accuracy import Backtest

_MOST_WARNINGS = 50


@click.command("validate")
@click.option(
    "--runs",
    "runs_file",
    metavar="FILE.csv",
    type=FILE,
    help="Validate on your own runs, in the columns of published_runs.csv. Hours are wall-clock time, gpu_hours those of all GPUs.",
)
@plot_option("predictions against what was published")
@click.option("--markdown", is_flag=True, help="Print the whole report as Markdown, like docs/accuracy.md.")
@common_options
def command(*, runs_file: str | None, plot: str | None, markdown: bool, as_json: bool, quiet: bool, db: str | None) -> None:
    """Predict what published trainings reported, and show the errors and the coverage.

    Each organisation is predicted with constants fitted without its own runs. Errors are
    absolute logarithms: 0.10 is about 10 %, 0.69 a factor of two. Coverage is the share
    of published values inside the 50 % and 90 % intervals. In the JSON, fitted_on means
    that the shipped constants were fitted on runs of the set. Those behind the
    predictions here never were.

    \b
    carbon validate
    carbon validate --runs my_runs.csv --json
    carbon validate --plot accuracy.html
    """  # noqa: D301  click reads the escape
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small: threads make the fits twice as slow
    check_plot(plot)
    from traincarbon.validation.validate import validate

    tried = validate(runs_file, database=database(db), progress=None if quiet else _show_progress)
    if plot is not None:
        _plot(tried, plot, quiet=quiet)
    if as_json:
        click.echo(output.as_json(tried.to_dict()))
    elif markdown:
        click.echo(_markdown(tried, db))
    else:
        from traincarbon.cli.screens.validation import screen

        click.echo(screen(tried))
    if not quiet:
        _warn(tried, runs_file, db)


def _plot(tried: "Backtest", file: str, *, quiet: bool) -> None:
    from traincarbon.reporting.plots.accuracy_plots import accuracy_charts, verdict

    lead = (verdict(tried), f"Published trainings ({tried.source}) and their predictions, with constants fitted without the runs of the same organisation.")
    write_plot(file, title="Predicted against published", lead=map(output.clean, lead), charts=accuracy_charts(tried), quiet=quiet)


def _markdown(tried: "Backtest", db: str | None) -> str:
    from traincarbon.cli.screens.family_runs import family_table
    from traincarbon.cli.screens.validation import report
    from traincarbon.validation.family_runs import family_estimates
    from traincarbon.validation.landmarks import landmark_estimates

    if not tried.is_built_in:
        return report(tried)
    facts = database(db)
    return "\n\n".join([report(tried, landmark_estimates(facts), facts).rstrip(), family_table(family_estimates(facts))])


def _warn(tried: "Backtest", file: str | None, db: str | None) -> None:
    """Warn of columns that are ignored or that may mean something else, and of rows that could not be read, each with its line and column."""
    from traincarbon.published.runs_file import bare_times, unread_columns

    if file is not None and (columns := unread_columns(file)):
        click.echo(f"warning: ignored columns: {output.clean(', '.join(columns[:_MOST_WARNINGS]))[:400]}", err=True)
    for column in bare_times(file) if file is not None else ():
        _say_how_read(output.clean(column), file or "", db)
    unread = [aside for aside in tried.set_aside if aside.line is not None]
    for aside in unread[:_MOST_WARNINGS]:
        click.echo(f"warning: {output.clean(aside.id)} set aside, {output.clean(aside.text)}", err=True)
    if len(unread) > _MOST_WARNINGS:
        click.echo(f"warning: {len(unread) - _MOST_WARNINGS} more rows set aside; --json lists them", err=True)


def _say_how_read(column: str, file: str, db: str | None) -> None:
    """Say that a *column* of times is taken as wall-clock time, and whether its rows contradict that."""
    from traincarbon.validation.bare_times import judge_times

    unit = "days" if "days" in column.lower() else "hours"
    judged = judge_times(file, database(db))
    if judged.are_accelerator_hours:
        slow = f"as wall-clock time they imply an MFU below 1 % in {judged.too_slow} of {output.counted(judged.rows, 'row')}"
        click.echo(f"warning: {column} look like GPU-{unit}: {slow}; name the column gpu_{unit} if they are", err=True)
    else:
        click.echo(f"note: {column} are taken as wall-clock time; name the column gpu_{unit} if they are GPU-{unit}", err=True)


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rfitting with each organisation left out: {done + 1} of {of}" + ("\n" if done + 1 == of else ""), nl=False, err=True)
    elif done == 0:
        click.echo(output.filled(f"fitting with each of {of} organisations left out in turn"), err=True)
