"""Upstream of Google's prices: the price file of a cost calculator, made from Google's own catalogue every week."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from traincarbon.database.records import Row
from traincarbon.database.refresh.prices import KEY, price_row, regions_of
from traincarbon.database.refresh.upstream import Edition, Upstream, number_of, refuse_page, server_ids
from traincarbon.errors import CarbonError

_PRICES = {"hour": ("on_demand", 1.0), "hour_spot": ("spot", 1.0), "month_1y": ("reserved_1y", 730.0), "month_3y": ("reserved_3y", 730.0)}
"""Each price that is taken: how the machine is bought, and the hours that it is for."""
_LINE = re.compile(r"^( *)([A-Za-z0-9_.-]+):(?: (\S+))?$")
_TIMESTAMP = re.compile(r"^  timestamp: (\d{9,11})$", re.MULTILINE)
_INSTANCES = "\ncompute:\n  instance:\n"
_FILE = "pricing.yml"


def _rows(edition: Edition) -> Iterator[Row]:
    """Yield the prices of the machines that the database has.

    The file prices a machine in every region, also where it is not offered. So a machine keeps the regions that it has prices of,
    and one that has none gets all that are known.
    """
    refuse_page(edition)
    if _INSTANCES not in edition.text:
        raise CarbonError(f"{edition.name} has no machines under compute, instance", hint=f"give the {_FILE} of google-cloud-pricing-cost-calculator")
    stamp = _TIMESTAMP.search(edition.text)
    date = datetime.fromtimestamp(int(stamp[1]), UTC).date().isoformat() if stamp else edition.date
    servers, everywhere = server_ids(edition.database, "gcp"), regions_of(edition, "gcp")
    offered: dict[str, set[str]] = {}
    for row in edition.database.unchecked_rows("prices"):
        if row["provider"] == "gcp":
            offered.setdefault(row["server"], set()).add(row["region"].partition(":")[2])
    for name, region, price, text in _cells(edition):
        server = servers.get(f"gcp-{name}")
        if server is not None and price in _PRICES and region in (offered.get(server[0]) or everywhere):
            purchase, hours = _PRICES[price]
            usd_per_h = number_of(text, edition, f"the price {price} of {name} in {region}") / hours
            yield price_row(server, "gcp", region, purchase, date, usd_per_h, f"{_FILE}, {name}, {region}, {price}")


def _cells(edition: Edition) -> Iterator[tuple[str, str, str, str]]:
    """Yield machine, region, name of the price and its text, of the part of the file about machines."""
    name = region = ""
    for line in edition.text.partition(_INSTANCES)[2].splitlines():
        found = _LINE.match(line)
        if found is None:
            raise CarbonError(
                f"{edition.name} has the line {line[:60]!r}, which is no part of a price", hint="is the file cut off, or has it changed its form?"
            )
        depth, key, value = len(found[1]), found[2], found[3]
        if depth <= 2:  # the next part of the file
            return
        if depth == 4:
            name, region = key, ""
        elif depth == 8:
            region = key
        elif depth == 10 and region and value is not None:
            yield name, region, key, value


UPSTREAMS = (
    Upstream(
        "cyclenerd",
        f"google-cloud-pricing-cost-calculator, {_FILE}",
        "Nils Knieling",
        f"https://raw.githubusercontent.com/Cyclenerd/google-cloud-pricing-cost-calculator/master/{_FILE}",
        "Apache-2.0",
        "prices",
        KEY,
        "cyclenerd-{date}-gcp-pricing",
        _rows,
    ),
)
