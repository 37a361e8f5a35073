"""The same training in other places and on other hardware: which are worth a look, and what each would take."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate

_COUNTRIES = ("NO", "SE", "FR", "CA", "FI", "GB", "DE", "US", "JP", "SG", "AU", "IN", "PL", "CN")
"""Grids, from hydro to coal, that a reader of such a report may have in mind; where hardware of a cloud stands, its own regions are shown."""
_OF_THE_PLACE = {"electricity_usd": "electricity_price", "water_l": "grid_water_l_per_kwh"}
"""Figures of which not every place has what they rest on."""
_MOST_PLACES = 12
_MOST_HARDWARE = 7
_LEAST_PEAK_FLOP_PER_S, _LEAST_MEMORY_B = 100e12, 30e9
"""Hardware below these was not made to train models of today."""


class Choice(NamedTuple):
    """A place or a piece of hardware: what a plan calls it, and what a reader does."""

    id: str
    name: str


class Elsewhere(NamedTuple):
    """The plan somewhere else: where, what it would take, and whether it is the plan's own place."""

    choice: Choice
    answer: Estimate
    is_own: bool


def places(answer: Estimate, database: Database) -> list[Choice]:
    """Return places in which the plan's hardware may stand: its operator's regions from the cleanest grid to the dirtiest, or well-known countries."""
    hardware, own = answer.facts.hardware, answer.facts.place
    if not hardware.is_cloud:
        zones = (rows[0] for zone in _COUNTRIES if (rows := database.rows("zones", zone)))
        found = [Choice(row["zone"], row["name"]) for row in zones]
    else:
        regions = [row for row in database.all_rows("regions") if row["provider"] == hardware.operator]
        ordered = sorted(regions, key=lambda row: (_intensity(database, row["zone"]), row["region"]))
        found = [Choice(row["region"], f"{row['location']} ({row['name']})") for row in _spread(ordered, _MOST_PLACES)]
    if own is not None and own.id not in {choice.id for choice in found}:
        found.append(Choice(own.id, own.name))
    return found


def hardware(answer: Estimate, database: Database) -> list[Choice]:
    """Return hardware of the same operator on which the plan could run, one for each accelerator, the newest first; the plan's own is among it."""
    own = answer.facts.hardware
    by_chip: dict[str, tuple[Product, float, Product]] = {}
    operator = own.operator if own.is_server else "on-prem"
    for server in database.products("servers"):
        if not (server.operator == operator or (not own.is_cloud and server.operator == "on-prem")):
            continue
        chip = database.product("accelerators", server.keys.get("accelerator", ""))
        if chip is not None and _is_for_training(chip):
            count = server.value("accelerator_count") or 1.0
            best = by_chip.get(chip.id)
            if best is None or (server.id == own.id, count) > (best[0].id == own.id, best[1]):
                by_chip[chip.id] = (server, count, chip)
    ordered = sorted(by_chip.values(), key=lambda entry: (-(entry[2].value("launch_year") or 0.0), entry[0].id))
    products = [server if own.folder == "servers" else chip for server, _, chip in ordered][:_MOST_HARDWARE]
    if own.id not in {product.id for product in products}:
        products.append(own)
    return [Choice(product.id, product.name) for product in products]


def in_places(answer: Estimate, database: Database, choices: list[Choice]) -> list[Elsewhere]:
    """Return what the plan takes in each of the places that are possible, the cleanest first."""
    own = answer.facts.place.id if answer.facts.place is not None else ""
    found = list(_tried(answer, database, choices, own=own, field="region"))
    return sorted(found, key=lambda each: _of(each.answer, "total_kgco2e"))


def on_hardware(answer: Estimate, database: Database, choices: list[Choice]) -> list[Elsewhere]:
    """Return what the plan takes on as many accelerators of other hardware, the cheapest to rent first, then the cheapest to own."""
    found = list(_tried(answer, database, choices, own=answer.facts.hardware.id, field="hw"))
    return sorted(found, key=lambda each: (_of(each.answer, "rent_usd"), _of(each.answer, "own_usd"), each.choice.id))


def nowhere(answer: Estimate, database: Database) -> Estimate:
    """Return the plan of *answer* without a place: on the range of the world."""
    return estimate(varied(answer, region=None), database=database, level=answer.level)


def stand_ins(answer: Estimate, world: Estimate) -> frozenset[str]:
    """Return the figures of *answer* that rest on nothing known of its place, but on what the *world* has."""
    pairs = (
        (figure, answer.facts.given(input), world.facts.given(input)) for figure, input in _OF_THE_PLACE.items() if getattr(answer.plan, input, None) is None
    )
    return frozenset(figure for figure, here, there in pairs if here is not None and there is not None and here.value == there.value)


def varied(answer: Estimate, **fields: Any) -> Plan:
    """Return the plan of *answer* with other *fields*, on as many accelerators as before whatever a server holds of them.

    Raises:
        CarbonError: there can be no such plan.
    """
    plan = answer.plan
    kept = {name: getattr(plan, name) for name in plan.to_dict() if name not in ("servers", "tp", "pp", "dp")}
    if answer.accelerators is not None:
        kept["accelerators"] = answer.accelerators
    return Plan.from_dict({**kept, **fields})


def _tried(answer: Estimate, database: Database, choices: list[Choice], *, own: str, field: str) -> Iterator[Elsewhere]:
    for choice in choices:
        try:
            yield Elsewhere(choice, estimate(varied(answer, **{field: choice.id}), database=database, level=answer.level), choice.id == own)
        except CarbonError:
            continue  # the hardware is not offered there, or lacks the number format that the plan states


def _of(answer: Estimate, name: str) -> float:
    interval = answer[name]
    return float("inf") if interval is None else float(interval.median)


def _is_for_training(chip: Product) -> bool:
    peaks = [fact.value for name, fact in chip.facts.items() if name in ("peak_bf16_flop_per_s", "peak_fp16_flop_per_s")]
    return max(peaks, default=0.0) >= _LEAST_PEAK_FLOP_PER_S and (chip.value("memory_b") or 0.0) >= _LEAST_MEMORY_B and "board_power_w" in chip.facts


def _intensity(database: Database, zone: str) -> float:
    years = {row["year"]: float(row["intensity_gco2e_per_kwh"]) for row in database.rows("grid", zone)}
    return years[max(years)] if years else float("inf")


def _spread(rows: list[Any], most: int) -> list[Any]:
    """Return at most *most* of *rows*, evenly spaced, the first and the last among them."""
    if len(rows) <= most:
        return rows
    return [rows[round(at * (len(rows) - 1) / (most - 1))] for at in range(most)]
