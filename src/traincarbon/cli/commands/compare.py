"""``carbon compare``: the same work on other hardware, in other regions, and at other prices."""

from typing import TYPE_CHECKING, Any

import click

from traincarbon.cli import output
from traincarbon.cli.options import AXES, FILE, PlanCommand, axis_options, common_options, database, level_option, money_option
from traincarbon.cli.plotting import check_plot, plot_option, write_plot
from traincarbon.cli.screens import choices
from traincarbon.cli.screens.choices import SHOWN, amount, heading, intervals_of
from traincarbon.estimation.plan import Plan
from traincarbon.explore.compare import compare
from traincarbon.explore.comparison import MARKS, by_reason
from traincarbon.formatting import counted
from traincarbon.quantities import COMPARED

if TYPE_CHECKING:
    from traincarbon.explore.comparison import Comparison, Option, Where


@click.command("compare", cls=PlanCommand)
@click.argument("plan_files", metavar="[PLAN.toml]…", nargs=-1, type=FILE)
@money_option
@level_option
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
@click.option("--csv", "as_csv", is_flag=True, help="Print medians and bounds as CSV.")
@plot_option("cost, CO2e and time of the options")
@axis_options
@common_options
def command(
    *,
    plan_files: tuple[str, ...],
    money: str | None,
    level: float,
    markdown: bool,
    as_csv: bool,
    plot: str | None,
    as_json: bool,
    quiet: bool,
    db: str | None,
    **fields: Any,
) -> None:
    """Compare the same work on other hardware, in other regions and at other prices, or several plans.

    Estimates every combination of --hw, --region, --rent and --start. Give each of these
    several times or with commas. Marks the cheapest ($), the fastest (t), the cleanest (c),
    and with * every option that no other beats in all three. Lists impossible combinations
    with the reason.

    These numbers are for choosing. Report those of the plan that you choose: carbon disclose PLAN.

    \b
    carbon compare --params 70B --tokens 2T --hw p4d,p5 --region us-east-1,sweden
    carbon compare plan.toml other.toml --rent on_demand,spot --plot choices.html
    """  # noqa: D301  click reads the escape
    check_plot(plot)
    axes = {name: fields.pop(name) for name in AXES}
    stated = {name: value for name, value in fields.items() if value is not None}
    plans = [Plan.read(file) for file in plan_files]
    found = compare(*plans, **axes, money=money, database=database(db), level=level, **stated)
    if plot is not None:
        _plot(found, plot, quiet=quiet)
    if as_json:
        click.echo(output.as_json(found.to_dict()))
    elif as_csv:
        click.echo(_csv(found), nl=False)
    elif markdown:
        click.echo(_markdown(found))
    else:
        click.echo(screen(found))
    if not quiet and (as_json or as_csv):
        for each in found.set_aside:
            click.echo(f"warning: set aside: {output.clean(f'{each.where}: {each.reason}')}", err=True)


def screen(found: "Comparison") -> str:
    """Return the options as one table of 80 columns, what its marks mean, and what was set aside."""
    rows = [_head(found), *(_cells(option, found) for option in found.options)]
    gap = "  " if output.width() >= _ROOMY else " "
    fitted = output.fitted(rows, 1, gap=gap)
    colored = [fitted[0], *((output.better(cells[0]) if cells[0] else "", *cells[1:]) for cells in fitted[1:])]
    lines = output.rows_of_lines(colored, name=1, right=(2, 3, 4, 5), gap=gap)
    if any(len(each) > 1 for each in lines):  # with room for whole names
        lines = output.rows_of_lines([rows[0], *((cells[0], *row[1:]) for cells, row in zip(colored[1:], rows[1:], strict=True))], name=1, gap=gap)
    parts = [*map(output.dim, lines[0]), *(line for each in lines[1:] for line in each), "", *_shared(found), output.wrapped("Marks", _MARKS)]
    uncertain = intervals_of(found.options[0].results)
    parts += [output.wrapped("Uncertainty", f"{found.level:.0%} intervals of the first line: {uncertain}")] if uncertain else []
    parts += [output.wrapped("Set aside", output.clean(line)) for line in by_reason(found.set_aside)]
    notes = dict.fromkeys(warning for option in found.options for warning in option.warnings)
    parts += [output.wrapped("Note", output.clean(note)) for note in notes]
    return "\n".join(parts)


_ROOMY = 60
"""Columns of a screen from which two blanks separate the columns of a table."""
_MARKS = (
    ", ".join(f"{mark.letter} {name}" for name, mark in MARKS.items()) + " (medians); * no other option is as good in cost, time and CO2e and better in one"
)


def _head(found: "Comparison") -> tuple[str, ...]:
    return ("", "", *(heading(name, found.money) for name in _columns(found)))


def _columns(found: "Comparison") -> tuple[str, ...]:
    """Return the quantities of the table: GPU-hours in place of a time that no option states."""
    is_timed = any(option.results["duration_s"] is not None for option in found.options)
    return tuple("accelerator_hours_h" if name == "duration_s" and not is_timed else name for name in SHOWN)


def _cells(option: "Option", found: "Comparison") -> tuple[str, ...]:
    """Return a row of the table."""
    marks = choices.letters(option.marks) + ("*" if option.is_pareto else "")
    known = [(name, option.results[name]) for name in _columns(found)]
    amounts = ["unknown" if interval is None else amount(name, interval.median) for name, interval in known]
    return (marks, choices.label(option.where, _wheres(found), option.hardware), *amounts)


def _wheres(found: "Comparison") -> "list[Where]":
    return [option.where for option in found.options] + [each.where for each in found.set_aside]


def _shared(found: "Comparison") -> list[str]:
    """Return one line with what all options have in common."""
    first = found.options[0].where
    wheres = _wheres(found)
    same = [value.replace("_", " ") for name, value in first._asdict().items() if value and all(getattr(where, name) == value for where in wheres)]
    return [output.wrapped("All", output.clean(" · ".join(same)))] if same and len(found.options) > 1 else []


def _markdown(found: "Comparison") -> str:
    rows = [(cells[0].replace("*", "\\*"), *cells[1:]) for cells in (_cells(option, found) for option in found.options)]
    aside = "".join(f"\n- {output.clean(line)}" for line in by_reason(found.set_aside))
    legend = _MARKS.replace("*", "\\*")
    return output.markdown_table([_head(found), *rows], right=(2, 3, 4, 5)) + f"\n\n{legend}" + (f"\n\nSet aside:\n{aside}" if aside else "")


def _csv(found: "Comparison") -> str:
    import csv
    import io

    from traincarbon.ledger.exchange import cell_of

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = [f"{name}_{bound}" if bound != "median" else name for name in COMPARED for bound in ("low", "median", "high")]
    writer.writerow(["plan", *AXES, "hardware", "place", *columns, "marks", "is_pareto"])
    for option in found.options:
        bounds = [
            f"{getattr(interval, bound):.6g}" if interval is not None else "" for interval in option.results.values() for bound in ("low", "median", "high")
        ]
        where = [cell_of(value or "") for value in option.where]
        writer.writerow([*where, cell_of(option.hardware), cell_of(option.place), *bounds, " ".join(option.marks), option.is_pareto])
    return stream.getvalue()


def _plot(found: "Comparison", file: str, *, quiet: bool) -> None:
    from traincarbon.reporting.plots.choice_plots import comparison_charts, shared, winners

    plans = {option.where.plan for option in found.options}
    title = f"{counted(len(plans), 'plan')} compared" if len(plans) > 1 else f"{counted(len(found.options), 'way')} to do the same work"
    level = f"Marks are medians, lines {found.level:.0%} intervals."
    write_plot(file, title=title, lead=map(output.clean, (winners(found), shared(found), level)), charts=comparison_charts(found), quiet=quiet)
