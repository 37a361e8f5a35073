"""The facts about prices: the rent of an accelerator, the price of a server, and how long and how much it is used."""

import math

from traincarbon.database.load import Database
from traincarbon.database.records import Fact, Product
from traincarbon.database.select import prior, sigma_of
from traincarbon.estimation.facts.evidence import Given, Part, from_prior, given
from traincarbon.estimation.facts.question import Subject
from traincarbon.estimation.facts.rent import Quote, rent_of
from traincarbon.uncertain import Uncertain

_WIDTH_90 = 3.29
"""Standard deviations from the lower to the upper bound of a 90 % interval."""
_RELATED = 1.5
"""Times the usual spread of a price that is taken from related hardware."""


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
    support_share: Given | None = None
    staff_share: Given | None = None
    spares_share: Given | None = None
    capital_share: Given | None = None
    disposal_share: Given | None = None
    colocation_price: Given | None = None


def price_facts(subject: Subject, database: Database) -> PriceFacts:
    """Return the rent of an accelerator-hour, the price of a server, and how long and how much it is used.

    Raises:
        NotFoundError: ``rent_from`` is neither a kind of provider nor a provider.
        DatabaseError: a prior is missing.
    """
    rent, quotes, warnings = rent_of(subject, database)
    return PriceFacts(
        **_upkeep(subject, database),
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


_UPKEEP = {
    "support_share": ("", "support and maintenance contracts in a year, over the price"),
    "staff_share": ("", "people who run the cluster in a year, over the price"),
    "spares_share": ("", "spare parts in a year, over the price"),
    "capital_share": ("", "interest in a year, or what the capital would earn elsewhere"),
    "disposal_share": ("", "taking the hardware down at the end, over the price"),
    "colocation_price": ("$/kW-month", "rent of a building with power and cooling, without the electricity"),
}
"""What ownership costs besides hardware and electricity: unit and meaning of each prior."""
_NOT_AT_HOME = ("support_share", "staff_share", "colocation_price")


def _upkeep(subject: Subject, database: Database) -> dict[str, Given]:
    """Return what ownership costs besides hardware and electricity; at home there is no building, no staff and no contract to pay."""
    is_home = subject.place is not None and subject.place.site == "home"
    return {
        name: Given(name, 0.0, unit, "home: nothing is paid for it", assumed=True)
        if is_home and name in _NOT_AT_HOME
        else from_prior(database, name, "*", unit, meaning)
        for name, (unit, meaning) in _UPKEEP.items()
    }


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
