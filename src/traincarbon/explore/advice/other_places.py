"""The same training in another place or on other hardware: where the grid is cleaner, the building better, the chips newer."""

import math
from collections.abc import Iterator

from traincarbon.database.find import Place
from traincarbon.database.records import Product, Row
from traincarbon.database.select import nearest, prior, year_of
from traincarbon.errors import CarbonError
from traincarbon.estimation.result import Estimate
from traincarbon.explore.advice.alternative import NotOffered
from traincarbon.explore.advice.evidence import Evidence, evidence_of
from traincarbon.explore.advice.situation import Found, Situation
from traincarbon.explore.compared_results import figures_of
from traincarbon.uncertain import median_of

SITE_SPREADS = ("carbon_intensity", "pue", "wue_l_per_kwh", "grid_water_l_per_kwh", "electricity_price", "rent_price")
"""What another place does not share with the first."""
CHIP_SPREADS = ("mfu", "power", "host", "embodied", "rent_price", "purchase_price")
"""What other hardware does not share with the first."""
_MUCH_CLEANER = 0.5
"""Share of the plan's CO2e below which a nearer region is worth naming before the cleanest."""
_BEST_PUE = 1.15
"""A building this good is not worth leaving for its PUE."""
_SLOWEST = 2.0
"""Hardware that takes more than so many times the accelerator-hours is no replacement."""


def cleaner_place(at: Situation) -> Iterator[Found]:
    """Yield the cleanest region where the hardware can be had, and the nearest or else the cheapest that is at least twice as clean."""
    if at.plan.carbon_intensity is not None:
        yield NotOffered("region", "A cleaner region", "the plan states its own carbon_intensity")
        return
    everywhere = [(id, answer) for id in regions_of(at) if (answer := _there(at, id)) is not None]
    now = at.figures["total_kgco2e"]
    found = [each for each in everywhere if now is not None and _carbon(each[1]) < float(median_of(now))]
    if everywhere and not found:
        yield NotOffered("region", "A cleaner region", f"none of {len(everywhere)} regions where the hardware is offered is cleaner")
        return
    if not found or now is None:
        yield NotOffered("region", "A cleaner region", f"no region where {at.base.facts.hardware.name} is offered is known")
        return
    found.sort(key=lambda each: _carbon(each[1]))
    clean = [each for each in found if _carbon(each[1]) <= _MUCH_CLEANER * float(median_of(now))]
    other = _nearest(at.base.facts.place, clean)
    if other is None and clean:
        other = min(clean, key=lambda each: _cost(at, each[1]))
    chosen = [found[0], *([other] if other is not None else [])]
    seen = set()
    for id, answer in chosen:
        if id not in seen:
            seen.add(id)
            yield _in_region(at, id, answer)


def _in_region(at: Situation, id: str, answer: Estimate) -> Found:
    place = answer.facts.place
    name = id if place is None or place.region is None else f"{id} ({place.region['location']})"
    given = answer.facts.need("carbon_intensity")
    before = at.base.facts.need("carbon_intensity")
    grams = f"{median_of(given.value):.0f} g/kWh against {median_of(before.value):.0f}"
    figures = figures_of(answer, at.money)
    if figures["cost_usd"] is not None and not _is_priced_there(at, id):
        figures = {**figures, "cost_usd": at.figures["cost_usd"] if at.money == "rent" else figures["cost_usd"]}
    title = str(at.database.sources().get(given.source, {}).get("title", given.source))
    grid = Evidence(f"grid/{_zone(answer)}", f"{given.reason}: {grams}", given.source, title, given.locator, given.kind)
    return at.alternative(
        f"region-{id}",
        "same",
        f"Train in {name}",
        figures,
        lost="nearness to data and people; moving the data out of where it lies may cost money",
        effort="low",
        not_when="law or contract keeps the data where it is, or the region has no capacity left",
        how=f"the chain with that region's grid ({grams}), building and prices",
        evidence=(grid, *at.support("region-shift")),
        apart=SITE_SPREADS,
        plan=answer.plan,
    )


def regions_of(at: Situation) -> list[str]:
    """Return the regions where the hardware is offered as far as its prices say, of the plan's own provider where it names one."""
    hardware, chip = at.base.facts.hardware, at.base.facts.accelerator
    purchase = at.plan.rent or "on_demand"
    rows = [row for row in at.database.rows("prices", chip.id) if row["purchase"] in (purchase, "on_demand") and at.database.rows("regions", row["region"])]
    if hardware.is_cloud:
        rows = [row for row in rows if row["provider"] == hardware.operator and row["server"] == hardware.id]
    here = at.base.facts.place
    if here is None or here.region is None:
        return sorted({row["region"] for row in rows})
    mine = [row for row in rows if row["provider"] == here.region["provider"]]
    return sorted({row["region"] for row in mine or rows} - {here.id})


def better_building(at: Situation) -> Iterator[Found]:
    """Yield a building as good as the fleets of large operators, where the plan's is not."""
    stated = at.plan.number("pue")
    now = float(median_of(stated if stated is not None else at.base.facts.value("pue")))
    fleets: dict[str, list[Row]] = {}
    for row in at.database.all_rows("facilities"):
        if row["scope"] == "fleet" and row["pue"]:
            fleets.setdefault(row["operator"], []).append(row)
    newest = sorted((found for rows in fleets.values() if (found := nearest(rows, at.plan.start)) is not None), key=lambda each: float(each["pue"]))
    if not newest:
        return
    middle = newest[(len(newest) - 1) // 2]
    best = float(middle["pue"])
    if now <= _BEST_PUE or best >= now:
        yield NotOffered("pue", "A better building", f"a PUE of {now:.2f} is as good as those of large operators")
        return
    claim = f"PUE of {middle['operator']}'s fleet in {middle['year']}: {middle['pue']}, the middle of {len(newest)} operators"
    yield at.alternative(
        "pue",
        "same",
        f"A building of PUE {best:.2f} instead of {now:.2f}",
        at.estimate(pue=best),
        lost="nothing of the training; the hardware stands elsewhere",
        effort="medium",
        not_when="the hardware cannot be moved; who rents pays no electricity, so that only energy and CO2e fall",
        how="the chain at that PUE",
        evidence=(evidence_of(at.database, middle, table="facilities", key=middle["operator"], claim=claim), *at.support("pue-improve")),
        apart=("pue",),
    )


def newer_hardware(at: Situation) -> Iterator[Found]:
    """Yield the hardware that is cheapest, and the one that is cleanest, of those that can be rented, hold the model, and have published trainings."""
    name = "Newer or other hardware"
    possible = [answer for id in _candidates(at) if (answer := _on(at, id)) is not None]
    found = [answer for answer in possible if at.plan.mfu is not None or _is_tried(at, answer)]
    if not found:
        since = f" in {at.plan.start}" if at.plan.start else ""
        what = "has a published training" if possible else "is priced"
        yield NotOffered("hardware", name, f"none {what} that holds the model and is not much slower{since}")
        return
    seen: dict[str, tuple[Estimate, list[str]]] = {}
    for key, what in (("cost_usd", "cheapest"), ("total_kgco2e", "cleanest")):
        known = [answer for answer in found if figures_of(answer, at.money)[key] is not None]
        if known:
            best = min(known, key=lambda answer: float(median_of(figures_of(answer, at.money)[key])))
            seen.setdefault(best.facts.hardware.id, (best, []))[1].append(what)
    for id, (answer, marks) in seen.items():
        yield _on_hardware(at, id, answer, " and ".join(marks))


def _on_hardware(at: Situation, id: str, answer: Estimate, marks: str) -> Found:
    chip = answer.facts.accelerator
    peak, draw = answer.facts.need("peak_flop_per_s"), answer.facts.given("board_power_w")
    title = str(at.database.sources().get(peak.source, {}).get("title", peak.source))
    watts = f", {draw.value:.0f} W" if draw is not None else ""
    sheet = Evidence(f"accelerators/{chip.id}", f"{peak.value / 1e12:.0f} TFLOP/s dense{watts}", peak.source, title, peak.locator, peak.kind)
    rent = answer.facts.given("rent_price")
    priced = []
    if rent is not None and at.money == "rent":
        shop = str(at.database.sources().get(rent.source, {}).get("title", rent.source))
        priced.append(Evidence(f"prices/{chip.id}", f"{median_of(rent.value):.2f} $/h: {rent.reason}", rent.source, shop, rent.locator, rent.kind))
    pair = (at.base.facts.accelerator.keys.get("generation"), chip.keys.get("generation"))
    measured = at.support("hw-a100-h100") if pair == ("ampere", "hopper") else ()
    return at.alternative(
        f"hardware-{id}",
        "same",
        f"Train on {answer.facts.hardware.name}",
        answer,
        lost="nothing of the model; the code must run there" + ("" if chip.keys.get("type") == "gpu" else ", on another compiler"),
        effort="low" if chip.keys.get("vendor") == at.base.facts.accelerator.keys.get("vendor") else "high",
        not_when="there is none to be had, or what one owns stands idle meanwhile",
        how=f"the chain on as many of them ({marks} of those priced that hold the model)",
        evidence=(sheet, *priced, *measured),
        apart=CHIP_SPREADS,
    )


def _candidates(at: Situation) -> list[str]:
    """Return what could take the place of the hardware: the operator's own instances in the region, else chips that anybody rents out."""
    hardware, chip, place = at.base.facts.hardware, at.base.facts.accelerator, at.base.facts.place
    purchase = at.plan.rent or "on_demand"
    rows = [row for row in at.database.all_rows("prices") if row["purchase"] == purchase and row["accelerator"] != chip.id]
    if place is not None and place.region is not None:
        rows = [row for row in rows if row["region"] == place.id]
    if hardware.is_cloud:
        return sorted({row["server"] for row in rows if row["provider"] == hardware.operator and row["server"]})
    return sorted({row["accelerator"] for row in rows})


def _on(at: Situation, id: str) -> Estimate | None:
    """Return the estimate on other hardware, None where it cannot be, is not out yet, is too small or much slower."""
    product = at.database.product("servers", id) or at.database.product("accelerators", id)
    chip = _chip(at, product)
    if chip is None or not _is_out(chip, at.plan.start) or chip.id == at.base.facts.accelerator.id:
        return None
    n = at.base.accelerators
    precision = at.plan.precision if at.plan.precision is None or f"peak_{at.plan.precision}_flop_per_s" in chip.facts else None
    try:
        answer = at.estimate(hw=id, servers=None, accelerators=n, precision=precision)
    except CarbonError:
        return None
    fewest, hours, before = answer.fewest_accelerators, answer.values["accelerator_hours_h"], at.base.values["accelerator_hours_h"]
    too_small = n is not None and fewest is not None and median_of(fewest) > median_of(n)
    too_slow = hours is None or before is None or median_of(hours) > _SLOWEST * median_of(before)
    return None if too_small or too_slow else answer


def _is_tried(at: Situation, answer: Estimate) -> bool:
    """Say whether the utilisation of that generation of chips comes from published trainings on it."""
    return prior(at.database, "mfu", f"generation={answer.facts.accelerator.keys.get('generation', '')}") is not None


def _chip(at: Situation, product: Product | None) -> Product | None:
    if product is None or product.folder != "servers":
        return product
    return at.database.product("accelerators", product.keys.get("accelerator", ""))


def _is_out(chip: Product, start: str | None) -> bool:
    launched = chip.value("launch_year")
    return start is None or launched is None or launched <= year_of(start)


def _there(at: Situation, id: str) -> Estimate | None:
    try:
        return at.estimate(region=id)
    except CarbonError:
        return None


def _is_priced_there(at: Situation, id: str) -> bool:
    purchase = at.plan.rent or "on_demand"
    return any(row["region"] == id and row["purchase"] == purchase for row in at.database.rows("prices", at.base.facts.accelerator.id))


def _nearest(here: Place | None, found: list[tuple[str, Estimate]]) -> tuple[str, Estimate] | None:
    """Return the nearest of *found* to *here*, None where no distance is known."""
    at = _position(here)
    known = [(where, each) for each in found if (where := _position(each[1].facts.place)) is not None]
    if at is None or not known:
        return None
    return min(known, key=lambda each: distance_km(at, each[0]))[1]


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the great-circle distance of two places given by latitude and longitude in degrees. [km].

    Example:
        >>> round(distance_km((48.9, 2.4), (52.4, 4.9)), -1)
        430.0
    """
    (north, east), (north_2, east_2) = ((math.radians(degree) for degree in place) for place in (one, other))
    half = math.sin((north_2 - north) / 2.0) ** 2 + math.cos(north) * math.cos(north_2) * math.sin((east_2 - east) / 2.0) ** 2
    return 2.0 * 6371.0 * math.asin(math.sqrt(half))


def _position(place: Place | None) -> tuple[float, float] | None:
    region = place.region if place is not None else None
    if region is None or not region["latitude"] or not region["longitude"]:
        return None
    return float(region["latitude"]), float(region["longitude"])


def _carbon(answer: Estimate) -> float:
    total = answer.values["total_kgco2e"]
    return math.inf if total is None else float(median_of(total))


def _cost(at: Situation, answer: Estimate) -> float:
    cost = figures_of(answer, at.money)["cost_usd"]
    return math.inf if cost is None else float(median_of(cost))


def _zone(answer: Estimate) -> str:
    place = answer.facts.place
    return place.zone if place is not None else ""
