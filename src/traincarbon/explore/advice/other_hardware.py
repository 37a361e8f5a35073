"""The same training on other hardware: newer, cheaper or cleaner accelerators."""

from collections.abc import Iterator

from traincarbon.database.records import Product
from traincarbon.database.select import year_of
from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import Change, Effort, Group, NotOffered
from traincarbon.explore.advice.context import AdviceContext, Outcome
from traincarbon.explore.advice.evidence import Evidence, title_of
from traincarbon.explore.advice.other_prices import purchase_usd
from traincarbon.explore.compared_results import Results, results_of
from traincarbon.uncertain import median_of

CHIP_SPREADS = ("mfu", "power", "host", "embodied", "rent_price", "purchase_price")
"""Spreads that two kinds of hardware do not share."""
_SLOWEST = 2.0
"""Hardware that takes more than so many times the GPU-hours is no replacement."""


def newer_hardware(context: AdviceContext) -> Iterator[Outcome]:
    """Yield the cheapest and the cleanest hardware that can be rented, holds the model, and has published trainings."""
    name = "Newer or other hardware"
    possible = [answer for id in _candidates(context) if (answer := _on(context, id)) is not None]
    tried = [answer for answer in possible if context.plan.mfu is not None or _is_tried(answer)]
    if not tried:
        since = f" in {context.plan.start}" if context.plan.start else ""
        what = "has a published training" if possible else "is priced"
        yield NotOffered("hardware", name, f"no hardware that holds the model and is not much slower {what}{since}")
        return
    chosen: dict[str, tuple[Estimate, list[str]]] = {}
    for quantity, praise in (("cost_usd", "cheapest"), ("total_kgco2e", "cleanest")):
        known = [(float(median_of(value)), answer) for answer in tried if (value := _results(context, answer)[quantity]) is not None]
        if known:
            _, best = min(known, key=lambda each: each[0])
            chosen.setdefault(best.facts.hardware.id, (best, []))[1].append(praise)
    for id, (answer, praises) in chosen.items():
        yield _on_hardware(context, id, answer, " and ".join(praises))


def _on_hardware(context: AdviceContext, id: str, answer: Estimate, praise: str) -> Outcome:
    chip, before = answer.facts.accelerator, context.accelerator
    measured = context.support("hw-a100-h100") if (before.keys.get("generation"), chip.keys.get("generation")) == ("ampere", "hopper") else ()
    return context.alternative(
        f"hardware-{id}",
        Group.SAME,
        Change.HARDWARE,
        f"{'Rent' if context.is_at_home else 'Train on'} {answer.facts.hardware.name}",
        _results(context, answer),
        lost=("an account with a provider, and moving code and data there; " if context.is_at_home else "nothing of the model; ")
        + f"the code must run there{'' if chip.keys.get('type') == 'gpu' else ', with another compiler'}",
        effort=Effort.HIGH if chip.keys.get("vendor") != before.keys.get("vendor") else Effort.MEDIUM if context.is_at_home else Effort.LOW,
        not_when="none is available, or hardware that you own stands idle meanwhile",
        cash_usd=purchase_usd(context, answer) if context.money == "own" and not context.is_at_home else None,
        plan=answer.plan,
        how=f"the chain on as many of them ({praise} of those with a price that hold the model)",
        evidence=(*_facts_of(context, answer), *measured),
        independent=CHIP_SPREADS,
        short=id,
        is_combinable=not context.is_at_home,
    )


def _results(context: AdviceContext, answer: Estimate) -> Results:
    """Return what is compared on other hardware: who trains at home would rent it."""
    return results_of(answer, "rent") if context.is_at_home else context.results_of(answer)


def _facts_of(context: AdviceContext, answer: Estimate) -> list[Evidence]:
    """Return the data sheet of the hardware, and its price where the cost is rent."""
    chip, facts = answer.facts.accelerator, answer.facts
    peak, power, rent = facts.need("peak_flop_per_s"), facts.given("board_power_w"), facts.given("rent_price")
    watts = f", {power.value:.0f} W" if power is not None else ""
    title = title_of(context.database, peak.source)
    rows = [Evidence(f"accelerators/{chip.id}", f"{peak.value / 1e12:.0f} TFLOP/s dense{watts}", peak.source, title, peak.locator, peak.kind)]
    if rent is not None and context.money == "rent":
        claim = f"${median_of(rent.value):.2f} per GPU-hour: {rent.reason}"
        rows.append(Evidence(f"prices/{chip.id}", claim, rent.source, title_of(context.database, rent.source), rent.locator, rent.kind))
    return rows


def _candidates(context: AdviceContext) -> list[str]:
    """Return possible replacements: the operator's own instances in the region, otherwise every accelerator with a rent."""
    hardware, chip, place = context.hardware, context.accelerator, context.place
    purchase = context.plan.rent or "on_demand"
    rows = [row for row in context.database.all_rows("prices") if row["purchase"] == purchase and row["accelerator"] != chip.id]
    if place is not None and place.region is not None:
        rows = [row for row in rows if row["region"] == place.id]
    n = context.base.accelerators
    if n is not None:  # an instance with more accelerators than the run uses would be paid for as a whole
        rows = [row for row in rows if float(row["accelerator_count"]) <= median_of(n)]
    if hardware.is_cloud:
        return sorted({row["server"] for row in rows if row["provider"] == hardware.operator and row["server"]})
    return sorted({row["accelerator"] for row in rows})


def _on(context: AdviceContext, id: str) -> Estimate | None:
    """Return the estimate on other hardware, None where it is impossible, not yet on sale, too small, much slower or of unknown speed."""
    chip = _chip_of(context, context.database.product("servers", id) or context.database.product("accelerators", id))
    if chip is None or not _is_on_sale(chip, context.plan.start) or chip.id == context.accelerator.id:
        return None
    n, precision = context.base.accelerators, context.plan.precision
    kept = precision if precision is None or f"peak_{precision}_flop_per_s" in chip.facts else None
    try:
        answer = context.estimate(hw=id, servers=None, accelerators=n, precision=kept)
    except CarbonError:
        return None
    hours, before = answer.values["accelerator_hours_h"], context.base.values["accelerator_hours_h"]
    is_too_slow = hours is None or before is None or median_of(hours) > _SLOWEST * median_of(before)
    return None if not answer.fits or is_too_slow or answer.facts.peak_flop_per_s is None else answer


def _is_tried(answer: Estimate) -> bool:
    """Say whether the utilisation of that generation of chips comes from published trainings on it."""
    return bool(answer.support["of_generation"])


def _chip_of(context: AdviceContext, product: Product | None) -> Product | None:
    if product is None or product.folder != "servers":
        return product
    return context.database.product("accelerators", product.keys.get("accelerator", ""))


def _is_on_sale(chip: Product, start: str | None) -> bool:
    launched = chip.value("launch_year")
    return start is None or launched is None or launched <= year_of(start)
