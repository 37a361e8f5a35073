"""Renting, reserving and buying line by line: what each takes for this run, and what must be committed for it."""

from typing import NamedTuple

from traincarbon.database.records import COMMITTED_YEARS, purchase_words
from traincarbon.explore.price_book import PriceBook
from traincarbon.quantities import H_PER_YEAR
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import Html, table, text, texts
from traincarbon.reporting.sections.breakdown import wholes
from traincarbon.reporting.view import EstimateView

_RENT = "Price of renting"
_IN_PRICE = "in the price"


class Way(NamedTuple):
    """A way to pay: its name, its lines with what each costs this run, and what must be committed, None where that is not known."""

    name: str
    lines: dict[str, float]
    commitment_usd: float | None

    @property
    def total_usd(self) -> float:
        """What it costs this run. [$]."""
        return sum(self.lines.values())


def ways_to_pay(view: EstimateView, book: PriceBook | None) -> list[Way]:
    """Return the ways to pay whose costs are known: renting as the plan does, reserving for one or three years, and buying.

    Reserved hours cost what the market asks for them, and the whole term of as many accelerators is committed. Owning has the lines
    of the total cost of ownership, and the purchase is committed.
    """
    hours, count, rent = view.median("accelerator_hours_h"), view.input("purchase_usd", "accelerators"), view.median("rent_usd")
    found = [] if rent is None else [Way(f"Rent {purchase_words(str(view.plan.get('rent') or 'on_demand'))}", {_RENT: rent}, rent)]
    for market in () if book is None or hours is None or view.plan.get("rent_price") is not None else book.markets:
        if market.purchase in COMMITTED_YEARS and market.purchase != view.plan.get("rent"):
            price = market.usd_per_h.median
            committed = None if count is None else max(count * COMMITTED_YEARS[market.purchase] * H_PER_YEAR * price, hours * price)
            found.append(Way(purchase_words(market.purchase).capitalize(), {_RENT: hours * price}, committed))
    owned = next((each for each in wholes(view) if each.name == "tco_usd"), None)
    if owned is not None:
        found.append(Way("Buy", {part.label: part.value for part in owned.parts}, view.median("purchase_usd")))
    return found


def ways_table(view: EstimateView, book: PriceBook | None, currency: Currency) -> Html | None:
    """Return the ways to pay line by line, None where there is nothing to compare."""
    ways = ways_to_pay(view, book)
    if len(ways) < 2:
        return None

    def words(usd: float | None) -> str:
        return NOT_KNOWN if usd is None else currency.amount(usd, "$", digits=3)

    def cell(way: Way, line: str) -> str:
        if line in way.lines:
            return words(way.lines[line])
        return _IN_PRICE if _RENT in way.lines else "–"

    lines = list(dict.fromkeys(line for way in ways for line in way.lines))
    rows = [texts(line, *(cell(way, line) for way in ways)) for line in lines]
    rows.append(texts("Total for this run", *(words(way.total_usd) for way in ways)))
    rows.append(texts("To commit", *(words(way.commitment_usd) for way in ways)))
    return table(text("Rent, reserve or buy, line by line"), texts("Line", *(way.name for way in ways)), rows, numbers=range(1, len(ways) + 1))
