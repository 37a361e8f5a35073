"""Other ways to pay for the same training: spot and reserved capacity, and owning the hardware."""

import math
from collections.abc import Iterator

from traincarbon.database.load import Database
from traincarbon.database.records import COMMITTED_YEARS, Row
from traincarbon.database.select import nearest, sigma_of, time_of
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import Change, Effort, Group, NotOffered
from traincarbon.explore.advice.context import AdviceContext, Outcome
from traincarbon.explore.advice.evidence import Evidence, evidence_of, title_of
from traincarbon.formatting import amount, counted
from traincarbon.formulas.ownership import OWNERSHIP_LINES
from traincarbon.quantities import H_PER_YEAR
from traincarbon.uncertain import Uncertain, median_of

_LEAST_SHARE = 1e-4
"""The smallest share that is written out."""
_SAME_TIME = 1.0
"""Two prices are of the same time if they are at most so many years apart."""
_LEAST_COMMITTED, _LEAST_OWNED = 0.1, 0.05
"""Shares of a commitment and of a service life that a run must use for it to be worthwhile."""
_PURCHASES = {
    "spot": ("Spot instances instead of on demand", "the provider can stop the run; repeated work is not included", Effort.MEDIUM),
    "reserved_1y": ("Capacity reserved for a year", "a commitment of a year, paid whether used or not", Effort.LOW),
    "reserved_3y": ("Capacity reserved for three years", "a commitment of three years, paid whether used or not", Effort.LOW),
}
"""Each kind of purchase: its name, what is lost, and the effort."""


def other_price(context: AdviceContext) -> Iterator[Outcome]:
    """Yield spot and reserved prices instead of on-demand ones, where quotes of both for one instance and region are known.

    The cost is that of the same plan with that price model, as ``estimate`` and ``compare`` have it.
    """
    if context.money != "rent":
        return
    if context.plan.rent_price is not None:
        yield NotOffered("spot", "Spot or reserved capacity", "the plan states its own rent_price")
        return
    if context.plan.rent not in (None, "on_demand"):
        return
    chip = context.accelerator
    for purchase, (name, lost, effort) in _PURCHASES.items():
        id, years = purchase.replace("_", "-"), COMMITTED_YEARS.get(purchase, 0.0)
        used = _share_of(context, years)
        if used is not None and used < _LEAST_COMMITTED:
            yield NotOffered(id, name, f"the run would use {_share(used)} of it")
            continue
        pair = price_ratio(context.database, chip.id, server=context.hardware.id, purchase=purchase, start=context.plan.start)
        if pair is None:
            yield NotOffered(id, name, f"no {purchase.replace('_', ' ')} price of {chip.name} is known beside an on-demand one")
            continue
        ratio, row, n = pair
        answer = context.estimate(rent=purchase)
        claim = f"{counted(n, 'pair')} of prices of {chip.name} in one region: {ratio.median:.2f} of the price on demand"
        quoted = evidence_of(context.database, row, table="prices", key=row["accelerator"], claim=claim)
        cash_usd = _committed_usd(context, answer, years)
        committed = "" if cash_usd is None else f": {amount(cash_usd, '$', digits=2)}"
        yield context.alternative(
            id,
            Group.SAME,
            Change.PRICE,
            name,
            {**context.results, "cost_usd": context.results_of(answer)["cost_usd"]},
            lost=f"{lost}{committed}",
            effort=effort,
            not_when="checkpoints are not written often enough" if purchase == "spot" else "there is not enough work for all of that time",
            how="the chain at that price; hours and energy stay; the saving is as uncertain as the ratio of the two prices",
            evidence=(quoted, *context.support(id)),
            plan=answer.plan,
            cash_usd=cash_usd,
            price_spread=Uncertain(1.0, ratio.spreads),
        )


def price_ratio(database: Database, chip: str, *, server: str, purchase: str, start: str | None) -> tuple[Uncertain, Row, int] | None:
    """Return the price of a *purchase* over the price on demand, one of the quotes behind it, and the number of pairs.

    A pair is two quotes for the same instance, region and time. Quotes for *server* are used where there are any.
    Each provider counts once. The result is None where there is no pair.
    """
    rows = database.rows("prices", chip)
    if any(row["server"] == server and row["purchase"] == purchase for row in rows):
        rows = tuple(row for row in rows if row["server"] == server)
    quotes: dict[tuple[str, ...], dict[str, list[Row]]] = {}
    for row in rows:
        if row["purchase"] in (purchase, "on_demand"):
            offer = (row["provider"], row["server"], row["region"], row["accelerator_count"])
            quotes.setdefault(offer, {}).setdefault(row["purchase"], []).append(row)
    logs: dict[str, list[float]] = {}
    newest: Row | None = None
    for (provider, *_), offers in quotes.items():
        there = nearest(offers.get(purchase, ()), start)
        beside = nearest(offers.get("on_demand", ()), there["date"] if there is not None else None)
        if there is not None and beside is not None and abs(time_of(there["date"]) - time_of(beside["date"])) <= _SAME_TIME:
            logs.setdefault(provider, []).append(math.log(float(there["usd_per_h"]) / float(beside["usd_per_h"])))
            newest = there if newest is None else newest
    if newest is None:
        return None
    means = [sum(found) / len(found) for found in logs.values()]
    every = [log for found in logs.values() for log in found]
    middle = sum(means) / len(means)
    scatter = math.sqrt(sum((log - middle) ** 2 for log in every) / len(every))
    sigma = math.hypot(scatter, sigma_of(database, "rent_price", "scope=quoted"))
    return Uncertain(math.exp(middle), {"price_ratio": sigma}), newest, len(every)


def own_instead(context: AdviceContext) -> Iterator[Outcome]:
    """Yield owning instead of renting, where both costs are known."""
    base, hardware = context.base, context.hardware
    rent, own = base.values["rent_usd"], base.values["tco_usd"]
    if context.money != "rent" or rent is None:
        return
    if own is None:
        yield NotOffered("own", "Own the hardware", f"no purchase price of {hardware.name} is known")
        return
    used = _share_of(context, _service_years(context))
    if used is not None and used < _LEAST_OWNED:
        yield NotOffered("own", "Own the hardware", f"the run would use {_share(used)} of its service life")
        return
    cash_usd = purchase_usd(context, base)
    capital = "" if cash_usd is None else f": {amount(cash_usd, '$', digits=3)} for these servers"
    given = base.inputs.get("purchase_price")
    rows = []
    if given is not None and given.source:
        title = title_of(context.database, given.source)
        rows.append(Evidence(f"servers/{hardware.id}", given.reason, given.source, title, given.locator, given.kind))
    yield context.alternative(
        "own",
        Group.SAME,
        Change.PRICE,
        "Own the hardware instead of renting it",
        {**context.results, "cost_usd": own},
        lost=f"capital up front{capital}",
        effort=Effort.HIGH,
        not_when="the hardware would stand idle after this run: the cost assumes hardware in use for most of its service life",
        how=f"the chain's total cost of ownership: {_lines(base)}",
        evidence=rows,
        cash_usd=cash_usd,
    )


def _lines(answer: Estimate) -> str:
    """Return the lines of the total cost of ownership with their shares, the largest first."""
    lines, total = answer.ownership_usd, sum(answer.ownership_usd.values())
    labels = {line.name: line.label[0].lower() + line.label[1:] for line in OWNERSHIP_LINES}
    ordered = sorted(lines.items(), key=lambda line: -line[1])
    return "; ".join(f"{labels[name]} {100.0 * usd / total:.0f} %" for name, usd in ordered if usd > 0.0)


def purchase_usd(context: AdviceContext, answer: Estimate) -> float | None:
    """Return the purchase price of the accelerators that the plan needs at least, with their servers, at the prices of *answer*. [$]."""
    each = next((value for link, _, value in answer.links if link.name == "accelerator_purchase_usd"), None)
    return None if each is None else float(median_of(each)) * context.least_accelerators


def _committed_usd(context: AdviceContext, answer: Estimate, years: float) -> float | None:
    """Return what a commitment of so many *years* costs, used or not; None without a commitment."""
    rent = answer.facts.given("rent_price")
    return None if rent is None or years == 0.0 else float(median_of(rent.value)) * context.least_accelerators * years * H_PER_YEAR


def _share_of(context: AdviceContext, years: float) -> float | None:
    """Return the share of so many *years* of the hardware that the run uses, None where its hours are unknown or *years* is 0.

    Without a number of servers it is the share of the least hardware that holds the run.
    """
    hours = context.results["accelerator_hours_h"]
    return None if hours is None or years == 0.0 else float(median_of(hours)) / (context.least_accelerators * years * H_PER_YEAR)


def _service_years(context: AdviceContext) -> float:
    """Return how many years the hardware serves, by the plan or the database."""
    stated = context.number("service_life")
    return stated if stated is not None else float(median_of(context.given("service_life").value))


def _share(used: float) -> str:
    """Return a share in percent, as far as it matters.

    Example:
        >>> _share(0.0431), _share(3.1e-11)
        ('4.3 %', 'less than 0.01 %')
    """
    return "less than 0.01 %" if used < _LEAST_SHARE else f"{100.0 * used:.2g} %"
