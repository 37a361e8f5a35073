"""An estimate as a person reads it: on one screen of 80 columns, and with the arithmetic and the source of every figure."""

from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.cli.screens import layout
from traincarbon.estimation.chain import estimate

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.estimation.result import Estimate

_ROWS = (
    ("compute_flop", "Compute", "FLOP"),
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


def screen(answer: "Estimate", facts: "Database") -> str:
    """Return the estimate on one screen of 80 columns."""
    parts = [_title(answer), "", _figures(answer)]
    if answer["duration_s"] is None and answer.server_counts:
        parts += ["", layout.by_servers(answer, facts, with_layouts=False)]
    pictured = _equivalents(answer, facts)
    parts += ["", *([output.wrapped("That is about", pictured)] if pictured else []), output.wrapped("The spread comes from", _spread(answer))]
    if answer.accelerators is not None and answer.layout.spread is not None:
        parts.append(output.wrapped("Layout", layout.line(answer, answer.layout.spread)))
    if (calibration := _calibration(answer, facts)) is not None:
        parts.append(output.wrapped("Calibration", calibration))
    assumed = _assumed(answer)
    if assumed:
        parts.append(output.wrapped("Assumed", assumed))
    parts += [output.wrapped("Note", output.clean(warning)) for warning in (*answer.warnings, *answer.missing_layout())]
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
        parts += ["", *layout.budget(answer, answer.layout.spread)]
    elif answer["duration_s"] is None and answer.server_counts:
        parts += ["", output.bold("By number of servers, each on its fastest layout"), layout.by_servers(answer, facts, with_layouts=True)]
    shares = answer.spread_shares
    parts += ["", output.bold(f"Where the spread of each figure comes from ({answer.level:.0%} intervals)")]
    for name, parts_of in shares.items():
        parts.append(f"  {name}: " + ", ".join(f"{part} {share:.0%}" for part, share in parts_of.items() if share >= 0.005))
    parts += ["", *(output.wrapped("Note", output.clean(warning)) for warning in (*answer.warnings, *answer.missing_layout()))]
    return "\n".join(parts).rstrip()


def _title(answer: "Estimate") -> str:
    plan, setting = answer.plan, answer.facts
    what = [output.clean(plan.name)] if plan.name else []
    what += [f"{output.amount(plan.params, 'count', digits=3)} parameters"] if isinstance(plan.params, float) else []
    what += [f"{output.amount(plan.tokens, 'count', digits=3)} tokens"] if isinstance(plan.tokens, float) else []
    what.append(_machines(answer))
    if setting.place is not None:
        what.append(setting.place.name)
    if plan.start:
        what.append(f"from {plan.start}")
    return output.bold(output.filled(" · ".join(what)))


def _machines(answer: "Estimate") -> str:
    """Return the hardware and how much of it; accelerators of servers are not to be taken for so many servers."""
    plan, hardware = answer.plan, answer.facts.hardware
    if isinstance(plan.servers, float):
        return f"{plan.servers:,.0f} × {hardware.name}"
    if isinstance(plan.accelerators, float):
        return f"{plan.accelerators:,.0f} {'accelerators of ' if hardware.folder == 'servers' else '× '}{hardware.name}"
    return hardware.name


def figures(answer: "Estimate") -> list[tuple[str, ...]]:
    """Return the head and the rows of the table of figures: label, median, unit and interval; what is not known has no row."""
    rows: list[tuple[str, ...]] = [("", "median", "", f"{answer.level:.0%} interval")]
    for name, label, unit in _ROWS:
        interval = answer[name] if name in answer.values else None
        if interval is None:
            continue
        if name == "mfu":
            percent = [output.significant(100.0 * bound, 2) for bound in (interval.low, interval.median, min(interval.high, 1.0))]
            rows.append((label, percent[1], "%", "exact" if interval.low == interval.high else f"{percent[0]} – {percent[2]}"))
        elif name == "compute_flop":
            rows.append((label, f"{interval.median:.3g}", unit, "exact" if interval.low == interval.high else f"{interval.low:.2g} – {interval.high:.2g}"))
        else:
            rows.append((label, *output.median_and_interval(interval, unit)))
    return rows


def _figures(answer: "Estimate") -> str:
    lines = output.table(figures(answer), right=(1,)).split("\n")
    return "\n".join([output.dim(lines[0]), *lines[1:]])


_EQUIVALENTS = (
    ("total_kgco2e", "flight-ny-sf", ((1.0, "passengers flying New York – San Francisco and back"),)),
    ("total_kgco2e", "car-km", ((1.0, "km by petrol car"), (1e-3, "m by petrol car"))),
    ("facility_energy_kwh", "us-household-year", ((1.0, "years of a US household's electricity"), (1.0 / 365.25, "days of a US household's electricity"))),
    ("water_l", "olympic-pool", ((1.0, "Olympic pools"),)),
)
"""Figures, what people can picture them by, and in which units, the largest first."""
_LEAST_PICTURED = 0.01


def _equivalents(answer: "Estimate", facts: "Database") -> str:
    """Return what people can picture the figures by; what would be a hundredth of it and less is left out."""
    known = {row["equivalent"]: float(row["value"]) for row in facts.all_rows("equivalents")}
    phrases = []
    for name, equivalent, units in _EQUIVALENTS:
        figure = answer[name]
        if figure is None or equivalent not in known:
            continue
        size, words = next((unit for unit in units if figure.median >= unit[0] * known[equivalent]), units[-1])
        amount = figure.median / (size * known[equivalent])
        if amount >= _LEAST_PICTURED:
            phrases.append(f"{output.significant(amount, 2)} {words}")
    return "; ".join(phrases)


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
    if answer.accelerators is not None and answer.layout.spread is not None and (step := answer.facts.given("step_calibration")) is not None:
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
