"""What a reader asks before signing: how often intervals were right, what the carbon counts, and how old the prices and facts are."""

import hashlib
import json
import os
import time
from functools import lru_cache
from os import path
from typing import NamedTuple

from traincarbon._version import __version__
from traincarbon.database.edition import Edition
from traincarbon.estimation.result import Estimate
from traincarbon.formatting import amount, counted
from traincarbon.reporting.ghg import Accounts
from traincarbon.reporting.view import EstimateView

_LEVEL = 0.9
"""The level of the intervals whose coverage was counted."""
_CALIBRATED = "_calibration"
_UNIT = "kg CO2e"


class Coverage(NamedTuple):
    """How many published values of a quantity there are, and how many of them lie inside the 90 % interval that was predicted without them."""

    published: int
    inside: int


@lru_cache(maxsize=1)
def coverage() -> dict[str, Coverage]:
    """Return the coverage of the intervals by quantity, as ``make accuracy`` counted it."""
    with open(path.join(path.dirname(__file__), "coverage.json"), encoding="utf-8") as stream:
        return {name: Coverage(**counts) for name, counts in json.load(stream).items()}


def coverage_sentence(view: EstimateView, answer: Estimate | None) -> str:
    """Return how often the intervals were right, and how many published runs are like this plan; empty at another level than 90 %."""
    if view.level != _LEVEL:
        return ""
    hours = coverage()["accelerator_hours_h"]
    alike = "" if answer is None else f" {counted(int(answer.support['published_runs']), 'published run')} had this family and hardware."
    return f"How often right: {hours.inside} of {hours.published} published trainings lie in the interval of GPU-hours that was predicted without them.{alike}"


def scope_sentence(accounts: Accounts) -> str:
    """Return what the CO2e counts, by the scopes of the GHG Protocol."""
    if accounts.electricity is None:
        return "CO2e is not known."
    market = "market-based not stated" if accounts.market is None else f"market-based {amount(accounts.market, _UNIT)}"
    making = "making the hardware not known" if accounts.hardware is None else f"making the hardware {amount(accounts.hardware, _UNIT)}"
    if accounts.location is None or accounts.upstream is None:
        return f"Electricity {amount(accounts.electricity, _UNIT)} CO2e (Scope 2 with its upstream), {market}; Scope 3: {making}."
    rest = f"upstream of the electricity {amount(accounts.upstream, _UNIT)}, {making}"
    if accounts.hardware is not None:
        rest = f"upstream of the electricity and making the hardware {amount(accounts.upstream + accounts.hardware, _UNIT)}"
    return f"Scope 2: location-based {amount(accounts.location, _UNIT)} CO2e, {market}. Scope 3: {rest}."


def price_sentence(answer: Estimate | None) -> str:
    """Return who asks the price of renting and when it was read; empty where the rent rests on no quote."""
    if answer is None or not answer.quotes:
        return ""
    dates = sorted({quote.date for quote in answer.quotes})
    names = sorted({quote.provider for quote in answer.quotes})
    who = names[0] if len(names) == 1 else counted(len(names), "provider")
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return f"Rent: {who}, {answer.quotes[0].purchase.replace('_', ' ')}, {when}."


def made_sentence(view: EstimateView, facts: Edition | None) -> str:
    """Return the day, the version, the facts, the plan and whether it is calibrated to the user's own runs.

    Args:
        view: The estimate.
        facts: The facts that it rests on, None where it was saved and rests on those of another time.
    """
    calibrated = "calibrated to your own runs" if is_calibrated(view) else "not calibrated to your own runs"
    rests_on = "saved with other facts" if facts is None else str(facts)
    return f"{today()}, carbon {__version__}, {rests_on}, plan {fingerprint(view)}, {calibrated}."


def fingerprint(view: EstimateView) -> str:
    """Return eight letters that tell one plan from another."""
    return hashlib.sha256(json.dumps(dict(view.plan), sort_keys=True, default=str).encode("utf-8")).hexdigest()[:8]


def today() -> str:
    """Return the date, or that of ``SOURCE_DATE_EPOCH`` where it is set, so that a page can be made again with the same bytes."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    return time.strftime("%Y-%m-%d", time.gmtime(int(stated) if stated.isdigit() and len(stated) < 12 else time.time()))


def is_calibrated(view: EstimateView) -> bool:
    """Say whether the estimate is calibrated to the user's own runs."""
    return any(step.name.endswith(_CALIBRATED) for step in view.steps)
