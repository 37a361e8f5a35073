"""How well the bills of other runs predict what an accelerator-hour of a run cost, against the price that an estimate expects without them."""

import math
from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from traincarbon.calibration.prediction_errors import Errors
from traincarbon.calibration.rents import SCATTER, billed_hours_h, billed_runs
from traincarbon.calibration.verdicts import FEWEST_TESTED, ErrorsByChip
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.ledger.run import Run
from traincarbon.uncertain import Uncertain


def prices_tested(records: Iterable[Run], database: Database, *, site: str = "") -> ErrorsByChip | None:
    """Return the logarithms of predicted over billed price of each billed run that is not alone on its hardware and site, None if there is none.

    Left out, a run is predicted by what all others there were billed for all their hours. Hardware whose price is unknown without bills is not tested.

    Args:
        records: The runs.
        database: Where hardware, places and prices are looked up.
        site: The site of runs whose plan names no region.
    """
    expected = lru_cache(maxsize=None)(lambda hardware, place, year: _listed(hardware, place, year, database))
    found: list[tuple[float, float, float, float]] = []
    chips: list[str] = []
    for (chip, place), billed in sorted(billed_runs(records, database, site=site).items()):
        if len(billed) < FEWEST_TESTED:
            continue
        usd = [bill.usd for _, bill in billed]
        hours_h = [billed_hours_h(record) for record, _ in billed]
        every = math.log(sum(usd) / sum(hours_h))
        for (record, bill), paid, hours in zip(billed, usd, hours_h, strict=True):
            listed = expected(record.hw or chip, place, bill.first_day[:4]) or expected(chip, place, bill.first_day[:4])
            if listed is None:
                continue
            price, before = math.log(paid / hours), math.log(listed[0])
            others = math.log((sum(usd) - paid) / (sum(hours_h) - hours))
            found.append((before - price, every - price, others - price, listed[1]))
            chips.append(chip)
    if not found:
        return None
    before, after, left_out, sigma = np.array(found, dtype=float).T
    return ErrorsByChip(Errors(np.arange(len(found)), before, after, left_out, sigma, np.full(len(found), SCATTER)), chips)


def _listed(hardware: str, place: str, year: str, database: Database) -> tuple[float, float] | None:
    """Return the price of an accelerator-hour without bills [$/h] and its log-spread, None if it is unknown."""
    start = year if year.isdigit() else None
    try:
        answer = estimate(accelerator_hours=1.0, hw=hardware, region=place or None, start=start, calibration="none", database=database)
    except CarbonError:
        return None
    given = answer.facts.given("rent_price")
    if given is None or not isinstance(given.value, Uncertain) or not isinstance(given.value.median, float):
        return None
    return given.value.median, float(given.value.sigma)
