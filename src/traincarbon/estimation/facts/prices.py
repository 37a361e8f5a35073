"""The facts about prices: the rent of an accelerator, the price of a server, and how long and how much it is used."""

import math
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Fact, Product, Row
from traincarbon.database.select import nearest, prior, sigma_of, time_of
from traincarbon.estimation.facts.evidence import Given, Part, from_prior, given
from traincarbon.estimation.facts.question import Subject
from traincarbon.formatting import counted
from traincarbon.uncertain import Uncertain

_WIDTH_90 = 3.29
"""Standard deviations from the lower to the upper bound of a 90 % interval."""
_OLD_YEARS = 1.5
"""Years between a quote and the start from which a reader is warned."""
_RELATED = 1.5
"""Times the usual spread of a price that is taken from related hardware."""


class Quote(NamedTuple):
    """What a provider asks for an accelerator-hour.

    Attributes:
        provider: The provider, as in prices.csv.
        purchase: How it is bought, as ``on_demand``.
        usd_per_h: The middle of its quotes for the hardware, each the nearest to the start. [$/h]
        date: The date of the newest of them.
    """

    provider: str
    purchase: str
    usd_per_h: float
    date: str


class PriceFacts(Part):
    """Prices of hardware, to rent and to buy, and its use.

    Attributes:
        quotes: The quotes that ``rent_price`` rests on, one a provider.
    """

    quotes: tuple[Quote, ...] = ()
    rent_price: Given | None = None
    purchase_price: Given | None = None
    interconnect_share: Given | None = None
    service_life: Given | None = None
    utilisation: Given | None = None


def price_facts(subject: Subject, database: Database) -> PriceFacts:
    """Return the rent of an accelerator-hour, the price of a server, and how long and how much it is used.

    Raises:
        DatabaseError: a prior is missing.
    """
    rent, quotes, warnings = _rent(subject, database)
    return PriceFacts(
        quotes=quotes,
        rent_price=rent,
        purchase_price=_purchase_price(subject, database),
        interconnect_share=from_prior(
            database, "interconnect_share", "*", "", "network between servers, as a share of the cluster's price", spread="interconnect"
        ),
        service_life=from_prior(database, "service_life", "*", "years", "years that accelerators stay in service"),
        utilisation=from_prior(database, "utilisation", "*", "", "share of its service life in which a cluster is used"),
        warnings=warnings,
    )


def _rent(subject: Subject, database: Database) -> tuple[Given | None, tuple[Quote, ...], tuple[str, ...]]:
    """Return the rent of an accelerator-hour, from quotes of this server if there are any, those quotes, and a warning if they are old."""
    server, chip, place, start = subject.hardware, subject.accelerator, subject.place, subject.question.start
    purchase = subject.question.rent or "on_demand"
    rows = [row for row in database.rows("prices", chip.id) if row["purchase"] == purchase]
    own = [row for row in rows if row["server"] == server.id]
    rows = own or rows
    if place is not None and place.region is not None:
        rows = [row for row in rows if row["region"] == place.id] or rows
    newest = nearest(rows, start)
    if newest is None:
        return None, (), ()
    quotes = _quotes(rows, start)
    logs = [math.log(quote.usd_per_h) for quote in quotes]
    middle = sum(logs) / len(logs)
    scatter = math.sqrt(sum((log - middle) ** 2 for log in logs) / len(logs))
    sigma = math.hypot(scatter, sigma_of(database, "rent_price", "scope=quoted"))
    whose = server.name if own else f"{chip.name} at {counted(len({row['provider'] for row in rows}), 'provider')}"
    reason = f"{purchase.replace('_', ' ')} price of {whose}, {newest['date']}"
    rent = given("rent_price", Uncertain(math.exp(middle), {"rent_price": sigma}), "$/h", reason, newest, assumed=not own)
    is_old = start is not None and abs(time_of(newest["date"]) - time_of(start)) > _OLD_YEARS
    return rent, quotes, (f"the nearest known rent is of {newest['date']}, the start is {start}",) if is_old else ()


def _purchase_price(subject: Subject, database: Database) -> Given | None:
    """Return the price of the server: its own, else that of a server with the same accelerator, else one from the accelerator's price."""
    hardware, chip, count = subject.hardware, subject.accelerator, subject.accelerator_count
    sigma = sigma_of(database, "purchase_price", "scope=listed")

    def price(value: float, spread: float, reason: str, fact: Fact, *, assumed: bool) -> Given:
        return given("purchase_price", Uncertain(value, {"purchase_price": spread}), "$", reason, fact, assumed=assumed)

    fact = hardware.facts.get("price_usd")
    if fact is not None and hardware.is_server:
        spread = sigma if fact.low is None or fact.high is None else max(sigma, math.log(fact.high / fact.low) / _WIDTH_90)
        return price(fact.value, spread, f"price of {hardware.name}", fact, assumed=fact.kind == "assumed")
    sibling = database.remember(_priced_sibling, chip.id)
    if sibling is not None:
        fact = sibling.facts["price_usd"]
        like = fact.value / (sibling.value("accelerator_count") or 1.0) * count
        return price(like, _RELATED * sigma, f"as {sibling.name}, which has the same accelerator", fact, assumed=True)
    fact, ratio = chip.facts.get("price_usd"), prior(database, "server_price_ratio", "*")
    if fact is None or ratio is None:
        return None
    value = ratio.value * (fact.value * count)
    reason = f"{ratio.value.median:.2f} × the price of {chip.name}: a server costs more than its accelerators"
    return price(value.median, math.hypot(sigma, value.sigma), reason, fact, assumed=True)


def _priced_sibling(database: Database, chip: str) -> Product | None:
    """Return the first server with the accelerator *chip* whose price is known; files are searched as text, which is faster than parsing all."""
    mark = f'accelerator = "{chip}"'
    for id in database.ids("servers"):
        text = "".join(text for _, text in database.raw("servers", id))
        if mark in text and "[price_usd]" in text:
            return database.product("servers", id)
    return None


def _quotes(rows: list[Row], start: str | None) -> tuple[Quote, ...]:
    """Return one price for an accelerator-hour from each provider: the middle of its nearest quotes."""
    by_provider: dict[str, dict[tuple[str, str], list[Row]]] = {}
    for row in rows:
        by_provider.setdefault(row["provider"], {}).setdefault((row["server"], row["region"]), []).append(row)
    quotes = []
    for provider, offers in by_provider.items():
        logs, dates, purchase = [], [], ""
        for dated in offers.values():
            quote = nearest(dated, start)
            if quote is not None:
                logs.append(math.log(float(quote["usd_per_h"]) / float(quote["accelerator_count"])))
                dates.append(quote["date"])
                purchase = quote["purchase"]
        quotes.append(Quote(provider, purchase, math.exp(sum(logs) / len(logs)), max(dates)))
    return tuple(quotes)
