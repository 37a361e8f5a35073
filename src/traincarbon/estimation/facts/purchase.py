"""The price of a server when it is bought: its own or that of related hardware, and what is left of it since its date."""

import math

from traincarbon.database.load import Database
from traincarbon.database.records import Fact, Product
from traincarbon.database.select import need_prior, prior, sigma_of, time_of
from traincarbon.estimation.facts.evidence import Given, given
from traincarbon.estimation.facts.question import Subject
from traincarbon.uncertain import Uncertain

_WIDTH_90 = 3.29
"""Standard deviations from the lower to the upper bound of a 90 % interval."""
_RELATED = 1.5
"""Times the usual spread of a price that is taken from related hardware."""
_LEAST_YEARS = 0.25
"""A price counts as that of today up to this age."""


def purchase_price(subject: Subject, database: Database) -> Given | None:
    """Return the price of the server: its own, else that of a server with the same accelerator, else one from the accelerator's price.

    A price with a date is what is left of it at the start of the plan, or today.

    Raises:
        DatabaseError: a prior is missing.
    """
    listed = _listed_price(subject, database)
    return None if listed is None else _when_bought(*listed, subject, database)


def _listed_price(subject: Subject, database: Database) -> tuple[Given, Fact] | None:
    """Return the price as it was published, and the fact that it rests on."""
    hardware, chip, count = subject.hardware, subject.accelerator, subject.accelerator_count
    sigma = sigma_of(database, "purchase_price", "scope=listed")

    def price(value: float, spread: float, reason: str, fact: Fact, *, assumed: bool) -> tuple[Given, Fact]:
        return given("purchase_price", Uncertain(value, {"purchase_price": spread}), "$", reason, fact, assumed=assumed), fact

    fact = hardware.facts.get("price_usd")
    if fact is not None and hardware.is_server:
        return price(fact.value, _spread(fact, sigma), f"price of {hardware.name}", fact, assumed=fact.kind == "assumed")
    sibling = database.remember(_priced_sibling, chip.id)
    if sibling is not None:
        fact = sibling.facts["price_usd"]
        like = fact.value / (sibling.value("accelerator_count") or 1.0) * count
        return price(like, _RELATED * _spread(fact, sigma), f"as {sibling.name}, which has the same accelerator", fact, assumed=True)
    fact, ratio = chip.facts.get("price_usd"), prior(database, "server_price_ratio", "*")
    if fact is None or ratio is None:
        return None
    value = ratio.value * (fact.value * count)
    reason = f"{ratio.value.median:.2f} × the price of {chip.name}: a server costs more than its accelerators"
    return price(value.median, math.hypot(_spread(fact, sigma), value.sigma), reason, fact, assumed=True)


def _spread(fact: Fact, usual: float) -> float:
    """Return the log-spread of a price: the *usual* one, or that of its range if that is wider."""
    return usual if fact.low is None or fact.high is None else max(usual, math.log(fact.high / fact.low) / _WIDTH_90)


def _when_bought(listed: Given, fact: Fact, subject: Subject, database: Database) -> Given:
    """Return what is left of a price between its date and the start of the plan, which without one is today."""
    if not fact.dated:
        return listed._replace(reason=f"{listed.reason}, of an unknown date")
    start = subject.question.start
    bought = need_prior(database, "purchase_year", "*").value.median if start is None else _middle_of(start)
    years = bought - _middle_of(fact.dated)
    if years <= _LEAST_YEARS:
        return listed._replace(reason=f"{listed.reason}, {fact.dated}")
    row, retained = need_prior(database, "price_retained", f"generation={subject.accelerator.generation}", "*")
    left = retained.median**years
    value = listed.value * Uncertain(left)
    spread = math.hypot(value.sigma, years * retained.sigma)
    reason = f"{listed.reason}, {fact.dated}, of which {left:.0%} is left in {int(bought)}"
    locator = f"{listed.locator}; priors.csv, price_retained,{row['scope']}"
    return listed._replace(value=Uncertain(value.median, {"purchase_price": spread}), reason=reason, locator=locator, kind="derived", assumed=True)


def _middle_of(date: str) -> float:
    """Return the middle of a year, a month or a day as a number of years."""
    return time_of(date) + (0.5, 1.0 / 24.0, 0.0)[date.count("-")]


def _priced_sibling(database: Database, chip: str) -> Product | None:
    """Return the server with the accelerator *chip* whose price is the newest."""
    best: Product | None = None
    for id in database.remember(_priced_servers, None):
        server = database.product("servers", id)
        if server is not None and server.keys.get("accelerator") == chip and "price_usd" in server.facts:
            best = server if best is None or server.facts["price_usd"].dated > best.facts["price_usd"].dated else best
    return best


def _priced_servers(database: Database, _: None) -> tuple[str, ...]:
    """Return the ids of the servers with a price; files are searched as text, which is faster than parsing all."""
    return tuple(id for id in database.ids("servers") if any("[price_usd]" in text for _, text in database.raw("servers", id)))
