"""The plan in other regions and on other hardware: which of them to show, and what each takes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.database.select import grid_of
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate

_COUNTRIES = ("NO", "SE", "FR", "CA", "FI", "GB", "DE", "US", "JP", "SG", "AU", "IN", "PL", "CN")
"""Well-known grids, from hydro to coal, for hardware that no cloud operates."""
_INPUT_OF_REGION = {"electricity_usd": "electricity_price", "water_l": "grid_water_l_per_kwh"}
"""Quantities that need a fact which some regions lack."""
_MOST_REGIONS = 12
_MOST_HARDWARE = 8
_LEAST_PEAK_FLOP_PER_S, _LEAST_MEMORY_B = 100e12, 30e9
"""Hardware below these is too small to train today's models."""
T = TypeVar("T")


class Option(NamedTuple):
    """A region or hardware that a reader can choose: its id in a plan, and its name."""

    id: str
    name: str


class Variant(NamedTuple):
    """The estimate of the plan with another option; *is_own* marks the plan's own."""

    option: Option
    answer: Estimate
    is_own: bool


def region_options(answer: Estimate, database: Database) -> list[Option]:
    """Return regions for the plan's hardware: those of its cloud from the cleanest grid to the dirtiest, or well-known countries."""
    hardware, own = answer.facts.hardware, answer.facts.place
    if not hardware.is_cloud:
        zones = (rows[0] for zone in _COUNTRIES if (rows := database.rows("zones", zone)))
        found = [Option(row["zone"], row["name"]) for row in zones]
    else:
        regions = [row for row in database.all_rows("regions") if row["provider"] == hardware.operator]
        ordered = sorted(regions, key=lambda row: (_intensity(database, grid_of(database, row["region"], row["zone"])), row["region"]))
        found = [Option(row["region"], f"{row['location']} ({row['name']})") for row in _spaced(ordered, _MOST_REGIONS)]
    if own is not None and own.id not in {option.id for option in found}:
        found.append(Option(own.id, own.name))
    return found


def hardware_options(answer: Estimate, database: Database) -> list[Option]:
    """Return hardware of the same operator that can run the plan, one for each accelerator, the plan's own among it.

    What most providers rent out comes first, then the newest.
    """
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
    ordered = sorted(by_chip.values(), key=lambda entry: (-_providers(database, entry[2]), -(entry[2].value("launch_year") or 0.0), entry[0].id))
    products = [server if own.is_server else chip for server, _, chip in ordered][:_MOST_HARDWARE]
    if own.id not in {product.id for product in products}:
        products.append(own)
    return [Option(product.id, product.name) for product in products]


def in_regions(answer: Estimate, database: Database, options: Sequence[Option]) -> list[Variant]:
    """Return the plan in each region that has its hardware, the cleanest first."""
    own = answer.facts.place.id if answer.facts.place is not None else ""
    found = _variants(answer, database, options, own=own, field="region")
    return sorted(found, key=lambda variant: _median(variant.answer, "total_kgco2e"))


def on_hardware(answer: Estimate, database: Database, options: Sequence[Option]) -> list[Variant]:
    """Return the plan on as many accelerators of other hardware, the cheapest to rent first, then the cheapest to own."""
    found = _variants(answer, database, options, own=answer.facts.hardware.id, field="hw")
    return sorted(found, key=lambda variant: (_median(variant.answer, "rent_usd"), _median(variant.answer, "tco_usd"), variant.option.id))


def without_region(answer: Estimate, database: Database) -> Estimate:
    """Return the plan of *answer* without a region, estimated with the range of the world."""
    return estimate(varied_plan(answer, region=None), database=database, level=answer.level)


def world_averages(answer: Estimate, world: Estimate) -> frozenset[str]:
    """Return the quantities of *answer* that use a value of the *world* because that of its region is not known."""
    pairs = ((name, answer.facts.given(fact), world.facts.given(fact)) for name, fact in _INPUT_OF_REGION.items() if getattr(answer.plan, fact, None) is None)
    return frozenset(name for name, own, other in pairs if own is not None and other is not None and own.value == other.value)


def varied_plan(answer: Estimate, **fields: Any) -> Plan:
    """Return the plan of *answer* with other *fields*, on as many accelerators as before, however many a server has.

    Raises:
        CarbonError: the fields do not make a valid plan.
    """
    plan = answer.plan
    kept: Mapping[str, Any] = {name: getattr(plan, name) for name in plan.to_dict() if name not in ("servers", "tp", "pp", "dp", "model")}
    count = {} if answer.accelerators is None else {"accelerators": answer.accelerators}
    return Plan.from_dict({**kept, **count, **fields})


def _variants(answer: Estimate, database: Database, options: Sequence[Option], *, own: str, field: str) -> Iterator[Variant]:
    for option in options:
        try:
            yield Variant(option, estimate(varied_plan(answer, **{field: option.id}), database=database, level=answer.level), option.id == own)
        except CarbonError:
            continue  # the hardware is not offered there, or lacks the number format that the plan states


def _median(answer: Estimate, name: str) -> float:
    interval = answer[name]
    return float("inf") if interval is None else float(interval.median)


def _providers(database: Database, chip: Product) -> int:
    """Return how many providers rent out a *chip*."""
    return len({row["provider"] for row in database.rows("prices", chip.id)})


def _is_for_training(chip: Product) -> bool:
    peaks = [fact.value for name, fact in chip.facts.items() if name in ("peak_bf16_flop_per_s", "peak_fp16_flop_per_s")]
    return max(peaks, default=0.0) >= _LEAST_PEAK_FLOP_PER_S and (chip.value("memory_b") or 0.0) >= _LEAST_MEMORY_B and "board_power_w" in chip.facts


def _intensity(database: Database, zone: str) -> float:
    years = {row["year"]: float(row["intensity_gco2e_per_kwh"]) for row in database.rows("grid", zone)}
    return years[max(years)] if years else float("inf")


def _spaced(rows: Sequence[T], most: int) -> Sequence[T]:
    """Return at most *most* of *rows*, evenly spaced, with the first and the last."""
    if len(rows) <= most:
        return rows
    return [rows[round(at * (len(rows) - 1) / (most - 1))] for at in range(most)]
