"""``carbon estimate``: what a training run will take."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from traincarbon.calibration.own_stores import may_have_own_runs
from traincarbon.cli import output
from traincarbon.cli.options import FILE, PlanCommand, common_options, database, level_option, plan_options, read_plan
from traincarbon.cli.plotting import check_plot, plot_option, write_plot
from traincarbon.cli.screens.answer import result_rows
from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.chain import estimate

if TYPE_CHECKING:
    from traincarbon.budgets.start_check import Start
    from traincarbon.calibration.own_runs import OwnRuns
    from traincarbon.database.load import Database
    from traincarbon.estimation.plan import Plan
    from traincarbon.estimation.result import Estimate
    from traincarbon.explore.start_times import StartTimes


@click.command("estimate", cls=PlanCommand)
@plan_options
@level_option
@click.option("--explain", is_flag=True, help="Show the calculation of each result, with sources.")
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the results as CSV.")
@click.option("--strict", is_flag=True, help="Refuse a plan whose hardware cannot hold the training, instead of answering for more of it.")
@click.option("--when", is_flag=True, help="Show when to start for cleaner electricity, from a typical week of the grid or, with --live, a forecast.")
@click.option("--live", is_flag=True, help="Ask services of carbon intensities for --when; without it nothing touches the network.")
@click.option("--service", metavar="NAME", help="Ask this service alone: carbon runs hours --help lists them.")
@click.option("--grid-zone", default="", metavar="ZONE", help="What that service calls the zone.")
@click.option("--project", metavar="NAME", help="Say whether this month's budget of a project has room for it.")
@plot_option("the answer")
@click.option("--save", metavar="PLAN.toml", type=FILE, help="Save the plan to a new file.")
@common_options
def command(
    *,
    plan_file: str | None,
    level: float,
    explain: bool,
    markdown: bool,
    as_csv: bool,
    strict: bool,
    when: bool,
    live: bool,
    service: str | None,
    grid_zone: str,
    project: str | None,
    plot: str | None,
    save: str | None,
    as_json: bool,
    quiet: bool,
    db: str | None,
    **fields: object,
) -> None:
    """Estimate what a training run will take: time, money, energy, carbon and water.

    Numbers may have SI suffixes or exponents: 530e9, 530B, 1.4T. Write an uncertain
    number as its 90 % interval: 0.3..0.5 or 0.4±0.05.

    Report to a budget what it costs to rent or to own, to a sustainability team kWh of the facility and CO2e, to readers of a paper GPU-hours.
    carbon disclose PLAN writes each with its unit and scope.

    \b
    carbon estimate --params 530e9 --tokens 270e9 --hw dgx-a100
    carbon estimate --params 7B --tokens 2T --hw p5 --region us-east-1
    carbon estimate plan.toml --region france --explain
    carbon estimate plan.toml --region france --when --live
    """  # noqa: D301  click reads the escape
    check_plot(plot)
    facts = database(db)
    plan = read_plan(plan_file, fields)
    if not plan.to_dict():
        raise PlanError("no plan given", hint="name a plan file, or use options: carbon estimate --params 530e9 --tokens 270e9 --hw dgx-a100")
    answer = estimate(plan, database=facts, level=level, strict=strict)
    if save is not None:
        _save(plan, save)
    if plot is not None:
        _plot(answer, facts, plot, quiet=quiet)
    starts = _starts(answer, facts, live=live, service=service, grid_zone=grid_zone) if when or live else None
    own = _own_runs(answer, facts, quiet=quiet) if as_json or not (as_csv or markdown) else None
    room = None if project is None else _room(project, answer, db)
    if as_json:
        asked_for = {**({} if starts is None else {"start_times": starts.to_dict()}), **({} if room is None else {"budget": room.to_dict()})}
        click.echo(output.as_json({**answer.to_dict(), "own_runs": None if own is None else own.to_dict(), **asked_for}))
    elif as_csv:
        click.echo(_csv(answer), nl=False)
    elif markdown:
        click.echo(_markdown(answer))
    elif explain:
        from traincarbon.cli.screens.explanation import explanation

        click.echo(explanation(answer, facts))
        if own is not None:
            from traincarbon.cli.screens.own_runs import own_runs_line

            click.echo(output.wrapped("Own runs", own_runs_line(own)))
    else:
        from traincarbon.cli.screens.estimate import screen

        click.echo(screen(answer, facts, asked=asked(plan_file, fields), own=own))
    if starts is not None and not as_json and not as_csv:
        from traincarbon.cli.screens.start_times import start_times_text

        click.echo(start_times_text(starts))
    if room is not None and not as_json and not as_csv:
        from traincarbon.cli.screens.budgets import room_text

        click.echo(room_text(room))
    if not quiet and (as_json or as_csv):
        for warning in (*answer.warnings, *(answer.missing_layout() if as_json else ())):
            click.echo(f"warning: {output.clean(warning)}", err=True)


def _starts(answer: "Estimate", facts: "Database", *, live: bool, service: str | None, grid_zone: str) -> "StartTimes":
    from traincarbon.explore.start_times import start_times

    return start_times(answer, live=live, service=service, grid_zone=grid_zone, database=facts)


def _room(project: str, answer: "Estimate", db: str | None) -> "Start":
    from traincarbon.tracking.project_budget import check_budget

    return check_budget(project, plan=answer.plan, db=db)


def _own_runs(answer: "Estimate", facts: "Database", *, quiet: bool) -> "OwnRuns | None":
    """Return the user's own runs that would narrow the estimate; where the ledger cannot be read, a warning says so."""
    if answer.plan.calibration is not None or not may_have_own_runs():
        return None
    from traincarbon.calibration.own_runs import own_runs

    try:
        return own_runs(answer, database=facts)
    except CarbonError as error:
        if not quiet:
            click.echo(f"warning: {output.clean(str(error))}", err=True)
        return None


def asked(plan_file: str | None, fields: Mapping[str, object]) -> str:
    """Return the plan file and the options of a plan as they were given, quoted for a shell."""
    words = [] if plan_file is None else [_quoted(plan_file)]
    for name, value in fields.items():
        if isinstance(value, str):
            words.append(f"--{name.replace('_', '-')} {_quoted(value)}")
    return " ".join(words)


def _quoted(text: str) -> str:
    """Return *text* as one word of a shell."""
    shown = output.clean(text)
    return shown if shown and all(character.isalnum() or character in "-_./:=+,@" for character in shown) else "'" + shown.replace("'", "'\"'\"'") + "'"


def _rows_of(answer: "Estimate") -> list[tuple[str, ...]]:
    from traincarbon.quantities import unit_of

    rows = []
    for name, interval in answer.results.items():
        bounds = ("", "", "") if interval is None else tuple(f"{bound:.6g}" for bound in (interval.low, interval.median, interval.high))
        rows.append((name, *bounds, unit_of(name)))
    return rows


def _csv(answer: "Estimate") -> str:
    import csv
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([("result", "low", "median", "high", "unit"), *_rows_of(answer)])
    return stream.getvalue()


def _markdown(answer: "Estimate") -> str:
    notes = "".join(f"\n- {output.clean(warning)}" for warning in (*answer.warnings, *answer.missing_layout()))
    return output.markdown_table(result_rows(answer), right=(1,)) + (f"\n{notes}" if notes else "")


def _plot(answer: "Estimate", facts: "Database", file: str, *, quiet: bool) -> None:
    from traincarbon.reporting.plots.estimate_plots import answer_words, estimate_charts
    from traincarbon.reporting.view import EstimateView

    lead = [output.clean(words) for words in (answer_words(answer), *answer.warnings)]
    write_plot(file, title=EstimateView.of(answer).title, lead=lead, charts=estimate_charts(answer, facts), quiet=quiet)


def _save(plan: "Plan", file: str) -> None:
    try:
        with open(file, "x", encoding="utf-8") as stream:
            stream.write(plan.to_toml())
    except FileExistsError:
        raise PlanError(f"{file!r} already exists", hint="name another file, or remove that one first") from None
    except OSError as error:
        raise PlanError(f"cannot write {file!r}: {error.strerror}", hint="name a file in a folder that you may write to") from error
