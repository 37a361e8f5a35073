"""``carbon optimise``: the best model within a budget, or the cheapest way to a loss."""

from typing import TYPE_CHECKING, Any

import click

from traincarbon.cli import output
from traincarbon.cli.options import AXES, PlanCommand, axis_options, common_options, database, level_option, money_option
from traincarbon.errors import QuantityError
from traincarbon.estimation.fields import Use
from traincarbon.estimation.parse import parse_quantity
from traincarbon.estimation.plan import Plan, fields_with
from traincarbon.explore.budget import BUDGETS
from traincarbon.explore.compare import MARKS, by_reason
from traincarbon.explore.compared_results import FIGURES
from traincarbon.explore.optimise import optimise

if TYPE_CHECKING:
    from traincarbon.explore.optimum import Optimum, Point, Way

_LETTERS = {"cheapest": "$", "fastest": "t", "cleanest": "c"}
_SHOWN = ("cost_usd", "duration_s", "facility_energy_kwh", "total_kgco2e")
_WORDS = {"cost_usd": "money", "total_kgco2e": "CO2e", "facility_energy_kwh": "energy", "duration_s": "time"}


def _budget_options(command: Any) -> Any:
    helps = {"budget_usd": "The most that it may cost. [$]", "budget_kgco2e": "The most that it may emit, hardware included. [kg CO2e]"}
    helps |= {"budget_kwh": "The most energy, at the facility's meter. [kWh]", "budget_days": "The longest that it may take. [days]"}
    for name in reversed(BUDGETS):
        command = click.option(f"--{name.replace('_', '-')}", name, metavar="NUMBER", help=helps[name])(command)
    return command


@click.command("optimise", cls=PlanCommand)
@click.argument("plan_file", metavar="[PLAN.toml]", required=False, type=click.Path())
@_budget_options
@click.option("--target-loss", metavar="LOSS", help="The loss to be reached. [nat/token]")
@click.option("--tokens-per-param", metavar="NUMBER", help="Tokens for each parameter, in place of the law's best.")
@click.option("--sure", type=float, metavar="SHARE", default=0.5, show_default=True, help="Probability of staying within each budget.")
@click.option("--by", type=click.Choice(list(MARKS)), default="cheapest", show_default=True, help="Which way to a loss comes first.")
@money_option
@level_option
@click.option("--plot", metavar="X.html", type=click.Path(), help="Draw the frontier into a new HTML file.")
@axis_options
@common_options
def command(
    *,
    plan_file: str | None,
    target_loss: str | None,
    tokens_per_param: str | None,
    sure: float,
    by: str,
    money: str | None,
    level: float,
    plot: str | None,
    as_json: bool,
    quiet: bool,
    db: str | None,
    **fields: Any,
) -> None:
    """Find the model of the lowest loss within a budget, or the cheapest way to a loss.

    Size and data are divided by a scaling law of dense language models, unless --params,
    --tokens or --tokens-per-param is given. Several of --hw, --region and --rent are tried
    in turn. --sure 0.9 stays within each budget with nine chances in ten.

    \b
    carbon optimise --hw dgx-h100 --budget-usd 1e6
    carbon optimise --hw dgx-a100,dgx-h100 --servers 64 --budget-days 30
    carbon optimise --hw p5 --region us-east-1,eu-north-1 --target-loss 2.1
    """  # noqa: D301  click reads the escape
    script = _prepare_plot(plot) if plot is not None else ""
    axes = {name: fields.pop(name) for name in AXES}
    budgets: dict[str, Any] = {name: _quantity(name, fields.pop(name)) for name in BUDGETS}
    stated = {name: value for name, value in fields.items() if value is not None}
    plan = None if plan_file is None else _without_work(Plan.read(plan_file))
    found = optimise(
        plan,
        **axes,
        **budgets,
        target_loss=_quantity("target_loss", target_loss),
        tokens_per_param=_quantity("tokens_per_param", tokens_per_param),
        sure=sure,
        by=by,
        money=money,
        database=database(db),
        level=level,
        **stated,
    )
    if plot is not None:
        _plot(found, plot, script)
    click.echo(output.as_json(found.to_dict()) if as_json else screen(found))
    if not quiet and as_json:
        for aside in found.set_aside:
            click.echo(f"warning: set aside: {output.clean(f'{aside.where}: {aside.reason}')}", err=True)


def screen(found: "Optimum") -> str:
    """Return the ways, then the frontier of the best one, in 80 columns."""
    parts = [output.bold(output.filled(_title(found))), "", _ways(found), ""]
    parts += [output.bold(output.filled(f"What less and more would buy: {_label(found.best, found)}")), _frontier(found), ""]
    parts += [output.wrapped("Last column", _remarks(found))]
    low, high = found.best.loss.low, found.best.loss.high
    parts.append(
        output.wrapped(
            "How sure", f"the loss of the first line: {low:.2f} – {high:.2f} ({found.level:.0%}), by the standard errors of the law alone; {_spans(found.best)}"
        )
    )
    parts.append(output.wrapped("Rests on", output.clean(f"{found.law.evidence.claim} [{found.law.evidence.title}, {found.law.evidence.kind}]")))
    parts += [output.wrapped("Note", output.clean(note)) for note in dict.fromkeys(note for way in found.ways for note in way.notes)]
    parts += [output.wrapped("Set aside", output.clean(line)) for line in by_reason(found.set_aside)]
    return "\n".join(parts)


def _title(found: "Optimum") -> str:
    bounds = [f"{output.amount(bound, FIGURES[name], digits=3)}" for name, bound in found.bounds.items()]
    sure = f", {found.sure:.0%} sure" if found.sure > 0.5 else ""
    within = f"within {' and '.join(bounds)}{sure}" if bounds else ""
    if found.target_loss is not None:
        params, tokens = _size(found.best.size.params, found.best.size.tokens)
        return f"Ways to a loss of {found.target_loss:g}{f', {within}' if within else ''}: {params} parameters on {tokens} tokens"
    return f"The lowest loss {within}"


def _ways(found: "Optimum") -> str:
    heading = "rent" if found.money == "rent" else "to own"
    is_one = found.target_loss is not None
    sizes = [("params", "tokens", "loss"), *((*_size(way.size.params, way.size.tokens), f"{way.loss.median:.3f}") for way in found.ways)]
    rest = [("", [heading, "time", "energy", "CO2e"], ""), *((_label(way, found), _amounts(way), _remark(way)) for way in found.ways)]
    rows = [(name, *(() if is_one else size), *amounts, remark) for (name, amounts, remark), size in zip(rest, sizes, strict=True)]
    lines = output.table(output.fitted(rows, 0, gap=" "), right=range(1, len(rows[0]) - 1), gap=" ").split("\n")
    return "\n".join([output.dim(lines[0]), *lines[1:]])


def _frontier(found: "Optimum") -> str:
    heading = "rent" if found.money == "rent" else "to own"
    rows: list[tuple[str, ...]] = [("arithmetic", "params", "tokens", "loss", heading, "time", "energy", "CO2e")]
    base = found.best.size.compute_flop
    for point in found.frontier:
        multiple = 6.0 * point.params * point.tokens / base
        times = f"× {multiple:.3g}" if multiple >= 1.0 else f"1/{1.0 / multiple:.3g}"
        rows.append((times, *_size(point.params, point.tokens), f"{point.loss.median:.3f}", *_amounts(point)))
    lines = output.table(rows, right=range(8), gap=" ").split("\n")
    return "\n".join([output.dim(lines[0]), *lines[1:]])


def _label(way: "Way", found: "Optimum") -> str:
    parts = [value for name, value in way.where._asdict().items() if value and len({getattr(other.where, name) for other in found.ways}) > 1]
    return output.clean(" · ".join(part.replace("_", " ") for part in parts) or way.hardware)


def _size(params: float, tokens: float) -> tuple[str, str]:
    return output.amount(params, "count"), output.amount(tokens, "count")


def _amounts(each: "Way | Point") -> list[str]:
    known = [(each.figures[name], FIGURES[name]) for name in _SHOWN]
    return ["–" if interval is None else output.amount(interval.median, unit) for interval, unit in known]


def _remark(way: "Way") -> str:
    """Return which budget the way breaks, else what it wins in letters, else which budget it uses up."""
    if way.over:
        return ", ".join(f"{_WORDS[name]} × {factor:.2g}" for name, factor in way.over.items())
    return "".join(_LETTERS.get(mark, "") for mark in way.marks) or (_WORDS[way.binding] if way.binding else "")


def _remarks(found: "Optimum") -> str:
    """Return what the last column of the ways means."""
    if found.target_loss is None:
        return "the budget that is used up"
    return "$ cheapest, t fastest, c cleanest, by the medians" + ("; or by how much a budget is broken" if found.bounds else "")


def _spans(way: "Way") -> str:
    phrases = []
    for name in _SHOWN:
        interval = way.figures[name]
        if interval is not None and interval.high > interval.low:
            phrases.append(f"{_WORDS[name]} {output.amount(interval.low, FIGURES[name])} – {output.amount(interval.high, FIGURES[name])}")
    return ", ".join(phrases)


def _without_work(plan: Plan) -> Plan:
    """Return where and on what a plan would run: its own size and data are what is asked for."""
    work = ("params", "tokens", "active_params", *fields_with(Use.SIZE | Use.DEGREE))
    return Plan(**{name: value for name, value in ((name, getattr(plan, name)) for name in plan.to_dict()) if name not in work})


def _quantity(name: str, text: str | None) -> float | None:
    """Return the number that the option *name* states.

    Raises:
        QuantityError: it states none; the message names the option.
    """
    try:
        return None if text is None else parse_quantity(text)
    except QuantityError as error:
        raise QuantityError(f"{name} is {error}", hint=error.hint) from None


def _prepare_plot(file: str) -> str:
    """Return plotly's script, all that can go wrong with the file found out beforehand."""
    from traincarbon.files import check_new_file
    from traincarbon.reporting.plots.page import plot_script

    check_new_file(file)
    return plot_script()


def _plot(found: "Optimum", file: str, script: str) -> None:
    from traincarbon.files import write_new_file
    from traincarbon.reporting.plots.choice_plots import optimum_panels
    from traincarbon.reporting.plots.page import page

    lead = f"What the best way, {_label(found.best, found)}, reaches with less and more arithmetic, at the medians; bars are intervals of {found.level:.0%}."
    write_new_file(file, page(title=output.clean(_title(found)), lead=output.clean(lead), panels=optimum_panels(found), script=script))
