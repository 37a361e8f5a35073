"""Show an estimate: on one screen of 80 columns, or with the calculation and the source of every result."""

from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.cli.screens import layout
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import NUMBERS
from traincarbon.quantities import QUANTITIES

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.estimation.result import Estimate


def screen(answer: "Estimate", facts: "Database") -> str:
    """Return the estimate on one screen of 80 columns."""
    parts = [_title(answer), "", _results_table(answer)]
    if answer["duration_s"] is None and answer.server_counts:
        parts += ["", layout.by_servers(answer, facts, with_layouts=False)]
    equivalents = _equivalents(answer, facts)
    parts += ["", *([output.wrapped("That is about", equivalents)] if equivalents else []), output.wrapped("Largest uncertainties", _uncertainties(answer))]
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
    parts += ["", output.bold("Calculation, at the medians")]
    for step in answer.steps[len(answer.inputs) :]:
        inputs = ", ".join(f"{name} = {value:.6g}" if isinstance(value, float) else f"{name} = {value}" for name, value in step.inputs.items())
        parts.append(f"  {output.bold(step.name)} = {step.formula}")
        parts.append(output.dim(f"    {inputs}"))
        title = sources.get(step.source, {}).get("title", "")
        parts.append(f"    = {step.value:.6g} {step.unit}".rstrip() + (output.dim(f"   [{title}]") if title else ""))
    if answer.layout.spread is not None:
        parts += ["", *layout.budget(answer, answer.layout.spread)]
    elif answer["duration_s"] is None and answer.server_counts:
        parts += ["", output.bold("By number of servers, each with its fastest layout"), layout.by_servers(answer, facts, with_layouts=True)]
    parts += ["", output.bold(f"Sources of the uncertainty of each result ({answer.level:.0%} intervals)")]
    for name, shares in answer.spread_shares.items():
        parts.append(f"  {name}: " + ", ".join(f"{source} {share:.0%}" for source, share in shares.items() if share >= 0.005))
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
    """Return the hardware and its number; a number of accelerators in servers says so."""
    plan, hardware = answer.plan, answer.facts.hardware
    if isinstance(plan.servers, float):
        return f"{plan.servers:,.0f} × {hardware.name}"
    if isinstance(plan.accelerators, float):
        return f"{plan.accelerators:,.0f} {'accelerators of ' if hardware.folder == 'servers' else '× '}{hardware.name}"
    return hardware.name


def result_rows(answer: "Estimate") -> list[tuple[str, ...]]:
    """Return the table of results as rows of label, median, unit and interval, the first of them the header; unknown results have no row."""
    rows: list[tuple[str, ...]] = [("", "median", "", f"{answer.level:.0%} interval")]
    for name, quantity in QUANTITIES.items():
        interval = answer[name] if name in answer.values else None
        if interval is None:
            continue
        if name == "mfu":
            low, median, high = (output.significant(100.0 * bound, 2) for bound in (interval.low, interval.median, min(interval.high, 1.0)))
            rows.append((quantity.label, median, "%", "exact" if interval.is_exact else f"{low} – {high}"))
        elif name == "compute_flop":
            bounds = "exact" if interval.is_exact else f"{interval.low:.2g} – {interval.high:.2g}"
            rows.append((quantity.label, f"{interval.median:.3g}", quantity.unit, bounds))
        else:
            rows.append((quantity.label, *output.median_and_interval(interval, quantity.unit)))
    return rows


def _results_table(answer: "Estimate") -> str:
    header, *lines = output.table(result_rows(answer), right=(1,)).split("\n")
    return "\n".join([output.dim(header), *lines])


_EQUIVALENTS = (
    ("total_kgco2e", "flight-ny-sf", ((1.0, "passengers flying New York – San Francisco and back"),)),
    ("total_kgco2e", "car-km", ((1.0, "km by petrol car"), (1e-3, "m by petrol car"))),
    ("facility_energy_kwh", "us-household-year", ((1.0, "years of a US household's electricity"), (1.0 / 365.25, "days of a US household's electricity"))),
    ("water_l", "olympic-pool", ((1.0, "Olympic pools"),)),
)
"""Results, what they are compared with, and in which units, the largest first."""
_LEAST_SHOWN = 0.01


def _equivalents(answer: "Estimate", facts: "Database") -> str:
    """Return familiar things that take as much as the results; a hundredth of one or less is left out."""
    known = {row["equivalent"]: float(row["value"]) for row in facts.all_rows("equivalents")}
    phrases = []
    for name, equivalent, units in _EQUIVALENTS:
        result = answer[name]
        if result is None or equivalent not in known:
            continue
        size, words = next((unit for unit in units if result.median >= unit[0] * known[equivalent]), units[-1])
        number = result.median / (size * known[equivalent])
        if number >= _LEAST_SHOWN:
            phrases.append(f"{output.significant(number, 2)} {words}")
    return "; ".join(phrases)


_MOST_SOURCES = 3
_LEAST_SHARE = 0.05
_UNCERTAIN = ("facility_energy_kwh", "total_kgco2e", "rent_usd", "own_usd")
"""Results whose uncertainty the screen explains."""
_ACRONYMS = {"mfu": "MFU", "pue": "PUE"}


def _uncertainties(answer: "Estimate") -> str:
    """Return the largest sources of uncertainty, and the options that narrow them."""
    phrases: list[str] = []
    options: dict[str, None] = {}
    for name in _UNCERTAIN:
        shares = [(source, share) for source, share in list(answer.spread_shares.get(name, {}).items())[:_MOST_SOURCES] if share >= _LEAST_SHARE]
        if not shares:
            continue
        listed = ", ".join(f"{_ACRONYMS.get(source, source.replace('_', ' '))} {share:.0%}" for source, share in shares)
        phrases.append(f"{QUANTITIES[name].short} – {listed}")
        if shares[0][0] in NUMBERS and getattr(answer.plan, shares[0][0]) is None:
            options[f"--{shares[0][0].replace('_', '-')}"] = None
    if not phrases:
        return "none: every input is exact"
    narrow = f". Narrow them with {output.listed([*options])}." if options else ""
    return "; ".join(phrases) + narrow


_ASSUMED = {
    "mfu": ("MFU {} %", 100.0),
    "pue": ("PUE {}", 1.0),
    "carbon_intensity": ("grid {} g/kWh", 1.0),
    "electricity_price": ("electricity ${}/kWh", 1.0),
    "rent_price": ("rent ${} per GPU-hour", 1.0),
    "purchase_price": ("${}k per server", 1e-3),
    "service_life": ("{} years of service", 1.0),
    "utilisation": ("{} % of them in use", 100.0),
}
"""Assumptions that the screen names, in which words and in which unit."""
_FACTORS = {"mfu_calibration": "MFU", "power_calibration": "GPU power", "host_calibration": "power of the rest of the server"}
_STEP = "efficiency of a step"


def _calibration(answer: "Estimate", facts: "Database") -> str | None:
    """Return which calibration was applied, its factors, and the results without it; None if none was applied."""
    used = [(words, answer.inputs[name]) for name, words in _FACTORS.items() if name in answer.inputs]
    if answer.accelerators is not None and answer.layout.spread is not None and (step := answer.facts.given("step_calibration")) is not None:
        used.append((_STEP, step))
    if not used:
        return None
    factors = ", ".join(f"{words} × {answer.interval(given.value).median:.2f}" for words, given in used)
    first = used[0][1]
    without = estimate(answer.plan, database=facts, level=answer.level, calibration="none")
    changed = []
    for name in ("accelerator_hours_h", "facility_energy_kwh"):
        if (interval := without[name]) is not None:
            median, unit, bounds = output.median_and_interval(interval, QUANTITIES[name].unit)
            changed.append(f"{median} {unit} ({bounds})")
    if used[-1][0] == _STEP and answer.layout.spread is not None:
        changed.append(f"a step {output.significant(float(answer.layout.spread.step.total_s) * answer.layout.spread.calibration, 3)} s")
    name = output.clean(answer.facts.calibration)
    how = "applied automatically (disable it with --calibration none)" if first.assumed else "as requested"
    return f"{name}, {output.clean(first.locator)}, {how}: {factors}. Without it: {', '.join(changed) or 'the same'}"


def _assumed(answer: "Estimate") -> str:
    phrases = []
    for name, value, _ in answer.assumptions:
        if name == "precision":
            phrases.append(value)
        elif name in _ASSUMED:
            phrase, scale = _ASSUMED[name]
            phrases.append(phrase.format(output.significant(scale * float(value), 3)))
    rest = len(answer.assumptions) - len(phrases)
    more = f" and {rest} more" if rest else ""
    return f"{', '.join(phrases)}{more} (--explain lists the reasons)" if phrases or rest else ""
