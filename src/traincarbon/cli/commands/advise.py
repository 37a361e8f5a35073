"""``carbon advise``: cheaper and cleaner alternatives to a plan."""

import textwrap
from typing import TYPE_CHECKING, Any

import click

from traincarbon.cli import output
from traincarbon.cli.choice import Choice
from traincarbon.cli.options import PlanCommand, common_options, database, level_option, money_option, plan_options, read_plan
from traincarbon.cli.plotting import check_plot, plot_option, write_plot
from traincarbon.cli.screens.advice import short_screen, worth
from traincarbon.cli.screens.choices import SHOWN, amount, heading, share, word
from traincarbon.errors import PlanError, QuantityError
from traincarbon.estimation.parse import parse_quantity
from traincarbon.explore.advice.alternative import GROUPS, SAVED, Group
from traincarbon.explore.advise import advise
from traincarbon.quantities import RANKED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from traincarbon.explore.advice.alternative import Advice, Alternative
    from traincarbon.explore.advice.evidence import Evidence
    from traincarbon.explore.advice.saving import Saving
    from traincarbon.uncertain import Interval

_NAME, _RIGHT = 2, range(3, 8)
_HOURS, _ROOMY = 6, 72
"""The column of GPU-hours, which a screen narrower than that leaves out."""


@click.command("advise", cls=PlanCommand)
@click.option("--goal", metavar="TEXT", help='What the model is for, as "classification"; leaves out alternatives that do not serve it.')
@click.option("--quality", metavar="loss=L", help="Loss to reach, as loss=2.1; by default the predicted loss of the plan.")
@click.option("--requests", metavar="NUMBER", help="Requests that the model will serve over its life; adds alternatives that save in serving.")
@click.option("--tokens-per-request", metavar="NUMBER", help="Tokens of a request, prompt and answer.")
@click.option("--finetune-tokens", metavar="NUMBER", help="Tokens of a fine-tuning instead of the training.")
@click.option("--by", type=Choice(list(RANKED)), default="usd", show_default=True, help="Quantity that ranks the alternatives.")
@money_option
@level_option
@click.option("--all", "show_all", is_flag=True, help="Show every alternative in its group, what is lost, and what is not offered.")
@click.option("--explain", is_flag=True, help="Show how each was computed, when it does not apply, and its evidence.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@plot_option("the plan and its alternatives")
@plan_options
@common_options
def command(
    *,
    plan_file: str | None,
    goal: str | None,
    quality: str | None,
    requests: str | None,
    tokens_per_request: str | None,
    finetune_tokens: str | None,
    by: str,
    money: str | None,
    level: float,
    show_all: bool,
    explain: bool,
    markdown: bool,
    plot: str | None,
    as_json: bool,
    quiet: bool,
    db: str | None,
    **fields: Any,
) -> None:
    """Show cheaper and cleaner alternatives to a plan, each computed and with its evidence.

    The best come first, by the quantity of --by: what each saves, the chance that it
    saves anything, and the cash it takes. --all shows every alternative by how much of the
    plan it keeps, what is lost, and those that do not apply with the reason.

    These savings are for choosing. Report the numbers of the plan that you choose: carbon disclose PLAN.

    \b
    carbon advise reports/mt-nlg-530b.toml
    carbon advise --params 7B --tokens 1B --kind finetune --hw h100
    carbon advise plan.toml --requests 1e9 --tokens-per-request 1e3 --by kgco2e
    """  # noqa: D301  click reads the escape
    check_plot(plot)
    found = advise(
        read_plan(plan_file, fields),
        goal=goal,
        loss=_loss(quality),
        requests=requests,
        tokens_per_request=tokens_per_request,
        finetune_tokens=finetune_tokens,
        by=by,
        money=money,
        database=database(db),
        level=level,
    )
    if plot is not None:
        _plot(found, plot, quiet=quiet)
    if as_json:
        click.echo(output.as_json(found.to_dict()))
    elif markdown:
        click.echo(_markdown(found))
    else:
        click.echo(screen(found, explain=explain) if show_all or explain else short_screen(found, _title(found)))
    if not quiet and as_json:
        for note in found.notes:
            click.echo(f"warning: {output.clean(note)}", err=True)


def screen(found: "Advice", *, explain: bool = False) -> str:
    """Return the advice on two screens of 80 columns: a table, then what each alternative loses, or a paragraph for each."""
    parts = [output.bold(output.filled(_title(found))), ""]
    rows = [_head(found), *(_cells(number, alternative, found) for number, alternative in enumerate(found.alternatives, 1))]
    lines = _lines(rows)
    parts.append(output.dim(lines[0]))
    for group, title in GROUPS.items():
        numbers = [number for number, alternative in enumerate(found.alternatives, 1) if alternative.group == group]
        parts += [output.bold(output.filled(f"{title}{_baseline(found, group)}")), *(lines[number] for number in numbers)] if numbers else []
    numbered = list(enumerate(found.alternatives, 1))
    if explain:
        parts += ["", *(_paragraph(number, alternative) for number, alternative in numbered)]
    else:
        parts += ["", output.bold(output.filled("What is lost (--explain shows how each is computed, and its evidence)"))]
        parts += [_lost(group) for group in _alike(numbered)]
        worths = "; ".join(f"{number} {worth(each) or 'is not known'}" for number, each in numbered)
        parts += ["", output.wrapped("What it is worth", worths)]
    is_all_verified = all(alternative.is_verified for alternative in found.alternatives)
    parts += [] if is_all_verified else ["", output.wrapped("†", "based on an assumption, or on a source that has not been checked yet")]
    not_offered = "; ".join(f"{output.clean(each.name)}: {output.clean(each.reason)}" for each in found.not_offered)
    parts += [output.wrapped("Not offered", not_offered)] if not_offered else []
    parts += [output.wrapped("Note", output.clean(note)) for note in found.notes]
    return "\n".join(parts)


def _lines(rows: list[tuple[str, ...]]) -> list[str]:
    """Return *rows* as lines of a table that fits the screen; a name that is too long continues on the next line."""
    if output.width() < _ROOMY:
        rows = [row[:_HOURS] + row[_HOURS + 1 :] for row in rows]
    others = sum(max(len(row[at]) for row in rows) + 1 for at in range(len(rows[0])) if at != _NAME)
    names = [textwrap.wrap(row[_NAME], max(12, output.width() - others)) for row in rows]
    first = [(*row[:_NAME], name[0], *row[_NAME + 1 :]) for row, name in zip(rows, names, strict=True)]
    margin = " " * sum(max(len(row[at]) for row in rows) + 1 for at in range(_NAME))
    right = (0, *(at for at in _RIGHT if at < len(rows[0]) - 1))
    lines = output.table(first, right=right, gap=" ").split("\n")
    if max(map(output.visible_length, lines)) > output.width():
        return ["\n".join(each) for each in output.rows_of_lines(rows, name=_NAME, right=right, gap=" ")]
    return ["\n".join([line, *(margin + more for more in name[1:])]) for line, name in zip(lines, names, strict=True)]


def _title(found: "Advice") -> str:
    results = ", ".join(f"{word(name, found.money)} {amount(name, interval.median, digits=3)}" for name, interval in _known(found.results))
    loss = "" if found.loss is None else f"; predicted loss {found.loss.median:.2f} ({found.loss.low:.2f} – {found.loss.high:.2f})"
    name = f"{output.shortened(found.plan.name)}, as planned" if found.plan.name else "As planned"
    return f"{name}: {results}{loss}"


def _known(results: "Mapping[str, Interval | None]") -> "list[tuple[str, Interval]]":
    return [(name, interval) for name in SHOWN if (interval := results[name]) is not None]


def _baseline(found: "Advice", group: Group) -> str:
    """Return what alternatives of a group are compared with, where that is not the plan's training alone."""
    if group is not Group.LIFETIME or found.lifetime is None:
        return ""
    amounts = ", ".join(amount(name, interval.median) for name, interval in _known(found.lifetime))
    return f" ({amounts} as planned)"


def _head(found: "Advice") -> tuple[str, ...]:
    return ("", "", "Saves", *(heading(name, found.money) for name in SAVED), f"{found.level:.0%} interval", "Effort")


def _cells(number: int, alternative: "Alternative", found: "Advice") -> tuple[str, ...]:
    saved = alternative.savings[found.by]
    dagger = "" if alternative.is_verified else "†"
    return (
        f"{number}",
        dagger,
        output.clean(alternative.name),
        *(_percent(alternative.savings[name]) for name in SAVED),
        _bounds(saved),
        alternative.effort,
    )


def _percent(saved: "Saving | None") -> str:
    return "?" if saved is None else share(saved.share)


def _bounds(saved: "Saving | None") -> str:
    if saved is None:
        return "?"
    low, high = share(saved.share_low), share(saved.share_high)
    return low if low == high else f"{low.rstrip('%')}…{high}"


def _paragraph(number: int, alternative: "Alternative") -> str:
    """Return what an alternative takes and loses, when it does not apply, and its evidence."""
    takes = ", ".join(
        amount(name, interval.median) for name, interval in alternative.results.items() if name != "water_l" and interval is not None and interval.median > 0.0
    )
    lines = [output.wrapped(f"{number} {output.clean(alternative.name)}", f"{takes or 'nothing'}; {output.clean(alternative.how)}.")]
    lines.append(output.filled(f"  Worth: {worth(alternative) or 'not known'}."))
    lines.append(output.filled(f"  Lost: {output.clean(alternative.lost)}. Not when {output.clean(alternative.not_when)}."))
    basis, support = (
        "; ".join(f"{output.clean(piece.claim)} [{_where(piece)}]" for piece in alternative.evidence if piece.is_basis is is_basis)
        for is_basis in (True, False)
    )
    lines.append(output.dim(output.filled(f"  Based on: {basis or 'the chain alone'}.")))
    lines += [output.dim(output.filled(f"  Supported by: {support}."))] if support else []
    return "\n".join(lines)


def _where(piece: "Evidence") -> str:
    return f"{output.clean(piece.title)}, {output.clean(piece.locator)}{'' if piece.is_verified else f', {piece.kind} †'}"


def _alike(numbered: "list[tuple[int, Alternative]]") -> "list[list[tuple[int, Alternative]]]":
    """Group alternatives with the same loss."""
    groups: dict[str, list[tuple[int, Alternative]]] = {}
    for number, alternative in numbered:
        groups.setdefault(alternative.lost, []).append((number, alternative))
    return list(groups.values())


def _lost(group: "list[tuple[int, Alternative]]") -> str:
    numbers = ", ".join(str(number) for number, _ in group)
    return output.wrapped(numbers, output.clean(group[0][1].lost))


def _markdown(found: "Advice") -> str:
    parts = [f"**{output.clean(_title(found))}**", ""]
    numbered = list(enumerate(found.alternatives, 1))
    for group, title in GROUPS.items():
        rows = [_cells(number, alternative, found) for number, alternative in numbered if alternative.group == group]
        parts += [f"## {title}{_baseline(found, group)}", "", output.markdown_table([_head(found), *rows], right=(0, *_RIGHT)), ""] if rows else []
    for number, alternative in numbered:
        parts += [f"### {number}. {output.clean(alternative.name)}", "", f"{output.clean(alternative.how)}.", ""]
        parts += [f"- Worth: {worth(alternative) or 'not known'}"]
        parts += [f"- Lost: {output.clean(alternative.lost)}", f"- Not when: {output.clean(alternative.not_when)}"]
        parts += [f"- {'Based on' if piece.is_basis else 'Supported by'}: {output.clean(piece.claim)} ({_where(piece)})" for piece in alternative.evidence]
        parts.append("")
    parts += ["## Considered and not offered", "", *(f"- {output.clean(each.name)}: {output.clean(each.reason)}" for each in found.not_offered), ""]
    return "\n".join([*parts, *(f"- {output.clean(note)}" for note in found.notes)]).rstrip()


def _plot(found: "Advice", file: str, *, quiet: bool) -> None:
    from traincarbon.reporting.plots.advice_plots import advice_charts, first_words

    lead = [output.clean(words) for words in (first_words(found), f"{_title(found)}.", *found.notes)]
    write_plot(file, title="Alternatives to the plan", lead=lead, charts=advice_charts(found), quiet=quiet)


def _loss(quality: str | None) -> float | None:
    """Return the loss that ``--quality loss=L`` states.

    Raises:
        PlanError: it states anything else.
    """
    if quality is None:
        return None
    name, mark, value = quality.partition("=")
    if name.strip().lower() != "loss" or not mark:
        raise PlanError(f"--quality is {quality[:60]!r}", hint="only the loss can be predicted: --quality loss=2.1")
    try:
        return parse_quantity(value)
    except QuantityError as error:
        raise PlanError(f"--quality is {quality[:60]!r}", hint=f"{error}: write loss=2.1") from None
