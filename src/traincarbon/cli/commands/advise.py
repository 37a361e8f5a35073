"""``carbon advise``: cheaper and cleaner ways to the same end."""

import math
import textwrap
from typing import TYPE_CHECKING, Any

import click

from traincarbon.cli import output
from traincarbon.cli.options import PlanCommand, common_options, database, level_option, money_option, plan_options, read_plan
from traincarbon.errors import PlanError, QuantityError
from traincarbon.estimation.parse import parse_quantity
from traincarbon.explore.advice.alternative import GROUPS, SAVED
from traincarbon.explore.advise import BY, advise
from traincarbon.explore.compared_results import FIGURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from traincarbon.explore.advice.alternative import Advice, Alternative
    from traincarbon.explore.advice.evidence import Evidence
    from traincarbon.explore.advice.saving import Saving
    from traincarbon.uncertain import Interval

_HEADS = {"cost_usd": "$", "facility_energy_kwh": "kWh", "total_kgco2e": "CO2e", "accelerator_hours_h": "hours"}
_NAME, _RIGHT = 2, range(3, 8)
_MOST_SHOWN = 0.995


@click.command("advise", cls=PlanCommand)
@click.option("--goal", metavar="TEXT", help='What the model is for, as "classification": leaves out what does not serve it.')
@click.option("--quality", metavar="loss=L", help="The loss that is enough, as loss=2.1; by default that predicted of the plan.")
@click.option("--requests", metavar="NUMBER", help="Requests that the model will serve over its life: adds what saves in service.")
@click.option("--tokens-per-request", metavar="NUMBER", help="Tokens of a request, prompt and answer.")
@click.option("--finetune-tokens", metavar="NUMBER", help="Tokens of a fine-tuning in place of the training.")
@click.option("--by", type=click.Choice(list(BY)), default="usd", show_default=True, help="What the alternatives are ranked by.")
@money_option
@level_option
@click.option("--explain", is_flag=True, help="Show how each was computed, when it does not apply, and what it rests on.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
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
    explain: bool,
    markdown: bool,
    as_json: bool,
    quiet: bool,
    db: str | None,
    **fields: Any,
) -> None:
    """Show cheaper and cleaner ways to the same end, each computed and with its evidence.

    Alternatives are ranked within groups, by how much of the plan they keep. A saving
    is the share of the plan's own figure; a minus is a loss. What was looked at and does not
    apply is listed with its reason.

    \b
    carbon advise reports/mt-nlg-530b.toml
    carbon advise --params 7B --tokens 1B --kind finetune --hw h100
    carbon advise plan.toml --requests 1e9 --tokens-per-request 1e3 --by kgco2e
    """  # noqa: D301  click reads the escape
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
    if as_json:
        click.echo(output.as_json(found.to_dict()))
    elif markdown:
        click.echo(_markdown(found))
    else:
        click.echo(screen(found, explain=explain))
    if not quiet and as_json:
        for note in found.notes:
            click.echo(f"warning: {output.clean(note)}", err=True)


def screen(found: "Advice", *, explain: bool = False) -> str:
    """Return the advice on two screens of 80 columns: a table, then what each gives up; or a paragraph an alternative."""
    parts = [output.bold(output.filled(_title(found))), ""]
    rows = [_head(found), *(_cells(number, alternative, found) for number, alternative in enumerate(found.alternatives, 1))]
    lines = _lines(rows)
    parts.append(output.dim(lines[0]))
    for group, title in GROUPS.items():
        numbers = [number for number, alternative in enumerate(found.alternatives, 1) if alternative.group == group]
        parts += [output.bold(f"{title}{_against(found, group)}"), *(lines[number] for number in numbers)] if numbers else []
    numbered = list(enumerate(found.alternatives, 1))
    if explain:
        parts += ["", *(_paragraph(number, alternative) for number, alternative in numbered)]
    else:
        parts += ["", output.bold("What is given up (--explain shows how each is computed and what it rests on)")]
        parts += [_lost(group) for group in _alike(numbered)]
    doubt = any(not alternative.is_verified for alternative in found.alternatives)
    parts += ["", output.wrapped("†", "rests on an assumption, or on evidence that nobody here has read in its source")] if doubt else []
    left = "; ".join(f"{output.clean(each.name)}: {output.clean(each.reason)}" for each in found.not_offered)
    parts += [output.wrapped("Left out", left)] if left else []
    parts += [output.wrapped("Note", output.clean(note)) for note in found.notes]
    return "\n".join(parts)


def _lines(rows: list[tuple[str, ...]]) -> list[str]:
    """Return *rows* as lines of a table that fits the screen; a name that is too long goes on below itself."""
    others = sum(max(len(row[at]) for row in rows) + 1 for at in range(len(rows[0])) if at != _NAME)
    names = [textwrap.wrap(row[_NAME], output.WIDTH - others) for row in rows]
    first = [(*row[:_NAME], name[0], *row[_NAME + 1 :]) for row, name in zip(rows, names, strict=True)]
    margin = " " * sum(max(len(row[at]) for row in rows) + 1 for at in range(_NAME))
    lines = output.table(first, right=(0, *_RIGHT), gap=" ").split("\n")
    return ["\n".join([line, *(margin + more for more in name[1:])]) for line, name in zip(lines, names, strict=True)]


def _title(found: "Advice") -> str:
    figures = "; ".join(f"{label} {output.amount(interval.median, FIGURES[name], digits=3)}" for name, label, interval in _known(found.figures, found.money))
    loss = "" if found.loss is None else f"; predicted loss {found.loss.median:.2f} ({found.loss.low:.2f} – {found.loss.high:.2f})"
    name = f"{output.shortened(found.plan.name)}, as planned" if found.plan.name else "As planned"
    return f"{name}: {figures}{loss}"


def _known(figures: "Mapping[str, Interval | None]", money: str) -> list[tuple[str, str, "Interval"]]:
    labels = {"cost_usd": "rent" if money == "rent" else "to own", "facility_energy_kwh": "energy", "total_kgco2e": "CO2e", "duration_s": "time"}
    return [(name, label, interval) for name, label in labels.items() if (interval := figures[name]) is not None]


def _against(found: "Advice", group: str) -> str:
    """Return what alternatives of a group are held against, where that is not the plan's training alone."""
    if group != "lifetime" or found.lifetime is None:
        return ""
    amounts = ", ".join(output.amount(interval.median, FIGURES[name]) for name, _, interval in _known(found.lifetime, found.money) if name != "duration_s")
    return f" ({amounts} as planned)"


def _head(found: "Advice") -> tuple[str, ...]:
    return ("", "", "saves", *_HEADS.values(), f"{found.level:.0%} of {_HEADS[found.by]}", "effort")


def _cells(number: int, alternative: "Alternative", found: "Advice") -> tuple[str, ...]:
    saved = alternative.savings[found.by]
    doubt = "" if alternative.is_verified else "†"
    return (
        f"{number}",
        doubt,
        output.clean(alternative.name),
        *(_percent(alternative.savings[figure]) for figure in SAVED),
        _bounds(saved),
        alternative.effort,
    )


def _percent(saved: "Saving | None") -> str:
    return "?" if saved is None else _share(saved.share)


def _share(share: float) -> str:
    if _MOST_SHOWN < share < 1.0:
        return ">99%"
    if share == -math.inf:
        return "more"
    return f"{100.0 * share + 0.0:.0f}%".replace("-0%", "0%").replace("-", "−")


def _bounds(saved: "Saving | None") -> str:
    if saved is None:
        return "?"
    low, high = _share(saved.share_low), _share(saved.share_high)
    return low if low == high else f"{low.rstrip('%')}…{high}"


def _paragraph(number: int, alternative: "Alternative") -> str:
    """Return what an alternative takes, what is lost, when it does not apply, and what it rests on."""
    takes = ", ".join(
        output.amount(interval.median, FIGURES[name])
        for name, interval in alternative.figures.items()
        if name != "water_l" and interval is not None and interval.median > 0.0
    )
    lines = [output.wrapped(f"{number} {output.clean(alternative.name)}", f"{takes or 'nothing'}; {output.clean(alternative.how)}.")]
    lines.append(output.filled(f"  Lost: {output.clean(alternative.lost)}. Not when {output.clean(alternative.not_when)}."))
    rests, speaks = (
        "; ".join(f"{output.clean(piece.claim)} [{_where(piece)}]" for piece in alternative.evidence if piece.is_basis is is_basis)
        for is_basis in (True, False)
    )
    lines.append(output.dim(output.filled(f"  Rests on: {rests or 'the chain alone'}.")))
    lines += [output.dim(output.filled(f"  Compare: {speaks}."))] if speaks else []
    return "\n".join(lines)


def _where(piece: "Evidence") -> str:
    return f"{output.clean(piece.title)}, {output.clean(piece.locator)}{_doubt(piece.kind)}"


def _alike(numbered: "list[tuple[int, Alternative]]") -> "list[list[tuple[int, Alternative]]]":
    """Group alternatives that give up the same."""
    groups: dict[str, list[tuple[int, Alternative]]] = {}
    for number, alternative in numbered:
        groups.setdefault(alternative.lost, []).append((number, alternative))
    return list(groups.values())


def _lost(group: "list[tuple[int, Alternative]]") -> str:
    numbers = ", ".join(str(number) for number, _ in group)
    return output.wrapped(numbers, output.clean(group[0][1].lost))


def _doubt(kind: str) -> str:
    return "" if kind in ("published", "measured", "derived") else f", {kind} †"


def _markdown(found: "Advice") -> str:
    parts = [f"**{output.clean(_title(found))}**", ""]
    numbered = list(enumerate(found.alternatives, 1))
    for group, title in GROUPS.items():
        rows = [_cells(number, alternative, found) for number, alternative in numbered if alternative.group == group]
        parts += [f"## {title}{_against(found, group)}", "", output.markdown_table([_head(found), *rows], right=(0, *_RIGHT)), ""] if rows else []
    for number, alternative in numbered:
        parts += [f"### {number}. {output.clean(alternative.name)}", "", f"{output.clean(alternative.how)}.", ""]
        parts += [f"- Lost: {output.clean(alternative.lost)}", f"- Not when: {output.clean(alternative.not_when)}"]
        parts += [f"- {'Rests on' if piece.is_basis else 'Compare'}: {output.clean(piece.claim)} ({_where(piece)})" for piece in alternative.evidence]
        parts.append("")
    parts += ["## Looked at and left out", "", *(f"- {output.clean(each.name)}: {output.clean(each.reason)}" for each in found.not_offered), ""]
    return "\n".join([*parts, *(f"- {output.clean(note)}" for note in found.notes)]).rstrip()


def _loss(quality: str | None) -> float | None:
    """Return the loss that ``--quality loss=L`` states.

    Raises:
        PlanError: it states something else.
    """
    if quality is None:
        return None
    name, mark, value = quality.partition("=")
    if name.strip().lower() != "loss" or not mark:
        raise PlanError(f"--quality is {quality[:60]!r}", hint="the one quality that a law predicts is a loss: --quality loss=2.1")
    try:
        return parse_quantity(value)
    except QuantityError as error:
        raise PlanError(f"--quality is {quality[:60]!r}", hint=f"{error}: write loss=2.1") from None
