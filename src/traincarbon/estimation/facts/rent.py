"""The rent of an accelerator-hour, from a market: one price a provider, and the median over them."""

import math
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from traincarbon.database.find import refuse_unknown
from traincarbon.database.load import Database
from traincarbon.database.records import PROVIDER_TYPES, Row
from traincarbon.database.select import nearest, sigma_of, time_of
from traincarbon.estimation.facts.evidence import Given, given
from traincarbon.estimation.facts.question import Subject
from traincarbon.formatting import counted
from traincarbon.uncertain import Uncertain

MARKET = "market"
"""The choice of all providers together."""
_FRESH_YEARS = 1.0
"""Years by which a quote may be farther from the start than the nearest one and still count."""
_OLD_YEARS = 1.5
"""Years between a quote and the start from which a reader is warned."""
_ON_DEMAND = "on_demand"


class Quote(NamedTuple):
    """What a provider asks for an accelerator-hour.

    Attributes:
        provider: The provider, as in prices.csv.
        purchase: How it is bought, as ``on_demand``.
        usd_per_h: The price of its cheapest size that gives the accelerators asked for. [$/h]
        date: The date of that price.
        kind: ``specialist``, ``hyperscaler`` or ``marketplace``; empty if the provider is not in providers.csv.
        server: The size, as in prices.csv.
        region: The region that the price holds in.
        source: The key of its source in sources.toml.
    """

    provider: str
    purchase: str
    usd_per_h: float
    date: str
    kind: str = ""
    server: str = ""
    region: str = ""
    source: str = ""


class Rent(NamedTuple):
    """The rent of an accelerator-hour, None if no price is known, with the quotes that it rests on, one a provider."""

    price: Given | None = None
    quotes: tuple[Quote, ...] = ()
    warnings: tuple[str, ...] = ()


class _Offer(NamedTuple):
    """A provider's price for an accelerator-hour and its row."""

    usd_per_h: float
    row: Row


def rent_key(subject: Subject) -> Hashable:
    """Return the part of *subject* that its rent depends on; of a place that is no cloud's region, nothing."""
    question, place = subject.question, subject.place
    return (
        subject.hardware.id,
        question.start,
        question.rent,
        question.rent_from,
        question.few_accelerators,
        place.id if place is not None and place.region else "",
    )


def rent_of(subject: Subject, database: Database) -> Rent:
    """Return the rent of an accelerator-hour of *subject*.

    It is the price of the provider that the plan names by a cloud's instance, a region or ``rent_from``, else the median over providers.

    Raises:
        NotFoundError: ``rent_from`` is neither a kind of provider nor a provider.
        DatabaseError: a prior is missing.
    """
    question, purchase = subject.question, subject.question.rent or _ON_DEMAND
    every = database.rows("prices", subject.accelerator.id)
    chosen = _chosen_provider(subject, database, every)
    rows = [row for row in every if row["purchase"] == purchase and (not chosen or row["provider"] == chosen)]
    own = [row for row in rows if row["server"] == subject.hardware.id]
    offers = _offers(own or rows, subject, database, is_one_size=bool(own))
    quotes = _quotes(offers, database)
    is_named = bool(chosen) or _makes(database, offers, subject.accelerator.keys.get("vendor", ""))
    ratios = {} if is_named or purchase == _ON_DEMAND else purchase_ratios(every, purchase, question.start)
    if ratios:
        offers = _offers([row for row in every if row["purchase"] == _ON_DEMAND], subject, database, is_one_size=False)
    wanted = _of_type(offers, question.rent_from, database)
    if not wanted:
        return Rent(quotes=quotes)
    ratio = math.exp(_median(list(ratios.values()))) if ratios else 1.0
    middle = math.exp(_median([math.log(offer.usd_per_h) for offer in wanted]))
    value = Uncertain(middle * ratio, {"rent_price": _sigma(wanted, database, is_named=is_named)})
    price = _given(value, wanted, subject, is_own=bool(own))
    if ratios:
        price = _by_ratio(price, purchase, ratio, sorted(ratios))
    return Rent(price, quotes, (*_other_time(wanted, question.start), *_other_region(wanted, subject)))


def _chosen_provider(subject: Subject, database: Database, rows: Sequence[Row]) -> str:
    """Return the provider that the plan names, empty if the rent is that of the market.

    An instance or a region names its provider only if that one rents the hardware out.
    """
    asked, place = subject.question.rent_from, subject.place
    offering = {row["provider"] for row in rows}
    if asked is not None and asked not in (MARKET, *PROVIDER_TYPES):
        if asked not in offering and not database.rows("providers", asked):
            names = sorted({row["provider"] for row in database.all_rows("providers")} | offering)
            refuse_unknown("provider", asked, [name for name in names if name[:1] == asked[:1]], "carbon db prices HARDWARE shows who rents it out")
        return asked
    if subject.hardware.is_cloud:
        return subject.hardware.operator if subject.hardware.operator in offering else ""
    region, purchase = (place.region if place is not None else None), subject.question.rent or _ON_DEMAND
    selling = {row["provider"] for row in rows if row["purchase"] == purchase}
    return region["provider"] if region is not None and region["provider"] in selling else ""


def _offers(rows: Sequence[Row], subject: Subject, database: Database, *, is_one_size: bool) -> list[_Offer]:
    """Return the offer of each provider that has one of about the time of the start, by price."""
    start, place = subject.question.start, subject.place
    region = place.id if place is not None and place.region is not None else ""
    n = None if is_one_size else subject.question.few_accelerators
    if n is None and subject.hardware.is_server and not is_one_size:
        n = max(1, round(subject.accelerator_count))
    dated: dict[str, dict[tuple[str, str], list[Row]]] = {}
    for row in rows:
        dated.setdefault(row["provider"], {}).setdefault((row["server"], row["region"]), []).append(row)
    current = {provider: [_at(offers, start) for offers in sizes.values()] for provider, sizes in dated.items()}
    fresh = _fresh([row for found in current.values() for row in found], start)
    fits: list[_Offer] = []
    others: list[_Offer] = []
    for provider, found in current.items():
        near = [row for row in _fresh(found, start) if row in fresh]
        if near:
            here = _in_region(near, region, database, provider)
            small = [row for row in here if n is None or float(row["accelerator_count"]) <= n]
            (fits if small else others).append(_cheapest(small or here, n))
    return sorted(fits or others, key=lambda offer: (offer.usd_per_h, offer.row["provider"]))


def _at(rows: Sequence[Row], start: str | None) -> Row:
    """Return the newest of *rows* at or before *start*, or the nearest if that one is old; without a start the newest."""
    earlier = [row for row in rows if start is None or time_of(row["date"]) <= time_of(start)]
    last = nearest(earlier, start)
    if last is not None and (start is None or time_of(start) - time_of(last["date"]) <= _FRESH_YEARS):
        return last
    found = nearest(rows, start)
    return rows[0] if found is None else found


def _fresh(rows: Sequence[Row], start: str | None) -> list[Row]:
    """Return the rows that are not much farther from *start* than the nearest of them; without a start, than the newest."""
    at = max((time_of(row["date"]) for row in rows), default=0.0) if start is None else time_of(start)
    least = min((abs(time_of(row["date"]) - at) for row in rows), default=0.0)
    return [row for row in rows if abs(time_of(row["date"]) - at) <= least + _FRESH_YEARS]


def _in_region(rows: list[Row], region: str, database: Database, provider: str) -> list[Row]:
    """Return the rows of the region asked for, else of the provider's home region, else all."""
    homes = [row["home_region"] for row in database.rows("providers", provider)[:1]]
    for id in (region, *homes):
        found = [row for row in rows if row["region"] == id]
        if found:
            return found
    return rows


def _cheapest(rows: Sequence[Row], n: int | None) -> _Offer:
    """Return the size that gives *n* accelerators for the least money, or without a number the least for each; parts of an accelerator come last."""
    whole = [row for row in rows if float(row["accelerator_count"]) >= 1.0] or rows

    def each(row: Row) -> float:
        usd_per_h, count = float(row["usd_per_h"]), float(row["accelerator_count"])
        return usd_per_h / count if n is None else usd_per_h * math.ceil(n / count - 1e-9) / n

    return min((_Offer(each(row), row) for row in whole), key=lambda offer: offer.usd_per_h)


def _of_type(offers: list[_Offer], asked: str | None, database: Database) -> list[_Offer]:
    if asked not in PROVIDER_TYPES:
        return offers
    return [offer for offer in offers if _type(database, offer.row["provider"]) == asked]


def purchase_ratios(rows: Sequence[Row], purchase: str, start: str | None) -> dict[str, float]:
    """Return, for each provider, the logarithm of the price of a *purchase* over that on demand of the same size, region and time.

    Few providers quote commitments, and not the cheapest: their prices alone would be above the market's price on demand.
    """
    dated: dict[tuple[str, str, str], dict[str, list[Row]]] = {}
    for row in rows:
        if row["purchase"] in (purchase, _ON_DEMAND):
            dated.setdefault((row["provider"], row["server"], row["region"]), {}).setdefault(row["purchase"], []).append(row)
    logs: dict[str, list[float]] = {}
    for (provider, *_), offers in dated.items():
        there = nearest(offers.get(purchase, ()), start)
        beside = nearest(offers.get(_ON_DEMAND, ()), there["date"]) if there is not None else None
        if there is not None and beside is not None and abs(time_of(there["date"]) - time_of(beside["date"])) <= _FRESH_YEARS:
            each = [float(row["usd_per_h"]) / float(row["accelerator_count"]) for row in (there, beside)]
            logs.setdefault(provider, []).append(math.log(each[0] / each[1]))
    return {provider: _median(found) for provider, found in logs.items()}


def _by_ratio(price: Given, purchase: str, ratio: float, providers: Sequence[str]) -> Given:
    """Return the market's *price* on demand as that of a *purchase*."""
    what = f"{purchase.replace('_', ' ')} price: {ratio:.2f} of that on demand, as at {', '.join(providers)}"
    return price._replace(reason=f"{what}; {price.reason}", kind="derived", assumed=True)


def _sigma(offers: Sequence[_Offer], database: Database, *, is_named: bool) -> float:
    """Return the log-spread: of a negotiated price against a quoted one, and between providers where the plan leaves the provider open.

    The spread between providers counts as one observation more: of one provider it is the spread between the providers of other hardware.
    """
    quoted = sigma_of(database, "rent_price", "scope=quoted")
    if is_named:
        return quoted
    between = sigma_of(database, "rent_price", "scope=between")
    logs = [math.log(offer.usd_per_h) for offer in offers]
    middle = _median(logs)
    return math.hypot(math.sqrt((sum((log - middle) ** 2 for log in logs) + between**2) / len(logs)), quoted)


def _makes(database: Database, offers: Sequence[_Offer], vendor: str) -> bool:
    """Say whether the one provider makes the hardware itself, so that there is no other."""
    if len(offers) != 1 or not vendor:
        return False
    return any(row["vendor"] == vendor for row in database.rows("providers", offers[0].row["provider"]))


def _type(database: Database, provider: str) -> str:
    for row in database.rows("providers", provider):
        return row["type"]
    return ""


def _quotes(offers: Sequence[_Offer], database: Database) -> tuple[Quote, ...]:
    return tuple(
        Quote(row["provider"], row["purchase"], usd_per_h, row["date"], _type(database, row["provider"]), row["server"], row["region"], row["source"])
        for usd_per_h, row in offers
    )


def _given(value: Uncertain, offers: Sequence[_Offer], subject: Subject, *, is_own: bool) -> Given:
    """Return the rent with the rows that it rests on."""
    what, newest = offers[0].row["purchase"].replace("_", " "), max(offer.row["date"] for offer in offers)
    if len(offers) == 1:
        row = offers[0].row
        name = subject.hardware.name if is_own else f"{subject.accelerator.name} at {row['provider']}"
        where = f" in {row['region'].partition(':')[2]}" if row["region"].partition(":")[2].strip("*") else ""
        return given("rent_price", value, "$/h", f"{what} price of {name}{where}, {newest}", row, assumed=not is_own)
    reason = f"{what} price of {subject.accelerator.name}, median of {len(offers)} providers, {newest}"
    listed = "; ".join(f"{offer.row['provider']} ${offer.usd_per_h:.4g} {offer.row['date']}" for offer in offers)
    return Given("rent_price", value, "$/h", reason, "fit-tables", f"{counted(len(offers), 'row')} of prices.csv: {listed}", "derived", not is_own)


def _other_time(offers: Sequence[_Offer], start: str | None) -> tuple[str, ...]:
    if start is None:
        return ()
    near = min((offer.row["date"] for offer in offers), key=lambda date: abs(time_of(date) - time_of(start)))
    is_old = abs(time_of(near) - time_of(start)) > _OLD_YEARS
    return (f"the nearest known rent is of {near}, the start is {start}",) if is_old else ()


def _other_region(offers: Sequence[_Offer], subject: Subject) -> tuple[str, ...]:
    """Warn where the provider of the region that the plan names has a price in others of its regions only."""
    place = subject.place
    if place is None or place.region is None or {offer.row["provider"] for offer in offers} != {place.region["provider"]}:
        return ()
    region = offers[0].row["region"]
    is_there = region == place.id or region.endswith(":*")
    return () if is_there else (f"no rent in {place.id} is known: that in {region.partition(':')[2]} is taken; it may not be offered there",)


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2.0
