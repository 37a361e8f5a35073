"""What the market brings into an estimate: the rent of an accelerator-hour and the price of a server."""

import math

from traincarbon.database.load import Database
from traincarbon.database.records import Product, Row
from traincarbon.database.select import nearest, prior, sigma_of, time_of
from traincarbon.estimation.facts.types import Facts
from traincarbon.estimation.plan import Plan
from traincarbon.formatting import counted
from traincarbon.uncertain import Uncertain


def add_prices(setting: Facts, database: Database, plan: Plan) -> None:
    """Note the rent of an accelerator-hour, the price of a server, and how long and how much it is used."""
    server, chip = setting.hardware, setting.accelerator
    purchase = plan.rent or "on_demand"
    rows = [row for row in database.rows("prices", chip.id) if row["purchase"] == purchase]
    own = [row for row in rows if row["server"] == server.id]
    rows = own or rows
    if setting.place is not None and setting.place.region is not None:
        rows = [row for row in rows if row["region"] == setting.place.id] or rows
    if rows:
        quotes = _quotes(rows, plan.start)
        logs = [math.log(quote) for quote in quotes]
        middle = sum(logs) / len(logs)
        scatter = math.sqrt(sum((log - middle) ** 2 for log in logs) / len(logs))
        sigma = math.hypot(scatter, sigma_of(database, "rent_price", "scope=quoted"))
        newest = nearest(rows, plan.start)
        whose = server.name if own else f"{chip.name} at {counted(len({row['provider'] for row in rows}), 'provider')}"
        text = f"{purchase.replace('_', ' ')} price of {whose}, {newest['date'] if newest else ''}"
        setting.add("rent_price", Uncertain(math.exp(middle), {"rent_price": sigma}), "$/h", text, newest, assumed=not own)
        if plan.start is not None and newest is not None and abs(time_of(newest["date"]) - time_of(plan.start)) > 1.5:
            setting.warnings.append(f"the nearest known rent is of {newest['date']}, the start is {plan.start}")
    _add_purchase(setting, database)
    setting.add_prior(database, "interconnect_share", "*", "", "network between servers, as a share of the cluster's price", spread="interconnect")
    setting.add_prior(database, "service_life", "*", "years", "years that accelerators stay in service")
    setting.add_prior(database, "utilisation", "*", "", "share of its service life in which a cluster is used")


def _add_purchase(setting: Facts, database: Database) -> None:
    server, chip = setting.hardware, setting.accelerator
    sigma = sigma_of(database, "purchase_price", "scope=listed")
    fact = server.facts.get("price_usd")
    if fact is not None and server.folder == "servers":
        spread = sigma if fact.low is None or fact.high is None else max(sigma, math.log(fact.high / fact.low) / 3.29)
        setting.add("purchase_price", Uncertain(fact.value, {"purchase_price": spread}), "$", f"price of {server.name}", fact, assumed=fact.kind == "assumed")
        return
    sibling = _priced_sibling(database, chip.id)
    if sibling is not None:
        fact = sibling.facts["price_usd"]
        price = fact.value / (sibling.value("accelerator_count") or 1.0) * setting.accelerator_count
        reason = f"as {sibling.name}, which holds the same chip"
        setting.add("purchase_price", Uncertain(price, {"purchase_price": 1.5 * sigma}), "$", reason, fact, assumed=True)
        return
    fact = chip.facts.get("price_usd")
    ratio = prior(database, "server_price_ratio", "*")
    if fact is not None and ratio is not None:
        value = ratio[1] * (fact.value * setting.accelerator_count)
        spread = math.hypot(sigma, value.sigma)
        reason = f"{ratio[1].median:.2f} × the price of {chip.name}: a server costs more than its chips"
        setting.add("purchase_price", Uncertain(value.median, {"purchase_price": spread}), "$", reason, fact, assumed=True)


def _priced_sibling(database: Database, chip: str) -> Product | None:
    key = ("priced_sibling", chip)
    if key not in database.cache:
        mark = f'accelerator = "{chip}"'
        found = None
        for id in database.ids("servers"):
            text = "".join(text for _, text in database.raw("servers", id))
            if mark in text and "[price_usd]" in text:
                found = database.product("servers", id)
                break
        database.cache[key] = found
    sibling: Product | None = database.cache[key]
    return sibling


def _quotes(rows: list[Row], start: str | None) -> list[float]:
    """Return one price for an accelerator-hour from each provider: the middle of its nearest quotes."""
    by_provider: dict[str, dict[tuple[str, str], list[Row]]] = {}
    for row in rows:
        by_provider.setdefault(row["provider"], {}).setdefault((row["server"], row["region"]), []).append(row)
    quotes = []
    for offers in by_provider.values():
        logs = []
        for dated in offers.values():
            quote = nearest(dated, start)
            if quote is not None:
                logs.append(math.log(float(quote["usd_per_h"]) / float(quote["accelerator_count"])))
        quotes.append(math.exp(sum(logs) / len(logs)))
    return quotes
