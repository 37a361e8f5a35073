"""Show a backtest: a verdict in words and tables on a screen, and the Markdown of docs/accuracy.md."""

import math
from collections import Counter
from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.cli.screens.power import power_lines, power_table
from traincarbon.cli.screens.targets import target_lines, target_table
from traincarbon.quantities import KG_PER_T
from traincarbon.validation.accuracy import POOLED

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.validation.accuracy import Backtest, Case, Errors, SetSummary
    from traincarbon.validation.landmarks import Landmark


def screen(tried: "Backtest") -> str:
    """Return a table for each quantity, the meaning of its columns, and why rows were set aside."""
    sets = tried.sets()
    parts = [*_verdict(sets), *target_table(tried, width=_NAME)]
    for quantity, shown in _shown(sets).items():
        head = (quantity.ljust(_NAME), "n".rjust(_COUNT), "med.", "mean", "p90", "bias", "", "50%", "90%", "", *_RULES.values())
        rows = [(_shortened(name), *errors, "", *shares, "", *rules) for name, errors, shares, rules in map(_cells, shown)]
        parts += [output.fitting_table([head, *rows], right=range(1, len(head)), drop=_DROPPED, cut=(0,), gap=" "), ""]
    families = tried.families()
    if families:
        head = ("GPU-hours of whole runs".ljust(_NAME), "n".rjust(_COUNT), "med.", "mean", "p90", "bias", "", "50%", "90%", "", *_RULES.values())
        rows = [(_shortened(name.rstrip("*")), *errors, "", *shares, "", *rules) for name, errors, shares, rules in map(_cells, families)]
        parts += [output.fitting_table([head, *rows], right=range(1, len(head)), drop=_DROPPED, cut=(0,), gap=" "), ""]
    parts += power_table(tried, width=_NAME)
    if not sets:
        parts += ["No row could be predicted.", ""]
    parts += [output.wrapped("Errors", _ERRORS), output.wrapped("Columns", _COLUMNS)] if sets else []
    parts += [output.wrapped("Not shown", _HIDDEN)] if len(sets) > sum(map(len, _shown(sets).values())) else []
    reasons = _reasons(tried)
    listed = "; ".join(f"{count} × {output.clean(reason)}" for reason, count in reasons[:_MOST_REASONS])
    more = f"; and {len(reasons) - _MOST_REASONS} other reasons" if len(reasons) > _MOST_REASONS else ""
    return "\n".join([*parts, output.wrapped("Set aside", f"{listed}{more} (--json names each row)" if listed else "nothing")])


def _verdict(sets: "list[SetSummary]") -> list[str]:
    """Return a sentence for each quantity: how far estimates are from published values, and how many lie inside the interval."""
    lines = []
    pooled = {entry.quantity: entry for entry in sets if entry.set == POOLED}
    for entry in (pooled[quantity] for quantity in _VERDICTS if quantity in pooled):
        errors, rules = entry.errors, [rule.median_abs_ln for rule in entry.baselines.values()]
        inside, expected = 100.0 * (errors.coverage_90 or 0.0), 100.0 * _LEVEL
        text = f"{_VERDICTS[entry.quantity]}: within {_per_cent(errors.median_abs_ln)} in the median, {inside:.0f} % of {errors.n} {_WHAT[entry.quantity]} inside the 90 % interval"
        if rules:
            text += f"; the best simple rule is within {_per_cent(min(rules))}"
        color = output.better if inside >= expected - _NEAR else output.caution
        lines.append(color(output.filled(f"{text}.")))
    return [output.bold(output.filled("How close are the estimates to what was published?")), *lines, ""] if lines else []


def _per_cent(log: float) -> str:
    """Return the size of a logarithm as how much larger the larger number is."""
    return f"{100.0 * math.expm1(abs(log)):.0f} %"


_LEVEL, _NEAR = 0.9, 6.0
"""The level of the interval in the verdict, and how many points below it a coverage counts as kept: sets are small."""
_VERDICTS = {
    "accelerator_hours_h": "GPU-hours",
    "facility_energy_kwh": "Energy, facility",
    "it_energy_kwh": "Energy, servers and network",
    "operational_kgco2e": "CO2e, electricity",
    "mfu": "Utilisation (MFU)",
    "step_time_s": "Time of a step",
}
"""Quantities of the verdict to their words."""
_WHAT = {"step_time_s": "steps", "mfu": "values"} | dict.fromkeys(("accelerator_hours_h", "facility_energy_kwh", "it_energy_kwh", "operational_kgco2e"), "runs")


def report(tried: "Backtest", landmarks: "list[Landmark] | None" = None, facts: "Database | None" = None) -> str:
    """Return the report as Markdown, with well-known runs and the shipped constants of *facts* if those are given."""
    parts = ["# Accuracy", "", f"Made by {'`make accuracy`' if landmarks else '`carbon validate --markdown`'}. Not edited by hand.", ""]
    parts += _landmarks(landmarks) if landmarks else []
    parts += target_lines(tried)
    parts += _families(tried, facts)
    parts += power_lines(tried)
    parts += ["## Backtest", "", *_BACKTEST, ""]
    head = ("set", "n", "median", "mean", "p90", "bias", "in 50 %", "in 90 %", *_RULES.values())
    sets = tried.sets()
    for quantity, shown in _shown(sets).items():
        rows = [(output.clean(name), *errors, *(f"{share} %" for share in shares), *rules) for name, errors, shares, rules in map(_cells, shown)]
        parts += [f"### {quantity}", "", output.markdown_table([head, *rows], right=range(1, len(head))), ""]
    rules = [row for entry in sets if entry.set == POOLED for row in _rule_rows(entry)]
    parts += ["### The simple rules, all rows", "", output.markdown_table([_RULES_HEAD, *rules], right=range(2, len(_RULES_HEAD))), ""]
    if facts is not None:
        parts += ["### Step times, with the constants as they are shipped", "", _SHIPPED, ""]
        parts += [output.markdown_table([_STEPS_HEAD, *_step_rows(facts)], right=range(1, len(_STEPS_HEAD) - 1)), ""]
    return "\n".join([*parts, "## Set aside", "", *([f"- {count} × {output.clean(reason)}" for reason, count in _reasons(tried)] or ["Nothing."])])


_FEWEST = 5
"""Sets with fewer rows are in the pooled lines only, except for steps, where a set is one table of one paper. The JSON has them all."""
_NAME, _COUNT = 28, 3
"""Widths of the first two columns, the same in every table."""
_DROPPED = (12, 11, 10, 9, 6, 3, 4)
"""Columns that a narrow screen leaves out, the first one first: the rules, the gaps, the mean and the 90th percentile."""
_MOST_REASONS = 6
_RULES = {"epoch_mfu_0.375": "0.375", "generation_mean": "gen.", "llmcarbon": "LLMC"}
"""Baselines to the heads of their columns."""
_ERRORS = (
    "|ln(estimate / published)|: 0.10 is about 10 %, 0.69 a factor of two; the bias keeps the sign. Each row is predicted with constants "
    "fitted without its organisation. The shipped constants were fitted on sets marked *, among others."
)
_COLUMNS = (
    "50% and 90%: percentage of rows inside the interval of that level. 0.375, gen. and LLMC: median errors of simple rules: a constant MFU of 0.375 "
    "(Epoch), the mean of the generation, LLMCarbon's regression. For energy and carbon, the rules' hours use our power and intensity."
)
_HIDDEN = "sets of fewer than five rows; they count in “all”, and --json has each"
_BACKTEST = (
    "Each row is predicted with constants fitted without its source: hours, utilisation, energy and carbon without the rows of its organisation,",
    "step times without the sets of its publisher.",
    "The shipped constants were fitted on the sets marked with *, among others.",
    "Errors are absolute natural logarithms of estimate over published: 0.10 is about 10 %, 0.69 a factor of two. The bias keeps the sign.",
    "The last three columns are the median errors of simple rules: a constant MFU of 0.375 (Epoch), the mean of the generation without the source (gen.),",
    "and LLMCarbon's regression (LLMC). For energy and carbon, the rules' hours use our power and intensity.",
    "Sets of fewer than five rows appear in the pooled lines only, except for step times.",
)
_FAMILIES = (
    "This is what runs that nobody fitted are expected to give: every organisation is predicted with constants, intervals among them, that were fitted without it.",
    "The form was chosen on the same rows with organisations left out; docs/method.md lists what was tried. Rows whose numbers do not give their work are left out here and listed below.",
    "Language models are dense ones, mixtures of experts, encoders and encoder-decoders together.",
)
_MOST_WORST = 15
_WORST_HEAD = ("run", "family", "error", "why its numbers do not give its work, and what its row says")
_SHIPPED = "The table of step_time_s predicts each set with efficiencies fitted without its publisher. With the shipped efficiencies, the errors relative to published times are:"
_RULES_HEAD = ("quantity", "rule", "n", "median", "mean", "p90", "bias")
_STEPS_HEAD = ("set", "n", "mean", "median", "p90", "bias", "fitted on it")
_LANDMARKS_HEAD = ("run", "published hours", "median", "90 % interval", "inside", "published energy", "median", "90 % interval", "inside")
_HOURS_HEAD = ("run", "published energy", "from hours", "difference", "published CO2e", "from energy", "difference", "how the energy was published")


def _families(tried: "Backtest", facts: "Database | None") -> list[str]:
    """Return the errors of the hours of whole runs by family, the floor, and the runs that are predicted worst, with the reason."""
    families = tried.families()
    if not families:
        return []
    head = ("family", "n", "median", "mean", "p90", "bias", "in 50 %", "in 90 %", *_RULES.values())
    rows = [(output.clean(name.rstrip("*")), *errors, *(f"{share} %" for share in shares), *rules) for name, errors, shares, rules in map(_cells, families)]
    parts = ["## Hours of whole runs, by family", "", *_FAMILIES, "", output.markdown_table([head, *rows], right=range(1, len(head))), ""]
    rows = [
        (output.clean(name.rstrip("*")), *errors, *(f"{share} %" for share in shares), *rules)
        for name, errors, shares, rules in map(_cells, tried.generations())
    ]
    if rows:
        parts += ["Language models by generation of hardware:", "", output.markdown_table([("generation", *head[1:]), *rows], right=range(1, len(head))), ""]
    if facts is not None and tried.is_built_in:
        from traincarbon.cli.screens.unseen_runs import unseen_lines

        parts += unseen_lines(tried, facts)
    notes = _notes() if tried.is_built_in else {}
    worst = [(case.id, case.family, f"{case.error_ln:+.2f}", _reason(case, notes)) for case in tried.worst(_MOST_WORST)]
    return [
        *parts,
        "The runs that are predicted worst, those that no constant is fitted to among them:",
        "",
        output.markdown_table([_WORST_HEAD, *worst], right=(2,)),
        "",
    ]


def _notes() -> dict[str, str]:
    """Return what our published runs say of themselves, by id."""
    from traincarbon.published.runs_file import read_runs

    return {run.id: run.note for run in read_runs()[0]}


def _reason(case: "Case", notes: dict[str, str]) -> str:
    """Return why the numbers of a run do not give its work, and what its row says of them."""
    parts = [case.unusable.replace("-", " "), output.clean(notes.get(case.id, ""))]
    return ": ".join(part for part in parts if part) or "not known"


def _shown(sets: "list[SetSummary]") -> "dict[str, list[SetSummary]]":
    """Return the sets to show by quantity, the pooled one last."""
    shown: dict[str, list[SetSummary]] = {entry.quantity: [] for entry in sets if entry.set == POOLED}
    for entry in sets:
        if entry.errors.n >= _FEWEST or entry.set == POOLED or entry.quantity == "step_time_s":
            shown[entry.quantity].append(entry)
    return shown


def _cells(entry: "SetSummary") -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the name, the errors, the coverage in per cent, and the median errors of the rules."""
    shares = tuple(f"{100.0 * (share or 0.0):.0f}" for share in (entry.errors.coverage_50, entry.errors.coverage_90))
    rules = tuple(f"{entry.baselines[rule].median_abs_ln:.2f}" if rule in entry.baselines else "" for rule in _RULES)
    return f"{entry.set}{'*' if entry.fitted_on and entry.set != POOLED else ''}", _error_cells(entry.errors), shares, rules


def _error_cells(errors: "Errors") -> tuple[str, ...]:
    sizes = (errors.median_abs_ln, errors.mean_abs_ln, errors.p90_abs_ln)
    return (str(errors.n), *(f"{size:.2f}" for size in sizes), f"{round(errors.bias_ln, 2) + 0.0:+.2f}")


def _shortened(name: str) -> str:
    clean = output.clean(name)
    return clean if len(clean) <= _NAME else f"{clean[: _NAME - 1]}…"


def _rule_rows(entry: "SetSummary") -> list[tuple[str, ...]]:
    found = {"the model": entry.errors, **entry.baselines}
    return [(entry.quantity, name, *_error_cells(errors)) for name, errors in found.items()]


def _reasons(tried: "Backtest") -> list[tuple[str, int]]:
    """Return why rows were set aside and how many, the most frequent reason first."""
    reasons = Counter(aside.reason if aside.line is None else "unreadable (see the warnings)" for aside in tried.set_aside)
    return sorted(reasons.items(), key=lambda item: (-item[1], item[0]))


def _landmarks(found: "list[Landmark]") -> list[str]:
    from traincarbon.validation.landmarks import share_inside

    held, of = share_inside(found)
    return [
        "## Well-known runs",
        "",
        "Estimates from parameters, tokens, hardware and number of accelerators alone, with the PUE of the site if it was published.",
        "The priors were fitted on these runs too; the backtest below leaves each organisation out.",
        "BLOOM's published energy is the power cap times the hours of its accelerators; it is compared with the energy of the servers.",
        "The form of the power model was chosen with this table in view: see method.md.",
        "",
        output.markdown_table([_LANDMARKS_HEAD, *(_landmark_row(case) for case in found)], right=range(1, len(_LANDMARKS_HEAD))),
        "",
        f"{held} of {of} published values lie inside their 90 % interval.",
        "",
        "From the published hours alone (energy), and from the published energy and intensity (CO2e):",
        "",
        output.markdown_table([_HOURS_HEAD, *(_hours_row(case) for case in found)], right=range(1, len(_HOURS_HEAD) - 1)),
        "",
    ]


def _landmark_row(case: "Landmark") -> tuple[str, ...]:
    from traincarbon.validation.landmarks import inside

    cells = [case.run.model]
    for interval, published, unit in ((case.hours, case.run.hours_h, "h"), (case.energy, case.run.energy_kwh, "kWh")):
        middle, name, bounds = output.median_and_interval(interval, unit)
        verdict = {True: "yes", False: "**no**", None: ""}[inside(interval, published)]
        cells += [_amount(published, unit), f"{middle} {name}", bounds, verdict]
    return tuple(cells)


def _hours_row(case: "Landmark") -> tuple[str, ...]:
    from traincarbon.validation.landmarks import relative

    energy, co2e_t = case.run.energy_kwh, case.run.co2e_t
    scope = {"facility": "facility", "server": "servers", "gpu-only": "accelerators alone"}.get(case.run.energy_scope, "")
    how = f"{scope}, {'measured power' if case.energy_is_measured else 'power cap × hours'}"
    return (
        case.run.model,
        _amount(energy, "kWh"),
        _amount(case.energy_from_hours_kwh, "kWh"),
        _percent(relative(case.energy_from_hours_kwh, energy)),
        _amount(None if co2e_t is None else co2e_t * KG_PER_T, "kg CO2e"),
        _amount(None if case.co2e_from_energy_t is None else case.co2e_from_energy_t * KG_PER_T, "kg CO2e"),
        _percent(relative(case.co2e_from_energy_t, co2e_t)),
        how,
    )


def _step_rows(facts: "Database") -> list[tuple[str, ...]]:
    from traincarbon.published.runs_file import read_measured_steps, read_runs
    from traincarbon.published.step_efficiency import errors_by_set
    from traincarbon.published.step_rows import read_steps

    found = errors_by_set(read_steps([*read_runs()[0], *read_measured_steps()], facts)[0], facts)
    shares = [(entry, [f"{100.0 * share:.1f} %" for share in (entry.mean, entry.median, entry.p90)]) for entry in found]
    return [(entry.set, str(entry.n), *three, f"{100.0 * entry.bias:+.1f} %", "yes" if entry.is_fitted else "no") for entry, three in shares]


def _amount(value: float | None, unit: str) -> str:
    return "" if value is None else output.amount(value, unit, digits=3)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100.0 * value:+.1f} %"
