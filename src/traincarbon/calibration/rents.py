"""The real price of a GPU-hour, by the bills of runs: what they cost over their accelerator-hours, by hardware and site."""

import math
from collections.abc import Iterable, Sequence

from traincarbon.database.find_counted import find_counted
from traincarbon.database.find_place import find_place
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.billed_rent import Rent
from traincarbon.ledger.bills import Billed
from traincarbon.ledger.run import Run
from traincarbon.quantities import S_PER_H

SCATTER = 0.1
"""Log-spread of the price of a run around that of others; a choice, as one run shows none: hours of storage and idling differ."""


def rents_of(records: Iterable[Run], database: Database, *, site: str = "") -> tuple[Rent, ...]:
    """Return the price of an accelerator-hour on each hardware and site where runs were billed.

    Every run with a bill counts, also one that was stopped or counted no tokens, as it was paid for. One whose energy counts in another run does not.

    Args:
        records: The runs.
        database: Where hardware and places are looked up.
        site: The site of runs whose plan names no region.
    """
    return tuple(_rent(chip, place, found) for (chip, place), found in sorted(billed_runs(records, database, site=site).items()))


def billed_runs(records: Iterable[Run], database: Database, *, site: str = "") -> dict[tuple[str, str], list[tuple[Run, Billed]]]:
    """Return the runs whose bill says what an accelerator-hour cost, by hardware and site; the arguments are those of :func:`rents_of`."""
    groups: dict[tuple[str, str], list[tuple[Run, Billed]]] = {}
    for record in records:
        if record.billed is None or record.counted_in or not record.accelerators or record.duration_s <= 0.0 or record.billed.usd <= 0.0:
            continue
        try:
            groups.setdefault((_chip(record, database), _site(record, database) or site), []).append((record, record.billed))
        except CarbonError:
            continue  # its hardware or place is unknown; the calibration says so of the run
    return groups


def billed_hours_h(record: Run) -> float:
    """Return the accelerator-hours that the bill of a run is for. [h]."""
    return record.duration_s * (record.accelerators or 0) / S_PER_H


def _rent(chip: str, site: str, found: Sequence[tuple[Run, Billed]]) -> Rent:
    hours_h = [billed_hours_h(record) for record, _ in found]
    usd = [billed.usd for _, billed in found]
    price = sum(usd) / sum(hours_h)
    logs = [math.log(cost / hours / price) for cost, hours in zip(usd, hours_h, strict=True)]
    scatter = math.sqrt((SCATTER**2 + sum(log**2 for log in logs)) / len(logs)) if len(logs) > 1 else SCATTER
    days = sorted(day for _, billed in found for day in (billed.first_day, billed.last_day))
    return Rent(chip, site, len(found), price, scatter, sum(usd), sum(hours_h), days[0], days[-1])


def _chip(record: Run, database: Database) -> str:
    product = find_counted(database, record.hw or str((record.plan or {}).get("hw") or ""))[0]
    return product.id if product.folder == "accelerators" else str(product.keys.get("accelerator", product.id))


def _site(record: Run, database: Database) -> str:
    region = (record.plan or {}).get("region") or (record.site or {}).get("region")
    return find_place(database, str(region)).id if region else ""
