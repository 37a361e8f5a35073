"""The rents that the calculator's page chooses from: by kind of price, provider, region and number of accelerators."""

from collections.abc import Mapping
from typing import TypeAlias

from traincarbon.database.load import Database
from traincarbon.database.place_names import Place, region_place
from traincarbon.database.records import PURCHASES, Product
from traincarbon.estimation.facts.question import MOST_IN_A_SERVER, Question, Subject, subject_of
from traincarbon.estimation.facts.rent import rent_of
from traincarbon.reporting.calculator_page.kept import UNKNOWN, Numbers

MARKET, ELSEWHERE = "", "*"
"""The keys of a rent that is no single provider's, and of one in any other region of a provider."""

Prices: TypeAlias = int | tuple[int, ...]
"""The place of a price, or those without a small number of accelerators and with 1, 2, … of them, where they differ."""
Rents: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Prices]]]
"""Kind of price, provider and region to prices; a kind that nobody offers is left out."""


class RentTable:
    """The rents of hardware, each looked up once.

    Args:
        database: Where the quotes are.
        numbers: The numbers of the page.
    """

    def __init__(self, database: Database, numbers: Numbers) -> None:
        self.database = database
        self.numbers = numbers
        self._known: dict[tuple[str, str, str, int | None], int] = {}

    def of(self, hardware: Product) -> Rents:
        """Return every rent of *hardware*.

        A region that names a provider who sells there chooses its price, as in an estimate. Every other place has the price of the market, which
        may differ in the regions of a provider who sells there in another way: the market's price is made of those quotes too.
        """
        subject = subject_of(Question(hw=hardware.id), self.database)
        rows = self.database.rows("prices", subject.accelerator.id)
        providers = sorted({row["provider"] for row in rows})
        found: dict[str, dict[str, dict[str, Prices]]] = {}
        for purchase in PURCHASES:
            sellers = {row["provider"] for row in rows if row["purchase"] == purchase}
            if sellers:
                market = self._prices(subject, None, purchase)
                own = {each: self._in_regions(subject, each, None if each in sellers else market, purchase) for each in providers}
                differing = {provider: prices for provider, prices in own.items() if prices not in ({}, {ELSEWHERE: market})}
                found[purchase] = {MARKET: {ELSEWHERE: market}} | differing
        return found

    def _in_regions(self, subject: Subject, provider: str, elsewhere: Prices | None, purchase: str) -> dict[str, Prices]:
        """Return the prices in the regions of *provider*: of each with quotes of its own, and of all others; equal ones are left out.

        The prices *elsewhere* are looked up where they are None.
        """
        quoted = {row["region"] for row in self.database.rows("prices", subject.accelerator.id) if row["provider"] == provider}
        places = [region_place(row) for row in self.database.all_rows("regions") if row["provider"] == provider]
        if elsewhere is None:
            other = next((place for place in places if place.id not in quoted), None)
            elsewhere = UNKNOWN if other is None else self._prices(subject, other, purchase)
        prices = {place.id: self._prices(subject, place, purchase) for place in places if place.id in quoted}
        return {ELSEWHERE: elsewhere} | {region: price for region, price in prices.items() if price != elsewhere} if places else {}

    def _prices(self, subject: Subject, place: Place | None, purchase: str) -> Prices:
        places = [self._price(subject, place, purchase, few) for few in (None, *range(1, MOST_IN_A_SERVER + 1))]
        return places[0] if len(set(places)) == 1 else tuple(places)

    def _price(self, subject: Subject, place: Place | None, purchase: str, few: int | None) -> int:
        """Return the place of a price. A server that has no quotes of its own is rented as so many of its accelerators."""
        hardware, region = subject.hardware, "" if place is None else place.id
        is_own = any(row["server"] == hardware.id for row in self.database.rows("prices", subject.accelerator.id))
        count = round(subject.accelerator_count) if few is None and hardware.is_server else few
        key = (hardware.id if is_own else subject.accelerator.id, region, purchase, few if is_own else count)
        if key not in self._known:
            question = subject.question._replace(rent=purchase, region=region or None, few_accelerators=few)
            price = rent_of(subject._replace(question=question, place=place), self.database).price
            self._known[key] = self.numbers.place(None if price is None else price.value)
        return self._known[key]
