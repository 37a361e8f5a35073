"""Show an estimate on one screen: the answer in a sentence, warnings, results, how sure they are, and what to do next."""

from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.cli.screens import layout
from traincarbon.cli.screens.answer import price, results_table, sentence, utilisation
from traincarbon.estimation.plan_fields import NUMBERS
from traincarbon.quantities import QUANTITIES

if TYPE_CHECKING:
    from traincarbon.calibration.own_runs import OwnRuns
    from traincarbon.database.load import Database
    from traincarbon.estimation.result import Estimate

MOST_LINES = 24
"""Lines below the sentence on a screen of 80 columns; a narrower one has more."""
SHOWN = (
    "rent_usd",
    "own_usd",
    "tco_usd",
    "purchase_usd",
    "duration_s",
    "facility_energy_kwh",
    "total_kgco2e",
    "water_l",
    "accelerator_hours_h",
    "compute_flop",
)
"""The results of the screen, in the order in which people read them; ``--explain`` shows all."""
_USUAL_COLUMNS = 80
_BLANK = 4
"""Rank of the blank line below the table."""


def screen(answer: "Estimate", facts: "Database", *, asked: str = "", own: "OwnRuns | None" = None) -> str:
    """Return the estimate on one screen; where there is no room, what ``--explain`` shows too is left out.

    Args:
        answer: The estimate.
        facts: The database that it rests on.
        asked: The options that asked for it, which the command to run next repeats.
        own: Own runs that would narrow it.
    """
    cautions = [output.caution(output.filled(f"Warning: {output.clean(text)}")) for text in answer.cautions[int(answer.is_raised) :]]
    upper = [*cautions, "", results_table(answer, SHOWN)]
    lower = [(_BLANK, ""), *_lower(answer, facts, asked, own)]
    most = MOST_LINES * max(1.0, _USUAL_COLUMNS / output.width())
    for rank in sorted({rank for rank, _ in lower if rank}, reverse=True):
        if _count_lines([*upper, *(text for _, text in lower)]) <= most:
            break
        lower = [each for each in lower if each[0] != rank]
    return "\n".join([sentence(answer), *upper, *(text for _, text in lower)])


def _count_lines(blocks: list[str]) -> int:
    return sum(block.count("\n") + 1 for block in blocks)


def _lower(answer: "Estimate", facts: "Database", asked: str, own: "OwnRuns | None") -> list[tuple[int, str]]:
    """Return the blocks below the table, each with its rank: the highest is left out first, 0 never."""
    found: list[tuple[int, str, str]] = []
    by_servers = layout.durations(answer, facts) if answer["duration_s"] is None and answer.plan.accelerator_hours is None else ""
    spread = answer.layout.spread if answer.accelerators is not None else None
    if by_servers:
        found.append((0, "Time", by_servers))
    if answer["mfu"] is not None:
        found.append((0, "MFU", utilisation(answer)))
    if "rent_price" in answer.inputs:
        found.append((2, "Price", price(answer)))
    if spread is not None:
        rank = 0 if layout.may_be_out_of_reach(answer, spread, facts) else 3
        found.append((rank, "Layout", layout.line(answer, spread, facts)))
    found.append((0, "Largest uncertainties", _uncertainties(answer)))
    if (calibration := _calibration(answer)) is not None:
        found.append((0, "Calibration", calibration))
    if own is not None:
        from traincarbon.cli.screens.own_runs import own_runs_line  # few have such runs

        found.append((0, "Own runs", own_runs_line(own)))
    if equivalents := _equivalents(answer, facts):
        found.append((5, "That is about", equivalents))
    blocks = [(rank, output.wrapped(label, text)) for rank, label, text in found]
    if assumed := _assumed(answer):
        blocks.append((0, assumed))
    unknown = [text for name, text in answer.gaps.items() if name != "duration_s" or not by_servers] + answer.missing_layout()
    blocks += [(0, output.wrapped("Note", output.clean(text))) for text in unknown]
    return [*blocks, (1, output.wrapped("Next", _next(answer, asked)))]


_EQUIVALENTS = (
    ("total_kgco2e", "flight-ny-sf", ((1.0, "passengers flying New York – San Francisco and back"),)),
    ("total_kgco2e", "car-km", ((1.0, "km by petrol car"), (1e-3, "m by petrol car"))),
    ("facility_energy_kwh", "us-household-year", ((1.0, "years of a US household's electricity"), (1.0 / 365.25, "days of a US household's electricity"))),
)
"""Results, what they are compared with, and in which units, the largest first."""
_LEAST_SHOWN = 0.1


def _equivalents(answer: "Estimate", facts: "Database") -> str:
    """Return the first familiar things that take as much as the results and fit in a line; a tenth of one or less is left out."""
    known = {row["equivalent"]: float(row["value"]) for row in facts.all_rows("equivalents")}
    phrases: list[str] = []
    for name, equivalent, units in _EQUIVALENTS:
        result = answer[name]
        if result is None or equivalent not in known:
            continue
        size, words = next((unit for unit in units if result.median >= unit[0] * known[equivalent]), units[-1])
        number = result.median / (size * known[equivalent])
        longer = "; ".join([*phrases, f"{output.significant(number, 2)} {words}"])
        if number >= _LEAST_SHOWN and len(longer) <= output.width() - len("That is about: "):
            phrases = longer.split("; ")
    return "; ".join(phrases)


_LEAST_SHARE = 0.05
_UNCERTAIN = ("rent_usd", "tco_usd", "duration_s", "facility_energy_kwh", "total_kgco2e")
"""Results whose uncertainty the screen explains: of cost of ownership only where there is no rent."""
_ACRONYMS = {"mfu": "MFU", "pue": "PUE"}


def _uncertainties(answer: "Estimate") -> str:
    """Return the largest source of uncertainty of each result, and the options that narrow them."""
    by_source: dict[str, list[tuple[str, float]]] = {}
    for name in _UNCERTAIN:
        shares = answer.spread_shares.get(name, {})
        if (name == "tco_usd" and answer["rent_usd"] is not None) or not shares:
            continue
        source, share = next(iter(shares.items()))
        if share >= _LEAST_SHARE:
            short = QUANTITIES[name].short
            by_source.setdefault(source, []).append((short if short[:2].isupper() else short[0].lower() + short[1:], 100.0 * share))
    if not by_source:
        return "none: every input is exact"
    phrases = []
    for source, results in by_source.items():
        low, high = (f"{bound(share for _, share in results):.0f}" for bound in (min, max))
        shares_of = low if low == high else f"{low} – {high}"
        phrases.append(f"{output.listed([words for words, _ in results])} – {_ACRONYMS.get(source, source.replace('_', ' '))} ({shares_of} %)")
    options = [option for source in by_source if (option := _narrowing(answer, source))]
    narrow = f" Narrow {'it' if len(by_source) == 1 else 'them'} with {output.listed(options)}." if options else ""
    return "; ".join(phrases) + "." + narrow


def _narrowing(answer: "Estimate", source: str) -> str:
    """Return the option that narrows a *source* of uncertainty, empty where it is given already or there is none."""
    if source in ("carbon_intensity", "electricity_price") and answer.facts.place is None and getattr(answer.plan, source) is None:
        return "--region"
    return f"--{source.replace('_', '-')}" if source in NUMBERS and getattr(answer.plan, source) is None else ""


_ASSUMED = {
    "pue": ("PUE {}", 1.0),
    "carbon_intensity": ("grid {} g/kWh", 1.0),
    "electricity_price": ("${}/kWh", 1.0),
    "purchase_price": ("${}k per {}", 1e-3),
    "service_life": ("{} years of service", 1.0),
    "utilisation": ("{} % used", 100.0),
}
"""Assumptions that the screen names, in which words and in which unit."""
_ALSO_SHOWN = ("mfu", "rent_price")
"""Assumptions that have lines of their own."""
_FACTORS = {"mfu_calibration": "MFU", "power_calibration": "GPU power", "host_calibration": "power of the rest of the server"}
_STEP = "efficiency of a step"


def _calibration(answer: "Estimate") -> str | None:
    """Return which calibration was applied, its factors, and the results without it; None if none was applied."""
    used = [(words, answer.inputs[name]) for name, words in _FACTORS.items() if name in answer.inputs]
    if answer.accelerators is not None and answer.layout.spread is not None and (step := answer.facts.given("step_calibration")) is not None:
        used.append((_STEP, step))
    if not used or answer.find_uncalibrated is None:
        return None
    factors = ", ".join(f"{words} × {answer.interval(given.value).median:.2f}" for words, given in used)
    first = used[0][1]
    without = answer.find_uncalibrated()
    changed = []
    for name in ("accelerator_hours_h", "facility_energy_kwh"):
        if (interval := without[name]) is not None:
            median, unit, bounds = output.median_and_interval(interval, QUANTITIES[name].unit)
            changed.append(f"{median} {unit}{output.in_brackets(bounds)}")
    if used[-1][0] == _STEP and answer.layout.spread is not None:
        changed.append(f"a step {output.significant(float(answer.layout.spread.step.total_s) * answer.layout.spread.calibration, 3)} s")
    name = output.clean(answer.facts.calibration)
    how = "applied automatically (disable it with --calibration none)" if first.assumed else "as requested"
    return f"{name}, {output.clean(first.locator)}, {how}: {factors}. Without it: {', '.join(changed) or 'the same'}"


def _assumed(answer: "Estimate") -> str:
    """Return the assumptions in one line: as many as there is room for, and the number of the others."""
    phrases, others = [], 0
    priced = "server" if answer.facts.hardware.is_server else "accelerator"
    for name, value, _ in answer.assumptions:
        if name == "precision":
            phrases.append(str(value))
        elif name in _ASSUMED:
            phrase, scale = _ASSUMED[name]
            phrases.append(phrase.format(output.significant(scale * float(value), 3), priced))
        elif name not in _ALSO_SHOWN:
            others += 1
    while phrases or others:
        more = f"{' and ' if phrases else ''}{others} {'more' if phrases else 'values'}" if others else ""
        text = f"{', '.join(phrases)}{more} (--explain)"
        if len("Assumed: ") + len(text) <= output.width() or not phrases:
            return f"{output.assumed('Assumed:')} {text}"
        phrases.pop()
        others += 1
    return ""


def _next(answer: "Estimate", asked: str) -> str:
    """Return what to add to the plan, and the command that finds better ways."""
    plan = answer.plan
    missing = [] if answer.facts.place is not None or plan.carbon_intensity is not None else ["--region"]
    if answer["duration_s"] is None and plan.accelerator_hours is None:
        missing.append("--servers N" if answer.facts.hardware.is_server else "--accelerators N")
    add = f"add {output.listed(missing)}; " if missing else ""
    return f"{add}carbon advise {asked or 'PLAN.toml'}"
