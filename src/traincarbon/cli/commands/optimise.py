"""``carbon optimise``: the best model within a budget, or the cheapest way to a loss."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.options import AXES, FILE, SHARE, C, PlanCommand, axis_options, common_options, database, level_option, money_option
from traincarbon.cli.plotting import check_plot, plot_option, write_plot
from traincarbon.cli.screens import choices
from traincarbon.cli.screens.choices import SHOWN, amount, heading, intervals_of, word
from traincarbon.estimation.fields import Use
from traincarbon.estimation.parse import parse_option
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import fields_with
from traincarbon.estimation.units import MEASURES
from traincarbon.explore.budget import BUDGETS, UNITS
from traincarbon.explore.comparison import MARKS, by_reason
from traincarbon.explore.optimise import optimise
from traincarbon.quantities import QUANTITIES

if TYPE_CHECKING:
    from traincarbon.explore.optimum import Optimum, Point, Way


_MEASURES = {name: MEASURES[unit] for name, unit in UNITS.items()}
"""Budget to the units that it may be written with."""


def _budget_options(command: C) -> C:
    for name, quantity in reversed(BUDGETS.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, metavar="NUMBER", help=f"Limit on {QUANTITIES[quantity].phrase}. [{UNITS[name]}]")(command)
    return command


@click.command("optimise", cls=PlanCommand)
@click.argument("plan_file", metavar="[PLAN.toml]", required=False, type=FILE)
@_budget_options
@click.option("--target-loss", metavar="LOSS", help="Loss to reach. [nat/token]")
@click.option("--tokens-per-param", metavar="NUMBER", help="Tokens for each parameter, instead of the best by the scaling law.")
@click.option("--sure", type=SHARE, metavar="SHARE", default=0.5, show_default=True, help="Probability of staying within each budget.")
@click.option("--by", type=Choice(list(MARKS)), default="cheapest", show_default=True, help="Which way to a loss comes first.")
@money_option
@level_option
@plot_option("the frontier")
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

    A scaling law of dense language models splits compute between size and data, unless
    --params, --tokens or --tokens-per-param is given. Every combination of --hw, --region
    and --rent is tried. --sure 0.9 stays within each budget with a probability of 90 %.

    These numbers are for choosing. Report those of the plan that you choose: carbon disclose PLAN.

    \b
    carbon optimise --hw dgx-h100 --budget-usd 1e6
    carbon optimise --hw dgx-a100,dgx-h100 --servers 64 --budget-days 30
    carbon optimise --hw p5 --region us-east-1,eu-north-1 --target-loss 2.1
    """  # noqa: D301  click reads the escape
    check_plot(plot)
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
        _plot(found, plot, quiet=quiet)
    click.echo(output.as_json(found.to_dict()) if as_json else screen(found))
    if not quiet and as_json:
        for each in found.set_aside:
            click.echo(f"warning: set aside: {output.clean(f'{each.where}: {each.reason}')}", err=True)


def screen(found: "Optimum") -> str:
    """Return the ways, then the frontier of the best one, in 80 columns."""
    parts = [output.bold(output.filled(_title(found))), "", _ways(found), ""]
    parts += [output.bold(output.filled(f"What less and more compute would give: {_label(found.best, found)}")), _frontier(found), ""]
    parts += [output.wrapped("Last column", _remarks(found))]
    low, high = found.best.loss.low, found.best.loss.high
    uncertain = ", ".join(filter(None, [f"loss {low:.2f} – {high:.2f} (by the standard errors of the law alone)", intervals_of(found.best.results)]))
    parts.append(output.wrapped("Uncertainty", f"{found.level:.0%} intervals of the first line: {uncertain}"))
    parts.append(output.wrapped("Scaling law", output.clean(f"{found.law.evidence.claim} [{found.law.evidence.title}, {found.law.evidence.kind}]")))
    parts += [output.wrapped("Note", output.clean(note)) for note in dict.fromkeys(note for way in found.ways for note in way.notes)]
    parts += [output.wrapped("Set aside", output.clean(line)) for line in by_reason(found.set_aside)]
    return "\n".join(parts)


def _title(found: "Optimum") -> str:
    bounds = [amount(name, bound, digits=3) for name, bound in found.bounds.items()]
    sure = f", {found.sure:.0%} sure" if found.sure > 0.5 else ""
    within = f"within {' and '.join(bounds)}{sure}" if bounds else ""
    if found.target_loss is not None:
        params, tokens = _size(found.best.size.params, found.best.size.tokens)
        return f"Ways to a loss of {found.target_loss:g}{f', {within}' if within else ''}: {params} parameters on {tokens} tokens"
    return f"The lowest loss {within}"


def _heads(found: "Optimum") -> list[str]:
    return [heading(name, found.money) for name in SHOWN]


def _ways(found: "Optimum") -> str:
    """Return a row a way; without its size where a loss was asked for, since all ways then train the same model."""
    head, rows = ["Params", "Tokens", "Loss"], [[*_size(way.size.params, way.size.tokens), f"{way.loss.median:.3f}"] for way in found.ways]
    sizes = [head, *rows] if found.target_loss is None else [[] for _ in (head, *rows)]
    rest = [("", _heads(found), ""), *((_label(way, found), _amounts(way), _remark(way)) for way in found.ways)]
    lines = [(name, *size, *amounts, remark) for (name, amounts, remark), size in zip(rest, sizes, strict=True)]
    fitted = output.fitted(lines, 0, gap=" ")
    is_narrow = max(map(len, output.table(fitted, gap=" ").split("\n"))) > output.width()
    return _table(lines if is_narrow else fitted, right=range(1, len(lines[0]) - 1))


def _frontier(found: "Optimum") -> str:
    rows: list[tuple[str, ...]] = [("Compute", "Params", "Tokens", "Loss", *_heads(found))]
    base = found.best.size.compute_flop
    for point in found.frontier:
        multiple = 6.0 * point.params * point.tokens / base
        times = f"× {multiple:.3g}" if multiple >= 1.0 else f"1/{1.0 / multiple:.3g}"
        rows.append((times, *_size(point.params, point.tokens), f"{point.loss.median:.3f}", *_amounts(point)))
    return _table(rows, right=range(8))


def _table(rows: Sequence[tuple[str, ...]], *, right: range) -> str:
    head, *lines = output.rows_of_lines(rows, right=right, gap=" ")
    return "\n".join([*map(output.dim, head), *(line for each in lines for line in each)])


def _label(way: "Way", found: "Optimum") -> str:
    return choices.label(way.where, [other.where for other in found.ways], way.hardware)


def _size(params: float, tokens: float) -> tuple[str, str]:
    return output.amount(params, "count"), output.amount(tokens, "count")


def _amounts(each: "Way | Point") -> list[str]:
    return ["–" if (interval := each.results[name]) is None else amount(name, interval.median) for name in SHOWN]


def _remark(way: "Way") -> str:
    """Return by how much the way exceeds budgets, otherwise its marks, otherwise the budget that it uses up."""
    if way.over:
        return ", ".join(f"{word(name)} × {factor:.2g}" for name, factor in way.over.items())
    return choices.letters(way.marks) or (word(way.binding) if way.binding else "")


def _remarks(found: "Optimum") -> str:
    """Return what the last column of the ways means."""
    if found.target_loss is None:
        return "the budget that is used up"
    marks = ", ".join(f"{mark.letter} {name}" for name, mark in MARKS.items())
    return f"{marks} (medians)" + ("; or the factor by which a budget is exceeded" if found.bounds else "")


def _without_work(plan: Plan) -> Plan:
    """Return where and on what a plan would run, without its size and data, which are the answer."""
    work = ("params", "tokens", "active_params", *fields_with(Use.SIZE | Use.DEGREE | Use.DATA))
    return Plan(**{name: value for name, value in ((name, getattr(plan, name)) for name in plan.to_dict()) if name not in work})


def _quantity(name: str, text: str | None) -> float | None:
    """Return the number that the option *name* states.

    Raises:
        QuantityError: it states none.
    """
    return None if text is None else parse_option(name, text, _MEASURES.get(name))


def _plot(found: "Optimum", file: str, *, quiet: bool) -> None:
    from traincarbon.reporting.plots.choice_plots import optimum_charts

    lead = f"What the best way, {_label(found.best, found)}, reaches with less and more compute. Marks are medians, lines {found.level:.0%} intervals."
    write_plot(file, title=output.clean(_title(found)), lead=[output.clean(lead)], charts=optimum_charts(found), quiet=quiet)
