"""Show every fact and formula behind an estimate with its source."""

from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.cli.screens import layout
from traincarbon.cli.screens.answer import price, results_table, sentence, utilisation

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.estimation.result import Estimate


def explanation(answer: "Estimate", facts: "Database") -> str:
    """Return the answer, all results, every fact and formula behind them with its source, and the sources of uncertainty."""
    notes = (*answer.cautions[int(answer.is_raised) :], *answer.gaps.values(), *answer.missing_layout())
    parts = [sentence(answer), *(output.caution(output.filled(f"Warning: {output.clean(text)}")) for text in notes), "", results_table(answer)]
    parts += [output.wrapped("MFU", utilisation(answer))] if answer["mfu"] is not None else []
    parts += [output.wrapped("Price", price(answer))] if "rent_price" in answer.inputs else []
    parts += ["", output.bold("Facts and priors"), *_facts(answer, facts), "", output.bold("Calculation, at the medians"), *_steps(answer, facts)]
    parts += _ownership(answer)
    if answer.layout.spread is not None:
        parts += ["", *layout.budget(answer, answer.layout.spread, facts)]
    elif answer["duration_s"] is None and answer.plan.accelerator_hours is None and answer.server_counts:
        parts += ["", output.bold(output.filled("By number of servers, each with its fastest layout")), layout.by_servers(answer, facts)]
    parts += ["", output.bold(output.filled(f"Sources of the uncertainty of each result ({answer.level:.0%} intervals)"))]
    for name, shares in answer.spread_shares.items():
        parts.append(_filled(f"{name}: " + ", ".join(f"{source} {share:.0%}" for source, share in shares.items() if share >= 0.005)))
    return "\n".join(parts).rstrip()


def _filled(text: str, *, first: int = 2) -> str:
    return output.filled(text, first=first, indent=first + 2)


def _facts(answer: "Estimate", facts: "Database") -> list[str]:
    sources, lines = facts.sources(), []
    for name, given in answer.inputs.items():
        value = answer.interval(given.value)
        shown = f"{value.median:.6g}" if not isinstance(value.median, str) else value.median
        spread = "" if value.low == value.high else f" ({value.low:.3g} – {value.high:.3g})"
        line = _filled(f"{name} = {shown}{spread} {given.unit}".rstrip())
        lines.append(output.assumed(line) if given.assumed else line)
        lines.append(output.dim(_filled(output.clean(given.reason), first=4)))
        if given.source:
            title = sources.get(given.source, {}).get("title", given.source)
            lines.append(output.dim(_filled(f"{given.kind}: {title}; {given.locator}", first=4)))
    for name, value, reason in answer.assumptions:
        if name not in answer.inputs:
            lines += [output.assumed(_filled(f"{name} = {value if isinstance(value, str) else f'{value:g}'}")), output.dim(_filled(reason, first=4))]
    return lines


def _ownership(answer: "Estimate") -> list[str]:
    """Return the lines of the total cost of ownership with their shares, none where it is unknown."""
    lines, total = answer.ownership_usd, sum(answer.ownership_usd.values())
    if not total:
        return []
    from traincarbon.formulas.ownership import OWNERSHIP_LINES

    rows = [(line.label, output.amount(lines[line.name], "$", digits=3), f"{lines[line.name] / total:.0%}") for line in OWNERSHIP_LINES if lines[line.name]]
    shown = output.rows_of_lines([("", "", ""), *rows], right=(1, 2))[1:]
    return ["", output.bold("Total cost of ownership, line by line"), *(line for each in shown for line in each)]


def _steps(answer: "Estimate", facts: "Database") -> list[str]:
    sources, lines = facts.sources(), []
    for step in answer.steps[len(answer.inputs) :]:
        inputs = ", ".join(f"{name} = {value:.6g}" if isinstance(value, float) else f"{name} = {value}" for name, value in step.inputs.items())
        title = sources.get(step.source, {}).get("title", "")
        lines.append(_filled(f"{output.bold(step.name)} = {step.formula}"))
        lines.append(output.dim(_filled(inputs, first=4)))
        lines.append(_filled(f"= {step.value:.6g} {step.unit}".rstrip() + (f"   [{title}]" if title else ""), first=4))
    return lines
