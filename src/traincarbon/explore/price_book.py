"""The price book of an accelerator or instance: who rents it out for how much, and what the market asks."""

from typing import NamedTuple

from traincarbon.database.find_counted import find_counted
from traincarbon.database.load import Database
from traincarbon.database.records import PROVIDER_TYPES, PURCHASES, Product
from traincarbon.estimation.facts.question import MOST_IN_A_SERVER, Question, subject_of
from traincarbon.estimation.facts.rent import Quote, rent_of
from traincarbon.uncertain import Interval, median_of

LEVEL = 0.9
"""Share of the distribution that the interval of a market's price covers."""


class Market(NamedTuple):
    """What a way of buying hardware costs.

    Attributes:
        purchase: How it is bought, as ``on_demand``.
        usd_per_h: The price of an accelerator-hour that an estimate takes, with its 90 % interval. [$/h]
        reason: What it rests on.
        by_kind: The price at one kind of provider alone. [$/h]
        quotes: One price a provider.
    """

    purchase: str
    usd_per_h: Interval
    reason: str
    by_kind: dict[str, float]
    quotes: tuple[Quote, ...]


class PriceBook(NamedTuple):
    """The hardware that was asked for, its accelerator, and a market for each way of buying that has a price."""

    hardware: Product
    accelerator: Product
    markets: tuple[Market, ...]


def price_book(
    database: Database, hw: str, *, rent: str | None = None, region: str | None = None, start: str | None = None, accelerators: int | None = None
) -> PriceBook:
    """Return who rents *hw* out for how much, as an estimate has it.

    Args:
        database: Where the prices are.
        hw: An accelerator, server or instance; a count may stand with it, as ``8xH100``.
        rent: One way of buying; all of them unless given.
        region: A cloud's region, whose provider alone is asked.
        start: When the hardware is rented, as ``2026-03``; now unless given.
        accelerators: How many are rented together.

    Raises:
        NotFoundError: the hardware or region is unknown.
        PlanError: the hardware is not offered in the region.
    """
    hardware, counted = find_counted(database, hw)
    count = accelerators or (int(counted.number) if counted.number is not None and not hardware.is_server else 0)
    few = count if 0 < count <= MOST_IN_A_SERVER else None
    asked = Question(hw=hardware.id, region=region, start=start, few_accelerators=few)
    subject = subject_of(asked, database)
    markets = []
    for purchase in PURCHASES if rent is None else (rent,):
        question = asked._replace(rent=purchase)
        found = rent_of(subject._replace(question=question), database)
        if found.price is not None:
            kinds = [kind for kind in PROVIDER_TYPES if kind in {quote.kind for quote in found.quotes}]
            of_kinds = {kind: rent_of(subject._replace(question=question._replace(rent_from=kind)), database).price for kind in kinds}
            by_kind = {kind: float(median_of(given.value)) for kind, given in of_kinds.items() if given is not None}
            markets.append(Market(purchase, Interval.of(found.price.value, LEVEL), found.price.reason, by_kind, found.quotes))
    return PriceBook(hardware, subject.accelerator, tuple(markets))
