"""``carbon compare``: the same work on other hardware, in other regions, at other prices."""

from typing import TYPE_CHECKING, Any

import click

from traincarbon.cli import output
from traincarbon.cli.options import AXES, PlanCommand, axis_options, common_options, database, level_option, money_option
from traincarbon.estimation.plan import Plan
from traincarbon.explore.compare import by_reason, compare
from traincarbon.explore.compared_results import FIGURES

if TYPE_CHECKING:
    from traincarbon.explore.compare import Comparison, Option

_LETTERS = {"cheapest": "$", "fastest": "t", "cleanest": "c"}


@click.command("compare", cls=PlanCommand)
@click.argument("plan_files", metavar="[PLAN.toml]…", nargs=-1, type=click.Path())
@money_option
@level_option
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
@click.option("--csv", "as_csv", is_flag=True, help="Print medians and bounds as CSV.")
@click.option("--plot", metavar="X.html", type=click.Path(), help="Draw cost against CO2e into a new HTML file.")
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
    """Compare the same work on other hardware, in other regions, at other prices, or several plans.

    Every combination of --hw, --region, --rent and --start is estimated, each given several
    times or with commas. Marked are the cheapest ($), the fastest (t), the cleanest (c), and
    with * what nothing else beats in all three. What cannot be is listed with its reason.

    \b
    carbon compare --params 70B --tokens 2T --hw p4d,p5 --region us-east-1,sweden
    carbon compare plan.toml other.toml --rent on_demand,spot --plot choices.html
    """  # noqa: D301  click reads the escape
    script = _prepare_plot(plot) if plot is not None else ""
    axes = {name: fields.pop(name) for name in AXES}
    stated = {name: value for name, value in fields.items() if value is not None}
    plans = [Plan.read(file) for file in plan_files]
    found = compare(*plans, **axes, money=money, database=database(db), level=level, **stated)
    if plot is not None:
        _plot(found, plot, script)
    if as_json:
        click.echo(output.as_json(found.to_dict()))
    elif as_csv:
        click.echo(_csv(found), nl=False)
    elif markdown:
        click.echo(_markdown(found))
    else:
        click.echo(screen(found))
    if not quiet and (as_json or as_csv):
        for aside in found.set_aside:
            click.echo(f"warning: set aside: {output.clean(f'{aside.where}: {aside.reason}')}", err=True)


def screen(found: "Comparison") -> str:
    """Return the options as one table of 80 columns, what its marks mean, and what was set aside."""
    heading = "rent" if found.money == "rent" else "to own"
    head = ("", "", heading, "time", "energy", "CO2e")
    rows = [head, *(_cells(option, found) for option in found.options)]
    lines = output.table(output.fitted(rows, 1), right=(2, 3, 4, 5)).split("\n")
    parts = [output.dim(lines[0]), *lines[1:], "", *_shared(found), output.wrapped("Marks", _MARKS)]
    wide = _widest(found)
    parts += [output.wrapped("How sure", wide)] if wide else []
    parts += [output.wrapped("Set aside", output.clean(line)) for line in by_reason(found.set_aside)]
    notes = dict.fromkeys(warning for option in found.options for warning in option.warnings if _is_worth_a_line(warning, found))
    parts += [output.wrapped("Note", output.clean(note)) for note in notes]
    return "\n".join(parts)


_MARKS = "$ cheapest, t fastest, c cleanest, by the medians; * nothing else is at least as good in money, time and CO2e together"


def _cells(option: "Option", found: "Comparison") -> tuple[str, ...]:
    marks = "".join(_LETTERS[mark] for mark in option.marks) + ("*" if option.is_pareto else "")
    time = option.figures["duration_s"]
    hours = option.figures["accelerator_hours_h"]
    shown = (time, "s") if time is not None else (hours, "h")
    amounts = [_amount(option, "cost_usd"), "" if shown[0] is None else output.amount(shown[0].median, shown[1])]
    amounts += [_amount(option, "facility_energy_kwh"), _amount(option, "total_kgco2e")]
    return (marks, _label(option, found), *amounts)


def _label(option: "Option", found: "Comparison") -> str:
    """Return what parts the option from the others; its hardware where nothing does."""
    wheres = [other.where for other in found.options] + [aside.where for aside in found.set_aside]
    parts = [value for name, value in option.where._asdict().items() if value and len({getattr(where, name) for where in wheres}) > 1]
    return output.clean(" · ".join(part.replace("_", " ") for part in parts) or option.hardware)


def _shared(found: "Comparison") -> list[str]:
    """Return one line on what all options have in common."""
    first = found.options[0].where
    wheres = [option.where for option in found.options] + [aside.where for aside in found.set_aside]
    same = [value.replace("_", " ") for name, value in first._asdict().items() if value and all(getattr(where, name) == value for where in wheres)]
    return [output.wrapped("All", output.clean(" · ".join(same)))] if same and len(found.options) > 1 else []


def _widest(found: "Comparison") -> str:
    """Return how wide the intervals are of the option that wins most, so that nobody takes a small difference for one."""
    best = found.options[0]
    phrases = []
    for name, label in (("cost_usd", "money"), ("facility_energy_kwh", "energy"), ("total_kgco2e", "CO2e")):
        interval = best.figures[name]
        if interval is not None and interval.median > 0.0 and interval.high > interval.low:
            phrases.append(f"{label} {output.amount(interval.low, FIGURES[name])} – {output.amount(interval.high, FIGURES[name])}")
    text = ", ".join(phrases)
    return f"the {found.level:.0%} interval of the first line: {text}" if phrases else ""


def _is_worth_a_line(warning: str, found: "Comparison") -> bool:
    """Say whether a warning is not already said by the table itself."""
    return not warning.startswith("no number of servers") or all(option.figures["duration_s"] is None for option in found.options)


def _amount(option: "Option", name: str) -> str:
    interval = option.figures[name]
    return "unknown" if interval is None else output.amount(interval.median, FIGURES[name])


def _markdown(found: "Comparison") -> str:
    head = ("", "", found.money, "time", "energy", "CO2e")
    rows = [(cells[0].replace("*", "\\*"), *cells[1:]) for cells in (_cells(option, found) for option in found.options)]
    aside = "".join(f"\n- {output.clean(line)}" for line in by_reason(found.set_aside))
    legend = _MARKS.replace("*", "\\*")
    return output.markdown_table([head, *rows], right=(2, 3, 4, 5)) + f"\n\n{legend}" + (f"\n\nSet aside:\n{aside}" if aside else "")


def _csv(found: "Comparison") -> str:
    import csv
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = [f"{name}_{bound}" if bound != "median" else name for name in FIGURES for bound in ("low", "median", "high")]
    writer.writerow(["plan", *AXES, "hardware", "place", *columns, "marks", "is_pareto"])
    for option in found.options:
        bounds = [
            f"{getattr(interval, bound):.6g}" if interval is not None else "" for interval in option.figures.values() for bound in ("low", "median", "high")
        ]
        where = [value or "" for value in option.where]
        writer.writerow([*where, option.hardware, option.place, *bounds, " ".join(option.marks), option.is_pareto])
    return stream.getvalue()


def _prepare_plot(file: str) -> str:
    """Return plotly's script, all that can go wrong with the file found out beforehand."""
    from traincarbon.files import check_new_file
    from traincarbon.reporting.plots.page import plot_script

    check_new_file(file)
    return plot_script()


def _plot(found: "Comparison", file: str, script: str) -> None:
    from traincarbon.files import write_new_file
    from traincarbon.reporting.plots.choice_plots import comparison_panels
    from traincarbon.reporting.plots.page import page

    lead = f"{len(found.options)} ways to do the same work, at their medians; bars are intervals of {found.level:.0%}. In orange is what nothing else beats in both."
    write_new_file(file, page(title="The same work elsewhere", lead=lead, panels=comparison_panels(found), script=script))
