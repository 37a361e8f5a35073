"""The same training in another place: in a region with a cleaner grid, or in a more efficient building."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from traincarbon.database.place_names import Place
from traincarbon.database.select import nearest
from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import Change, Effort, Group, NotOffered
from traincarbon.explore.advice.context import AdviceContext, Outcome
from traincarbon.explore.advice.evidence import Evidence, evidence_of, title_of
from traincarbon.uncertain import median_of

if TYPE_CHECKING:
    from traincarbon.database.records import Row

SITE_SPREADS = ("carbon_intensity", "pue", "wue_l_per_kwh", "grid_water_l_per_kwh", "electricity_price", "rent_price")
"""Spreads that two places do not share."""
_MUCH_CLEANER = 0.5
"""A nearer region is named beside the cleanest if it emits at most this share of the plan's CO2e."""
_BEST_PUE = 1.15
"""A building this efficient is not worth leaving for its PUE."""
_EARTH_RADIUS_KM = 6371.0


def cleaner_place(context: AdviceContext) -> Iterator[Outcome]:
    """Yield the cleanest region that offers the hardware, and the nearest or else the cheapest that is at least twice as clean."""
    name = "A cleaner region"
    if context.plan.carbon_intensity is not None:
        yield NotOffered("region", name, "the plan states its own carbon_intensity")
        return
    everywhere = [(id, answer) for id in regions_of(context) if (answer := _there(context, id)) is not None]
    total = context.results["total_kgco2e"]
    now = -math.inf if total is None else float(median_of(total))
    cleaner = sorted((each for each in everywhere if _carbon(each[1]) < now), key=lambda each: _carbon(each[1]))
    if not cleaner:
        none_cleaner = f"none of {len(everywhere)} regions that offer the hardware is cleaner"
        yield NotOffered("region", name, none_cleaner if everywhere else f"no region is known that offers {context.hardware.name}")
        return
    much_cleaner = [each for each in cleaner if _carbon(each[1]) <= _MUCH_CLEANER * now]
    other = _nearest(context.place, much_cleaner)
    if other is None and much_cleaner:
        other = min(much_cleaner, key=lambda each: _cost(context, each[1]))
    chosen = dict([cleaner[0], *([other] if other is not None else [])])
    for id, answer in chosen.items():
        yield _in_region(context, id, answer)


def _in_region(context: AdviceContext, id: str, answer: Estimate) -> Outcome:
    place = answer.facts.place
    name = id if place is None or place.region is None else f"{id} ({place.region['location']})"
    given = answer.facts.need("carbon_intensity")
    before = context.given("carbon_intensity")
    grams = f"{median_of(given.value):.0f} g/kWh instead of {median_of(before.value):.0f}"
    zone = place.zone if place is not None else ""
    title = title_of(context.database, given.source)
    grid = Evidence(f"grid/{zone}", f"{given.reason}: {grams}", given.source, title, given.locator, given.kind)
    return context.alternative(
        f"region-{id}",
        Group.SAME,
        Change.PLACE,
        f"Train in {name}",
        answer,
        lost="proximity to data and people; moving the data out of its present place may cost money",
        effort=Effort.LOW,
        not_when="law or contract ties the data to its place, or the region has no capacity left",
        how=f"the chain with that region's grid ({grams}), building and prices",
        evidence=(grid, *context.support("region-shift")),
        independent=SITE_SPREADS,
        plan=answer.plan,
        short=id,
        is_combinable=True,
    )


def regions_of(context: AdviceContext) -> list[str]:
    """Return the regions that have a price for the hardware; only those of the plan's provider where it names one."""
    hardware, chip = context.hardware, context.accelerator
    purchase = context.plan.rent or "on_demand"
    priced = [row for row in context.database.rows("prices", chip.id) if row["purchase"] in (purchase, "on_demand")]
    rows = [row for row in priced if context.database.rows("regions", row["region"])]
    if hardware.is_cloud:
        rows = [row for row in rows if row["provider"] == hardware.operator and row["server"] == hardware.id]
    here = context.place
    if here is None or here.region is None:
        return sorted({row["region"] for row in rows})
    mine = [row for row in rows if row["provider"] == here.region["provider"]]
    return sorted({row["region"] for row in mine or rows} - {here.id})


def better_building(context: AdviceContext) -> Iterator[Outcome]:
    """Yield a building as efficient as those of large operators, where the plan's is not."""
    if context.is_at_home:
        yield NotOffered("pue", "A better building", "hardware at home or in an office has no data centre to choose")
        return
    stated = context.plan.number("pue")
    now = float(median_of(stated if stated is not None else context.given("pue").value))
    fleets: dict[str, list[Row]] = {}
    for row in context.database.all_rows("facilities"):
        if row["scope"] == "fleet" and row["pue"]:
            fleets.setdefault(row["operator"], []).append(row)
    newest = sorted((found for rows in fleets.values() if (found := nearest(rows, context.plan.start)) is not None), key=lambda each: float(each["pue"]))
    if not newest:
        return
    middle = newest[(len(newest) - 1) // 2]
    best = float(middle["pue"])
    if now <= _BEST_PUE or best >= now:
        yield NotOffered("pue", "A better building", f"a PUE of {now:.2f} is as good as those of large operators")
        return
    claim = f"PUE of {middle['operator']}'s fleet in {middle['year']}: {middle['pue']}, the median of {len(newest)} operators"
    yield context.alternative(
        "pue",
        Group.SAME,
        Change.PLACE,
        f"A building of PUE {best:.2f} instead of {now:.2f}",
        context.estimate(pue=best),
        lost="nothing of the training; the hardware stands elsewhere",
        effort=Effort.MEDIUM,
        not_when="the hardware cannot be moved; with rented hardware only energy and CO2e fall, since rent includes electricity",
        how="the chain at that PUE",
        evidence=(evidence_of(context.database, middle, table="facilities", key=middle["operator"], claim=claim), *context.support("pue-improve")),
        independent=("pue",),
        short=f"PUE {best:.2f}",
        is_combinable=True,
    )


def _there(context: AdviceContext, id: str) -> Estimate | None:
    try:
        return context.estimate(region=id)
    except CarbonError:
        return None


def _nearest(here: Place | None, found: list[tuple[str, Estimate]]) -> tuple[str, Estimate] | None:
    """Return the nearest of *found* to *here*, None where no distance is known."""
    position = _position(here)
    known = [(where, each) for each in found if (where := _position(each[1].facts.place)) is not None]
    if position is None or not known:
        return None
    return min(known, key=lambda each: distance_km(position, each[0]))[1]


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance of two positions given by latitude and longitude in degrees. [km].

    Example:
        >>> round(distance_km((48.9, 2.4), (52.4, 4.9)), -1)
        430.0
    """
    (north, east), (north_2, east_2) = ((math.radians(degree) for degree in position) for position in (one, other))
    half = math.sin((north_2 - north) / 2.0) ** 2 + math.cos(north) * math.cos(north_2) * math.sin((east_2 - east) / 2.0) ** 2
    return 2.0 * _EARTH_RADIUS_KM * math.asin(math.sqrt(half))


def _position(place: Place | None) -> tuple[float, float] | None:
    region = place.region if place is not None else None
    if region is None or not region["latitude"] or not region["longitude"]:
        return None
    return float(region["latitude"]), float(region["longitude"])


def _carbon(answer: Estimate) -> float:
    total = answer.values["total_kgco2e"]
    return math.inf if total is None else float(median_of(total))


def _cost(context: AdviceContext, answer: Estimate) -> float:
    cost = context.results_of(answer)["cost_usd"]
    return math.inf if cost is None else float(median_of(cost))
