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
    from traincarbon.estimate.layout import Spread
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
        parts += ["", _by_servers(answer, facts, with_layouts=False)]
    parts += ["", output.wrapped("That is about", _equivalents(answer, facts)), output.wrapped("The spread comes from", _spread(answer))]
    if answer.accelerators is not None and answer.layout.spread is not None:
        parts.append(output.wrapped("Layout", _layout(answer, answer.layout.spread)))
    if (calibration := _calibration(answer, facts)) is not None:
        parts.append(output.wrapped("Calibration", calibration))
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
    if answer.layout.spread is not None:
        parts += ["", *_budget(answer, answer.layout.spread)]
    elif answer["duration_s"] is None and answer.server_counts:
        parts += ["", output.bold("By number of servers, each on its fastest layout"), _by_servers(answer, facts, with_layouts=True)]
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


def _by_servers(answer: "Estimate", facts: "Database", *, with_layouts: bool) -> str:
    """Return durations and prices by number of servers; a layout of each takes a search, so only where asked for."""
    counted = "servers" if answer.setting.hardware.folder == "servers" else "accelerators"
    rows: list[tuple[str, ...]] = [(counted.capitalize(), "days", f"{answer.level:.0%} interval", "cluster's purchase")]
    layouts = [("tp × pp × dp", "step MFU")]
    for count in answer.server_counts:
        each = estimate(answer.plan, database=facts, level=answer.level, **{counted: count})
        duration, purchase = each["duration_s"], each["purchase_usd"]
        if duration is not None:
            low, days, high = (output.significant(bound / S_PER_DAY, 2) for bound in duration)
            rows.append((f"{count:,}", days, f"{low} – {high}", "unknown" if purchase is None else output.amount(purchase.median, "$")))
            layouts += [_layout_cells(each.layout.spread)] if with_layouts else []
    if with_layouts:
        rows = [(*row, *cells) for row, cells in zip(rows, layouts, strict=True)]
    lines = output.table(rows, right=(0, 1, 3, 5), gap="  " if with_layouts else "   ").split("\n")
    return "\n".join([output.dim(lines[0]), *lines[1:]])


def _layout_cells(spread: "Spread | None") -> tuple[str, str]:
    """Return the degrees of tensor, pipeline and data parallelism and the utilisation of a step; nothing where no layout fits."""
    if spread is None:
        return "none fits", ""
    layout = spread.layout
    return " × ".join(f"{degree:,.0f}" for degree in (layout.tp, layout.pp, layout.dp * layout.cp)), f"{100.0 * spread.mfu:.0f} %"


def _layout(answer: "Estimate", spread: "Spread") -> str:
    layout = spread.layout
    degrees = [(layout.tp, "tensor"), (layout.pp, "pipeline"), (layout.cp, "context"), (layout.dp, "data")]
    split = " × ".join(f"{degree:,.0f} {name}" for degree, name in degrees if degree > 1.0) or "one accelerator"
    details = [f"{layout.ep:g} expert"] * (layout.ep > 1.0) + [f"{layout.interleave:g} chunks a stage"] * (layout.interleave > 1.0)
    details += [f"micro-batch {layout.micro_batch:g}", "sharded weights" if layout.sharded_weights else "sharded optimiser"]
    details += [f"{spread.recompute} recomputation"] * (spread.recompute != "none")
    held = f"{spread.memory.total_b / 1e9:.0f} of {answer.setting.given['memory_b'].value / 1e9:.0f} GB"
    step = f"{output.significant(float(spread.step.total_s), 3)} s a step of {layout.sequences:,.0f} sequences"
    below = answer["mfu"] is not None and spread.mfu < answer.median("mfu")
    doubt = ": below the utilisation above, which so many accelerators will hardly reach" if below else ""
    return f"{split} parallel ({', '.join(details)}); {held}; {step} at {100.0 * spread.mfu:.0f} % MFU{doubt}; most is lost to {spread.limits}"


_TERMS = {
    "matmul_s": "matrix products",
    "attention_s": "attention scores",
    "memory_s": "element-wise work",
    "head_s": "logits and loss",
    "launch_s": "launching kernels",
    "tensor_parallel_s": "tensor-parallel exchange",
    "context_parallel_s": "context-parallel exchange",
    "expert_parallel_s": "expert-parallel exchange",
    "pipeline_s": "hops between stages",
    "bubble_s": "pipeline bubble",
    "data_parallel_s": "exchange of gradients",
    "optimiser_s": "optimiser",
}


def _budget(answer: "Estimate", spread: "Spread") -> list[str]:
    """Return the lines of a step's time and of the memory of the fullest accelerator, by what they go to."""
    total_s, held_b = float(spread.step.total_s), float(spread.memory.total_b)
    rows = [
        (f"  {words}", f"{seconds:.3g} s", f"{seconds / total_s:.1%}") for name, words in _TERMS.items() if (seconds := float(getattr(spread.step, name))) > 0.0
    ]
    held = [(f"  {name.removesuffix('_b')}", f"{value / 1e9:.3g} GB", f"{value / held_b:.1%}") for name, value in spread.memory._asdict().items()]
    whose = "runs of your own ran theirs" if spread.calibration != 1.0 else "the software of published benches runs it"
    lines = [output.bold(f"One step on the layout, as {whose}"), output.filled(_layout(answer, spread))]
    lines += [output.table([*rows, ("  step", f"{total_s:.3g} s", "")], right=(1, 2))]
    lines += ["", output.bold("Memory of the fullest accelerator"), output.table([*held, ("  in all", f"{held_b / 1e9:.3g} GB", "")], right=(1, 2))]
    if answer["mfu"] is not None:
        ratio = answer.median("mfu") / spread.mfu
        stated = answer.plan.mfu is not None or answer.plan.accelerator_hours is not None
        whole = "as stated" if stated else "by your own" if "mfu_calibration" in answer.inputs else "by published ones"
        text = f"Steps run at {spread.mfu:.0%} of the peak, whole runs {whole} at {answer.median('mfu'):.0%}: {ratio:.2f} of it reaches the end."
        lines += ["", output.filled(text)]
    lines += [f"  {name} = {value:,.6g}\n{output.dim(f'    {reason}')}" for name, value, reason in answer.layout.assumed]
    return lines


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


_FACTORS = {"mfu_calibration": "utilisation", "power_calibration": "accelerators' draw", "host_calibration": "rest of servers' draw"}


_STEP = "step on its layout"


def _calibration(answer: "Estimate", facts: "Database") -> str | None:
    """Return which calibration was laid over the priors, by how much and what the answer was without; None where there was none."""
    used = [(words, answer.inputs[name]) for name, words in _FACTORS.items() if name in answer.inputs]
    if answer.accelerators is not None and answer.layout.spread is not None and (step := answer.setting.given.get("step_calibration")) is not None:
        used.append((_STEP, step))
    if not used:
        return None
    factors = ", ".join(f"{words} × {answer.interval(given.value).median:.2f}" for words, given in used)
    first = used[0][1]
    without = estimate(answer.plan, database=facts, level=answer.level, calibration="none")
    changed = []
    for name, words, unit in (("accelerator_hours_h", "accelerator-hours", "h"), ("facility_energy_kwh", "facility energy", "kWh")):
        if (interval := without[name]) is not None:
            middle, scale, bounds = output.median_and_interval(interval, unit)
            changed.append(f"{words} {middle} {scale} ({bounds})")
    if used[-1][0] == _STEP and answer.layout.spread is not None:
        changed.append(f"a step {output.significant(float(answer.layout.spread.step.total_s) * answer.layout.spread.calibration, 3)} s")
    name = output.clean(first.source.removeprefix("calibration "))
    how = "applied by itself; --calibration none switches it off" if first.assumed else "as asked"
    return f"{name}, {output.clean(first.locator)}, {how}: {factors}. Without it: {', '.join(changed) or 'the same'}"


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
