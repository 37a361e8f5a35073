"""``carbon estimate``: what a training will take."""

from typing import TYPE_CHECKING, Any

import click

from traincarbon.cli import output
from traincarbon.cli.options import common_options, database, plan_options, read_plan
from traincarbon.errors import PlanError
from traincarbon.estimate.chain import estimate
from traincarbon.units import S_PER_DAY

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.estimate.plan import Plan
    from traincarbon.estimate.result import Estimate

_ROWS = (
    ("mfu", "Utilisation (MFU)", ""),
    ("accelerator_hours_h", "Accelerator-hours", "h"),
    ("duration_s", "Wall-clock", "s"),
    ("it_energy_kwh", "Energy, servers", "kWh"),
    ("facility_energy_kwh", "Energy, facility", "kWh"),
    ("operational_kgco2e", "CO2e, electricity", "kg CO2e"),
    ("operational_market_kgco2e", "CO2e, by contracts", "kg CO2e"),
    ("embodied_kgco2e", "CO2e, hardware", "kg CO2e"),
    ("total_kgco2e", "CO2e, total", "kg CO2e"),
    ("water_l", "Water", "L"),
    ("electricity_usd", "Electricity", "$"),
    ("rent_usd", "To rent", "$"),
    ("own_usd", "To own, its share", "$"),
    ("purchase_usd", "Cluster's purchase", "$"),
)


@click.command("estimate")
@plan_options
@click.option("--level", type=float, default=0.9, show_default=True, help="Confidence level of the intervals.")
@click.option("--explain", is_flag=True, help="Show the arithmetic behind each figure, with its sources.")
@click.option("--markdown", is_flag=True, help="Print a Markdown table.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the figures as CSV.")
@click.option("--save", metavar="PLAN.toml", type=click.Path(), help="Write the plan to a new file.")
@common_options
def command(
    *,
    plan_file: str | None,
    level: float,
    explain: bool,
    markdown: bool,
    as_csv: bool,
    save: str | None,
    as_json: bool,
    quiet: bool,
    db: str | None,
    **fields: Any,
) -> None:
    """Estimate what a training will take: time, money, energy, carbon and water.

    Numbers take SI endings and exponents: 530e9, 530B, 1.4T. A number is exact unless
    written as an interval of 90 %: 0.3..0.5 or 0.4±0.05.

    \b
    carbon estimate --params 530e9 --tokens 270e9 --hw dgx-a100
    carbon estimate --params 7B --tokens 2T --hw p5 --region us-east-1
    carbon estimate plan.toml --region france --explain
    """  # noqa: D301  click reads the escape
    facts = database(db)
    plan = read_plan(plan_file, fields)
    answer = estimate(plan, database=facts, level=level)
    if save is not None:
        _save(plan, save)
    if as_json:
        click.echo(output.as_json(answer.to_dict()))
    elif as_csv:
        click.echo(_csv(answer), nl=False)
    elif markdown:
        click.echo(_markdown(answer))
    elif explain:
        click.echo(explanation(answer, facts))
    else:
        click.echo(screen(answer, facts))
    if not quiet and (as_json or as_csv):
        for warning in answer.warnings:
            click.echo(f"warning: {output.clean(warning)}", err=True)


def screen(answer: "Estimate", facts: "Database") -> str:
    """Return the estimate on one screen of 80 columns."""
    parts = [_title(answer), "", _figures(answer)]
    if answer["duration_s"] is None and answer.server_counts:
        parts += ["", _by_servers(answer, facts)]
    parts += ["", output.wrapped("That is about", _equivalents(answer, facts)), output.wrapped("The spread comes from", _spread(answer))]
    assumed = _assumed(answer)
    if assumed:
        parts.append(output.wrapped("Assumed", assumed))
    parts += [output.wrapped("Note", output.clean(warning)) for warning in answer.warnings]
    return "\n".join(parts)


def explanation(answer: "Estimate", facts: "Database") -> str:
    """Return every fact and formula behind the estimate with its source."""
    sources = facts.sources()
    parts = [_title(answer), "", output.bold("Facts and priors")]
    for name, given in answer.inputs.items():
        value = answer.interval(given.value)
        shown = f"{value.median:.6g}" if not isinstance(value.median, str) else value.median
        spread = "" if value.low == value.high else f" ({value.low:.3g} – {value.high:.3g})"
        parts.append(f"  {name} = {shown}{spread} {given.unit}".rstrip())
        parts.append(output.dim(f"    {output.clean(given.reason)}"))
        if given.source:
            title = sources.get(given.source, {}).get("title", given.source)
            parts.append(output.dim(f"    {given.kind}: {title}; {given.locator}"))
    parts += [f"  {name} = {value:g}\n{output.dim(f'    {reason}')}" for name, value, reason in answer.assumptions if name not in answer.inputs]
    parts += ["", output.bold("Arithmetic, at the medians")]
    for step in answer.steps[len(answer.inputs) :]:
        inputs = ", ".join(f"{name} = {value:.6g}" if isinstance(value, float) else f"{name} = {value}" for name, value in step.inputs.items())
        parts.append(f"  {output.bold(step.name)} = {step.formula}")
        parts.append(output.dim(f"    {inputs}"))
        title = sources.get(step.source, {}).get("title", "")
        parts.append(f"    = {step.value:.6g} {step.unit}".rstrip() + (output.dim(f"   [{title}]") if title else ""))
    shares = answer.spread_shares
    parts += ["", output.bold(f"Where the spread of each figure comes from ({answer.level:.0%} intervals)")]
    for name, parts_of in shares.items():
        parts.append(f"  {name}: " + ", ".join(f"{part} {share:.0%}" for part, share in parts_of.items() if share >= 0.005))
    parts += ["", *(output.wrapped("Note", output.clean(warning)) for warning in answer.warnings)]
    return "\n".join(parts).rstrip()


def _title(answer: "Estimate") -> str:
    plan, setting = answer.plan, answer.setting
    what = [output.clean(plan.name)] if plan.name else []
    what += [f"{output.amount(plan.params, 'count', digits=3)} parameters"] if isinstance(plan.params, float) else []
    what += [f"{output.amount(plan.tokens, 'count', digits=3)} tokens"] if isinstance(plan.tokens, float) else []
    n = f"{plan.servers:,.0f} × " if isinstance(plan.servers, float) else f"{plan.accelerators:,.0f} × " if isinstance(plan.accelerators, float) else ""
    what.append(f"{n}{setting.hardware.name}")
    if setting.place is not None:
        what.append(setting.place.name)
    if plan.start:
        what.append(f"from {plan.start}")
    return output.bold(output.filled(" · ".join(what)))


def _figures(answer: "Estimate") -> str:
    rows = [("", "median", "", f"{answer.level:.0%} interval")]
    flop = answer["compute_flop"]
    if flop is not None:
        rows.append(("Compute", f"{flop.median:.3g}", "FLOP", "exact" if flop.low == flop.high else f"{flop.low:.2g} – {flop.high:.2g}"))
    for name, label, unit in _ROWS:
        interval = answer[name] if name in answer.values else None
        if interval is None:
            continue
        if name == "mfu":
            percent = [output.significant(100.0 * bound, 2) for bound in (interval.low, interval.median, min(interval.high, 1.0))]
            rows.append((label, percent[1], "%", "exact" if interval.low == interval.high else f"{percent[0]} – {percent[2]}"))
        else:
            rows.append((label, *output.median_and_interval(interval, unit)))
    lines = output.table(rows, right=(1,)).split("\n")
    return "\n".join([output.dim(lines[0]), *lines[1:]])


def _by_servers(answer: "Estimate", facts: "Database") -> str:
    counted = "servers" if answer.setting.hardware.folder == "servers" else "accelerators"
    rows = [(counted.capitalize(), "days", f"{answer.level:.0%} interval", "cluster's purchase")]
    for count in answer.server_counts:
        each = estimate(answer.plan, database=facts, level=answer.level, **{counted: count})
        duration, purchase = each["duration_s"], each["purchase_usd"]
        if duration is not None:
            low, days, high = (output.significant(bound / S_PER_DAY, 2) for bound in duration)
            rows.append((f"{count:,}", days, f"{low} – {high}", "unknown" if purchase is None else output.amount(purchase.median, "$")))
    lines = output.table(rows, right=(0, 1, 3), gap="   ").split("\n")
    return "\n".join([output.dim(lines[0]), *lines[1:]])


def _equivalents(answer: "Estimate", facts: "Database") -> str:
    known = {row["equivalent"]: float(row["value"]) for row in facts.all_rows("equivalents")}
    phrases = []
    total, energy, water = (answer[name] for name in ("total_kgco2e", "facility_energy_kwh", "water_l"))
    if total is not None and {"flight-ny-sf", "car-km"} <= known.keys():
        phrases.append(f"{output.significant(total.median / known['flight-ny-sf'], 2)} passengers' flights New York – San Francisco")
        phrases.append(f"{output.significant(total.median / known['car-km'], 2)} km by petrol car")
    if energy is not None and "us-household-year" in known:
        phrases.append(f"{output.significant(energy.median / known['us-household-year'], 2)} years of a US household's electricity")
    if water is not None and "olympic-pool" in known:
        phrases.append(f"{output.significant(water.median / known['olympic-pool'], 2)} Olympic pools")
    return "; ".join(phrases) or "nothing that can be said"


def _spread(answer: "Estimate") -> str:
    shares = answer.spread_shares
    phrases = []
    for name, label in (("facility_energy_kwh", "energy"), ("total_kgco2e", "CO2e"), ("rent_usd", "rent"), ("own_usd", "own")):
        parts = [f"{part.replace('_', ' ')} {share:.0%}" for part, share in list(shares.get(name, {}).items())[:3] if share >= 0.05]
        if parts:
            phrases.append(f"{label}: {', '.join(parts)}")
    return "; ".join(phrases) or "nothing: every input is exact"


_SPOKEN = {
    "mfu": ("utilisation {}", 100.0, " %"),
    "pue": ("PUE {}", 1.0, ""),
    "carbon_intensity": ("grid {}", 1.0, " g/kWh"),
    "electricity_price": ("electricity {}", 1.0, " $/kWh"),
    "rent_price": ("rent {}", 1.0, " $/h"),
    "purchase_price": ("a server {}", 1e-3, " k$"),
    "service_life": ("{} of service", 1.0, " years"),
    "utilisation": ("{} of it used", 100.0, " %"),
}
"""Assumptions that the screen names, how, and in what unit."""


def _assumed(answer: "Estimate") -> str:
    phrases = []
    for name, value, _ in answer.assumptions:
        if name == "precision":
            phrases.append(value)
        elif name in _SPOKEN:
            phrase, scale, unit = _SPOKEN[name]
            phrases.append(phrase.format(output.significant(scale * float(value), 3) + unit))
    rest = len(answer.assumptions) - len(phrases)
    more = f" and {rest} more" if rest else ""
    return f"{', '.join(phrases)}{more} (--explain shows why)" if phrases or rest else ""


def _rows_of(answer: "Estimate") -> list[tuple[str, ...]]:
    from traincarbon.estimate.result import unit_of

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
    rows = [("", "median", "", f"{answer.level:.0%} interval")]
    for name, label, unit in (("compute_flop", "Compute", "FLOP"), *_ROWS):
        interval = answer[name] if name in answer.values else None
        if interval is not None and unit in ("FLOP", ""):
            rows.append((label, f"{interval.median:.3g}", unit, "exact" if interval.low == interval.high else f"{interval.low:.2g} – {interval.high:.2g}"))
        elif interval is not None:
            rows.append((label, *output.median_and_interval(interval, unit)))
    notes = "".join(f"\n- {output.clean(warning)}" for warning in answer.warnings)
    return output.markdown_table(rows, right=(1,)) + (f"\n{notes}" if notes else "")


def _save(plan: "Plan", file: str) -> None:
    try:
        with open(file, "x", encoding="utf-8") as stream:
            stream.write(plan.to_toml())
    except FileExistsError:
        raise PlanError(f"{file!r} is there already", hint="name another file, or remove that one first") from None
    except OSError as error:
        raise PlanError(f"cannot write {file!r}: {error.strerror}", hint="name a file in a folder that you may write to") from error
