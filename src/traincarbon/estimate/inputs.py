"""What a plan does not say: the facts and priors that stand in for it, each with its evidence."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from traincarbon.database.find import Place, find_hardware, find_place
from traincarbon.database.load import Database
from traincarbon.database.records import PRECISIONS, Fact, Product, Row
from traincarbon.errors import DatabaseError, PlanError
from traincarbon.estimate.plan import Plan
from traincarbon.uncertain import Num, Uncertain

_PRECISION_ORDER = ("bf16", "fp16", "tf32", "fp32")
"""What a training uses where nothing is said: the first of these that the chip has."""

_ANYWHERE = ("", "on-prem", "generic", "hpc")
"""Operators of servers that may stand in any region."""

_FAMILIES = {"decoder": "dense-lm", "encoder-decoder": "seq2seq"}
"""Words of a plan to words of the priors, where they differ."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A quantity that enters the chain from outside: a fact, a prior or a choice."""

    name: str
    value: Num
    unit: str
    reason: str
    source: str = ""
    locator: str = ""
    kind: str = ""
    assumed: bool = False


@dataclass(slots=True, eq=False)
class Setting:
    """All that the database says about a plan's hardware, place and time; what is unknown is absent."""

    hardware: Product
    accelerator: Product
    accelerator_count: float
    place: Place | None
    given: dict[str, Given] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, name: str, value: Num, unit: str, reason: str, evidence: Fact | Row | None = None, *, assumed: bool = False) -> None:
        """Note that *name* has *value*, why, and on what evidence."""
        if evidence is None:
            self.given[name] = Given(name, value, unit, reason, assumed=assumed)
        elif isinstance(evidence, Fact):
            self.given[name] = Given(name, value, unit, reason, evidence.source, evidence.locator, evidence.kind, assumed)
        else:
            self.given[name] = Given(name, value, unit, reason, evidence["source"], evidence["locator"], evidence["kind"], assumed)


def settle(plan: Plan, database: Database) -> Setting:
    """Return what the *database* says about the hardware, place and time of *plan*; worked out once for each such combination.

    Raises:
        NotFoundError: the hardware or region is unknown.
        PlanError: hardware, region and precision do not go together.
    """
    moe = plan.active_params is not None
    key = (plan.hw, plan.region, plan.start, plan.precision, plan.kind, plan.family, plan.rent, plan.basis, moe)
    setting: Setting | None = database.cache.get(key)
    if setting is None:
        setting = database.cache[key] = _settle(plan, database, moe=moe)
    return setting


def _settle(plan: Plan, database: Database, *, moe: bool) -> Setting:
    if plan.hw is None:
        raise PlanError("the plan names no hardware", hint="give hw, as dgx-a100 or h100; all: carbon db list hardware")
    hardware = find_hardware(database, plan.hw)
    operator = hardware.keys.get("operator", "") if hardware.folder == "servers" else ""
    place = find_place(database, plan.region, provider=operator) if plan.region is not None else None
    if hardware.folder == "servers":
        accelerator = database.product("accelerators", hardware.keys.get("accelerator", ""))
        if accelerator is None:
            raise DatabaseError(f"server {hardware.id} names no known accelerator", hint="carbon db check lists such faults")
        accelerator_count = hardware.value("accelerator_count") or 1.0
    else:
        accelerator, accelerator_count = hardware, 1.0
    setting = Setting(hardware, accelerator, accelerator_count, place)
    if place is not None and place.region is not None and operator not in _ANYWHERE and operator != place.region["provider"]:
        raise PlanError(f"{hardware.id} is not offered in {place.id}", hint=f"name a region of {operator}, or hw {accelerator.id} for the chip alone")
    _add_peak(setting, plan.precision)
    _add_mfu(setting, database, plan, moe=moe)
    _add_power(setting, database)
    _add_facility(setting, database, plan.start)
    _add_intensity(setting, database, plan)
    _add_prices(setting, database, plan)
    _add_embodied(setting, database)
    launched = accelerator.value("launch_year")
    if plan.start is not None and launched is not None and year_of(plan.start) < launched:
        setting.warnings.append(f"{accelerator.name} came out in {launched:.0f}, after the start in {plan.start}")
    return setting


def _add_peak(setting: Setting, precision: str | None) -> None:
    chip = setting.accelerator
    known = [name for name in PRECISIONS if f"peak_{name}_flop_per_s" in chip.facts]
    if not known:
        raise PlanError(f"no peak rate of {chip.name} is known", hint=f"add one to accelerators/{chip.id}.toml in a folder of your own: carbon db path")
    if precision is not None and precision not in known:
        raise PlanError(f"{chip.name} has no {precision} rate", hint=f"it has {', '.join(known)}")
    used = precision or next((name for name in _PRECISION_ORDER if name in known), known[-1])
    fact = chip.facts[f"peak_{used}_flop_per_s"]
    reason = f"dense {used} peak of {chip.name}"
    setting.add("peak_flop_per_s", fact.value, "FLOP/s", reason, fact)
    if precision is None:
        setting.add("precision", used, "", "not said: the usual one for training on this chip", assumed=True)
    if (memory := chip.facts.get("memory_b")) is not None:
        setting.add("memory_b", memory.value, "B", f"memory of {chip.name}", memory)


def _add_mfu(setting: Setting, database: Database, plan: Plan, *, moe: bool) -> None:
    generation = setting.accelerator.keys.get("generation", "")
    base = prior(database, "mfu", f"generation={generation}") or prior(database, "mfu", "generation=*")
    if base is None:
        raise DatabaseError("priors.csv has no mfu,generation=*", hint="carbon db check lists what is missing")
    row, value = base
    known = row["scope"] != "generation=*"
    family = "moe-lm" if moe else _FAMILIES.get(plan.family or "decoder", plan.family or "decoder")
    reasons = [f"{'runs on ' + generation if known else 'runs on any hardware: none is published for ' + generation}"]
    precision = setting.given["peak_flop_per_s"].reason.split()[1]
    scopes = (f"family={family}", f"kind={plan.kind or 'pretrain'}", f"precision={precision}")
    sigma = value.sigma
    median = value.median
    for scope in scopes:
        factor = prior(database, "mfu_factor", scope)
        if factor is not None:
            median *= factor[1].median
            sigma = math.hypot(sigma, factor[1].sigma)
            reasons.append(f"× {factor[1].median:.2f} for {scope}")
    setting.add("mfu", Uncertain(min(median, 0.95), {"mfu": sigma}), "", f"prior from published {', '.join(reasons)}", row, assumed=True)
    _add_prior(setting, database, "goodput", "*", "", "typical share of the wall-clock in which steps run")
    if plan.kind is None:
        setting.add("kind", "pretrain", "", "not said: a training from scratch", assumed=True)


def _add_power(setting: Setting, database: Database) -> None:
    chip, server = setting.accelerator, setting.hardware
    board = chip.facts.get("board_power_w")
    if board is None:
        setting.warnings.append(f"no power of {chip.name} is known: give board_power_w in a file of your own (carbon db path)")
        return
    generation = chip.keys.get("generation", "")
    setting.add("board_power_w", board.value, "W", f"power cap of {chip.name}", board)
    idle = chip.facts.get("idle_power_w")
    if idle is not None:
        setting.add("idle_share", idle.value / board.value, "", f"idle draw of {chip.name}", idle)
    else:
        _add_prior(setting, database, "idle_share", "*", "", "idle draw as a share of the power cap")
    scope = f"generation={generation}" if prior(database, "power_share", f"generation={generation}") else "generation=*"
    _add_prior(setting, database, "power_share", scope, "", "mean draw as a share of the power cap, from measured runs", spread="power")
    _add_prior(setting, database, "power_reference_mfu", "*", "", "utilisation at which the power share holds")
    _add_prior(setting, database, "power_exponent", "*", "", "how fast the draw rises with utilisation")
    nameplate = server.facts.get("max_power_w") if server.folder == "servers" else None
    if nameplate is not None and nameplate.value / setting.accelerator_count > board.value:
        setting.add("max_power_w", nameplate.value, "W", f"nameplate of {server.name}", nameplate)
    else:
        kind = chip.keys.get("type", "gpu")
        ratio = prior(database, "host_ratio", f"type={kind}") or prior(database, "host_ratio", "type=*")
        if ratio is not None:
            per_chip = board.value * (1.0 + ratio[1].median)
            reason = f"no nameplate known: servers of such chips have {1 + ratio[1].median:.2f} × the chips' power caps"
            setting.add("max_power_w", Uncertain(per_chip * setting.accelerator_count), "W", reason, ratio[0], assumed=True)
    _add_prior(setting, database, "host_share", "*", "", "mean draw of the rest of the server as a share of its nameplate", spread="host")
    _add_prior(setting, database, "network_share", "*", "", "switches between servers, as a share of the servers' draw", spread="network")


def _add_facility(setting: Setting, database: Database, start: str | None) -> None:
    region = setting.place.region if setting.place is not None else None
    operator = region["provider"] if region is not None else setting.hardware.keys.get("operator", "")
    rows = database.rows("facilities", operator) if operator else ()
    own = [row for row in rows if region is not None and row["scope"] == region["name"]]
    fleet = [row for row in rows if row["scope"] == "fleet"]
    for name, column, unit in (("pue", "pue", ""), ("wue_l_per_kwh", "wue_l_per_kwh", "L/kWh")):
        for found, where in ((own, f"{operator} {region['name'] if region is not None else ''}"), (fleet, f"{operator}'s fleet")):
            row = nearest((row for row in found if row[column]), start)
            if row is not None and (name == "pue" or float(row[column]) > 0.0):
                sigma = sigma_of(database, name, "scope=region" if found is own else "scope=fleet")
                setting.add(name, Uncertain(float(row[column]), {name: sigma}), unit, f"{where}, {row['year']}", row, assumed=found is fleet)
                break
        else:
            where = "no region named" if setting.place is None else f"no figure for {setting.place.name}"
            _add_prior(setting, database, name, "scope=*", unit, f"{where}: from hyperscale fleets to the average of the industry")
    zone = setting.place.zone if setting.place is not None else ""
    scope = f"zone={zone}" if prior(database, "grid_water_l_per_kwh", f"zone={zone}") else "zone=*"
    _add_prior(setting, database, "grid_water_l_per_kwh", scope, "L/kWh", "water consumed in making electricity")


def _add_intensity(setting: Setting, database: Database, plan: Plan) -> None:
    place = setting.place
    if place is None:
        reason = "no region named: the range of grids on which clouds run"
        _add_prior(setting, database, "carbon_intensity", "scope=world", "g/kWh", reason)
    else:
        rows = database.rows("grid", place.zone)
        basis = plan.basis or ("lifecycle" if any(row["basis"] == "lifecycle" for row in rows) else "direct")
        row = nearest((row for row in rows if row["basis"] == basis), plan.start)
        if row is None:
            known = sorted({row["basis"] for row in rows})
            raise PlanError(f"no {basis} intensity of {place.name} is known", hint=f"known is {' and '.join(known)}" if known else "give carbon_intensity")
        value = Uncertain(float(row["intensity_gco2e_per_kwh"]), {"carbon_intensity": sigma_of(database, "carbon_intensity", "scope=zone")})
        setting.add("carbon_intensity", value, "g/kWh", f"{place.name}, {row['year']}, {basis}, {row['boundary']}", row)
        if plan.basis is None and basis == "direct":
            setting.warnings.append(f"the intensity of {place.name} is direct: about 5 to 15 % below a lifecycle one; do not compare the two")
        if plan.start is not None and abs(int(row["year"]) - year_of(plan.start)) >= 2:
            setting.warnings.append(f"the intensity of {place.name} is that of {row['year']}: none is known for {plan.start}")
    quoted = nearest(database.rows("electricity", place.zone), plan.start) if place is not None else None
    if quoted is not None and place is not None:
        price = Uncertain(float(quoted["price_usd_per_kwh"]), {"electricity_price": sigma_of(database, "electricity_price", "scope=zone")})
        setting.add("electricity_price", price, "$/kWh", f"{quoted['sector']} price of {place.name}, {quoted['year']}", quoted)
    else:
        _add_prior(
            setting,
            database,
            "electricity_price",
            "scope=world",
            "$/kWh",
            "industrial prices of the world" if place is None else f"no price of {place.name} is known",
        )


def _add_prices(setting: Setting, database: Database, plan: Plan) -> None:
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
        whose = server.name if own else f"{chip.name} at {len({row['provider'] for row in rows})} providers"
        text = f"{purchase.replace('_', ' ')} price of {whose}, {newest['date'] if newest else ''}"
        setting.add("rent_price", Uncertain(math.exp(middle), {"rent_price": sigma}), "$/h", text, newest, assumed=not own)
        if plan.start is not None and newest is not None and abs(time_of(newest["date"]) - time_of(plan.start)) > 1.5:
            setting.warnings.append(f"the nearest known rent is of {newest['date']}, the start is {plan.start}")
    _add_purchase(setting, database)
    _add_prior(setting, database, "interconnect_share", "*", "", "network between servers, as a share of the cluster's price", spread="interconnect")
    _add_prior(setting, database, "service_life", "*", "years", "years that accelerators stay in service")
    _add_prior(setting, database, "utilisation", "*", "", "share of its service life in which a cluster is used")


def _add_purchase(setting: Setting, database: Database) -> None:
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


def _add_embodied(setting: Setting, database: Database) -> None:
    server, chip = setting.hardware, setting.accelerator
    sigma = sigma_of(database, "hardware_kgco2e", "scope=*")
    whole = [row for row in database.rows("embodied", server.id) if row["scope"] == "server"]
    if whole:
        value = float(whole[0]["kgco2e"]) / setting.accelerator_count
        setting.add("hardware_kgco2e", Uncertain(value, {"embodied": sigma}), "kg CO2e", f"making {server.name}, shared over its accelerators", whole[0])
        return
    chips = [row for row in database.rows("embodied", chip.id) if row["scope"] == "accelerator"]
    mine = chips or [row for row in database.rows("embodied", "any-gpu") if row["scope"] == "accelerator"]
    rest = prior(database, "host_kgco2e", "*")
    if not mine or rest is None:
        return
    logs = [math.log(float(row["kgco2e"])) for row in mine]
    middle = math.exp(sum(logs) / len(logs))
    value = middle + rest[1].median
    reason = f"making {chip.name if chips else 'an accelerator of any kind'} ({len(mine)} published figure{'s' * (len(mine) > 1)}) and its share of a server"
    setting.add("hardware_kgco2e", Uncertain(value, {"embodied": sigma if chips else 1.5 * sigma}), "kg CO2e", reason, mine[0], assumed=True)


def _add_prior(setting: Setting, database: Database, name: str, scope: str, unit: str, reason: str, *, spread: str = "") -> None:
    found = prior(database, name, scope)
    if found is None:
        raise DatabaseError(f"priors.csv has no {name},{scope}", hint="carbon db check lists what is missing")
    row, value = found
    if spread and value.spreads:
        value = Uncertain(value.median, {spread: value.sigma})
    setting.add(name, value if value.spreads else value.median, unit, reason, row, assumed=True)


def prior(database: Database, name: str, scope: str) -> tuple[Row, Uncertain] | None:
    """Return the prior *name* for *scope* with its row, or None where there is none; the spread bears its name."""
    for row in database.rows("priors", name):
        if row["scope"] == scope:
            sigma = float(row["sigma_ln"] or 0.0)
            return row, Uncertain(float(row["median"]), {name: sigma} if sigma else None)
    return None


def sigma_of(database: Database, name: str, scope: str) -> float:
    """Return the log-spread of the prior *name* for *scope*.

    Raises:
        DatabaseError: there is none.
    """
    found = prior(database, name, scope)
    if found is None:
        raise DatabaseError(f"priors.csv has no {name},{scope}", hint="carbon db check lists what is missing")
    return float(found[1].sigma)


def nearest(rows: Iterable[Row], start: str | None) -> Row | None:
    """Return the row whose year or date is nearest to *start*, the newest where nothing is said or of two equally near.

    The user's own rows come first and win where the dates are the same.
    """
    column: str = ""
    best: Row | None = None
    best_rank: tuple[float, float] = (math.inf, 0.0)
    for row in rows:
        column = column or ("date" if "date" in row else "year")
        at = time_of(row[column])
        rank = (abs(at - time_of(start)) if start is not None else -at, -at)
        if rank < best_rank or best is None:
            best, best_rank = row, rank
    return best


def time_of(date: str) -> float:
    """Return a year, a month or a day as a number of years.

    Example:
        >>> time_of("2020"), time_of("2020-07")
        (2020.0, 2020.5)
    """
    year, _, rest = date.partition("-")
    month = rest[:2]
    return float(year) + ((int(month) - 1) / 12.0 if month else 0.0)


def year_of(date: str) -> int:
    """Return the year of a date."""
    return int(date[:4])


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
