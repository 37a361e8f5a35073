"""The same model on the same data for less: number format, software, power cap, price, and pausing."""

import math
from collections.abc import Iterator

from traincarbon.database.load import Database
from traincarbon.database.records import Row
from traincarbon.database.select import nearest, sigma_of, time_of
from traincarbon.errors import CarbonError
from traincarbon.estimation.layout.search import EARLIER_HABITS, Habits, fastest
from traincarbon.estimation.layout.task import layout_task
from traincarbon.explore.advice.alternative import NotOffered
from traincarbon.explore.advice.evidence import Evidence, effect_of, evidence_of
from traincarbon.explore.advice.situation import Found, Situation
from traincarbon.explore.compared_results import scaled
from traincarbon.formatting import amount
from traincarbon.quantities import H_PER_YEAR, S_PER_DAY, S_PER_H
from traincarbon.uncertain import Uncertain, median_of

_WIDE = ("fp32", "tf32")
_NARROW = ("fp8", "fp4")
_LEAST_GAIN = 1.03
"""Speed-up of a step below which another layout or software is not worth a word."""
_STEP_SPREAD = 0.13
_PLAIN_CHIPS = ("volta", "pascal", "maxwell", "kepler")
_SAME_TIME = 1.0
"""Years between two prices that are still of one time."""
_SHORT_DAYS = 1.0
_COMMITTED_YEARS = {"reserved_1y": 1.0, "reserved_3y": 3.0}
_LEAST_COMMITTED, _LEAST_OWNED = 0.1, 0.01
"""Shares of a commitment and of a service life that a run must use to be worth it."""
_FUSE = "Fused attention, overlapped exchange"


def narrower_format(at: Situation) -> Iterator[Found]:
    """Yield 16 bits in place of 32, and 8 in place of 16, where the chip has them."""
    chip = at.base.facts.accelerator
    if at.precision in _WIDE:
        wide = next((name for name in ("bf16", "fp16") if f"peak_{name}_flop_per_s" in chip.facts), None)
        if wide is not None:
            answer, pace = at.estimate(precision=wide), format_spread(at, wide)
            yield at.alternative(
                "half-precision",
                "same",
                f"Train in {wide} instead of {at.precision}",
                scaled(answer, at.money, hours=pace, accelerator_energy=pace),
                lost="hardly anything, with loss scaling or bf16",
                effort="low",
                not_when="a part of the model needs 32 bits: keep that part there",
                how="the chain at the other format's peak, with its published utilisation; the interval is that of the published speed-ups",
                evidence=at.evidence("amp"),
                plan=answer.plan,
            )
        return
    if at.precision in _NARROW:
        return
    if "peak_fp8_flop_per_s" not in chip.facts:
        yield NotOffered("fp8", "Train in fp8", f"{chip.name} has no 8-bit rate")
        return
    answer, pace = at.estimate(precision="fp8"), format_spread(at, "fp8")
    yield at.alternative(
        "fp8",
        "same",
        f"Train in fp8 instead of {at.precision}",
        scaled(answer, at.money, hours=pace, accelerator_energy=pace),
        lost="some stability: a few layers stay at 16 bits, and the loss must be watched",
        effort="medium",
        not_when="the framework has no fp8 recipe for the model, or the model is small: narrow products are then a small part of the step",
        how="the chain at the 8-bit peak: Amdahl's law, since only the products become faster; the interval is that of the published speed-ups",
        evidence=at.evidence("fp8-train"),
        plan=answer.plan,
    )


def format_spread(at: Situation, precision: str) -> Uncertain:
    """Return one, with the spread between the speed-ups that are published of a number format: the chain has the middle of it."""
    row = at.row("fp8-train" if precision in _NARROW else "amp")
    return Uncertain(1.0, {"format": effect_of(at.database, row).sigma} if row is not None else None)


def newer_software(at: Situation) -> Iterator[Found]:
    """Yield fused attention and overlapped exchange where the plan is of a time or a layout without them, by the model of the step."""
    generation = at.base.facts.accelerator.keys.get("generation", "")
    n = at.base.accelerators
    if at.kind == "lora" or n is None or hasattr(n, "shape"):
        yield NotOffered("fuse", _FUSE, "it takes a number of servers to say what a step gains")
        return
    try:
        task, _ = layout_task(at.plan, at.base.facts, at.database, float(median_of(n)))
    except CarbonError as error:
        yield NotOffered("fuse", _FUSE, f"the model of the step does not cover the plan: {error}")
        return
    if task.habits != EARLIER_HABITS:
        yield NotOffered("fuse", _FUSE, "software since 2023 does so: the published utilisation has it in it")
        return
    if generation in _PLAIN_CHIPS:
        yield NotOffered("fuse", _FUSE, f"fused attention does not run on {at.base.facts.accelerator.name}")
        return
    before, after = fastest(task), fastest(task._replace(habits=Habits()))
    if before is None or after is None or before.s_per_sequence < _LEAST_GAIN * after.s_per_sequence:
        yield NotOffered("fuse", _FUSE, "a step gains less than 3 % by the model of its time")
        return
    factor = Uncertain(after.s_per_sequence / before.s_per_sequence, {"step_model": _STEP_SPREAD})
    yield at.alternative(
        "fuse",
        "same",
        _FUSE,
        scaled(at.base, at.money, hours=factor, accelerator_energy=factor),
        lost="nothing: the arithmetic is the same",
        effort="medium",
        not_when="the framework has them already: the start of the plan says how old its software is",
        how=f"the model of the step: {before.step.total_s:.3g} s a step with plain attention, {after.s_per_sequence * before.layout.sequences:.3g} s with today's software",
        evidence=at.support("flashattention", "flashattention2"),
    )


def free_layout(at: Situation) -> Iterator[Found]:
    """Yield the fastest layout where the plan fixes one that is slower, by the model of the step."""
    n = at.base.accelerators
    if (at.plan.tp, at.plan.pp, at.plan.dp) == (None, None, None) or n is None or hasattr(n, "shape"):
        return
    try:
        task, _ = layout_task(at.plan, at.base.facts, at.database, float(median_of(n)))
    except CarbonError:
        return
    fixed, free = fastest(task), fastest(task._replace(tp=None, pp=None, dp=None, recompute=None))
    if fixed is None or free is None or fixed.s_per_sequence < _LEAST_GAIN * free.s_per_sequence:
        yield NotOffered("layout", "Another layout", "the layout of the plan is within 3 % of the fastest that fits")
        return
    factor = Uncertain(free.s_per_sequence / fixed.s_per_sequence, {"step_model": _STEP_SPREAD})
    degrees = " × ".join(f"{degree:g}" for degree in (free.layout.tp, free.layout.pp, free.layout.dp))
    yield at.alternative(
        "layout",
        "same",
        f"Lay it out tensor × pipeline × data {degrees}",
        scaled(at.base, at.money, hours=factor, accelerator_energy=factor),
        lost="nothing",
        effort="low",
        not_when="the framework cannot have these degrees",
        how="the model of the step, over all layouts that fit in memory",
        evidence=at.support("megatron-mfu"),
        plan=None,
    )


def power_cap(at: Situation) -> Iterator[Found]:
    """Yield a cap on the boards' power, by what caps saved where they were tried."""
    saved, slower = at.row("powercap-mit"), at.row("powercap-time")
    if saved is None or slower is None or at.base.facts.accelerator.keys.get("type") != "gpu":
        yield NotOffered("power-cap", "Cap the boards' power", "published for graphics processors only")
        return
    hours = 1.0 / effect_of(at.database, slower)
    yield at.alternative(
        "power-cap",
        "same",
        "Cap the boards at 60 % of their power",
        scaled(at.base, at.money, hours=hours, accelerator_energy=effect_of(at.database, saved)),
        lost=f"about {100.0 * (hours.median - 1.0):.0f} % more time, and so more rent",
        effort="low",
        not_when="the provider does not let the cap be set, or the run must end sooner; on rented hardware the provider keeps what electricity costs less",
        how="energy of the boards and time by the published effects; hosts draw for as long as the run takes",
        evidence=(*at.evidence("powercap-mit", "powercap-time"), *at.support("powercap-bert", "perseus", "zeus")),
    )


def other_price(at: Situation) -> Iterator[Found]:
    """Yield spot and reserved prices in place of on-demand ones, by pairs of quotes for the same instance and region."""
    if at.money != "rent":
        return
    if at.plan.rent_price is not None:
        yield NotOffered("spot", "Spot or reserved capacity", "the plan states its own rent_price")
        return
    now = at.plan.rent or "on_demand"
    if now != "on_demand":
        return
    words = {
        "spot": ("Spot instances instead of on demand", "the run is stopped at the provider's will: what that repeats is not in the figures", "medium"),
        "reserved_1y": ("Capacity reserved for a year", "a commitment of a year, paid whether used or not", "low"),
        "reserved_3y": ("Capacity reserved for three years", "a commitment of three years, paid whether used or not", "low"),
    }
    shown = {"spot": ("spot",), "reserved_1y": ("reserved-1y",), "reserved_3y": ("reserved-3y",)}
    for purchase, (name, lost, effort) in words.items():
        used = _share_of(at, _COMMITTED_YEARS.get(purchase, 0.0))
        if used is not None and used < _LEAST_COMMITTED:
            yield NotOffered(purchase.replace("_", "-"), name, f"the run would use {100.0 * used:.2g} % of it")
            continue
        pair = price_ratio(at.database, at.base.facts.accelerator.id, server=at.base.facts.hardware.id, purchase=purchase, start=at.plan.start)
        if pair is None:
            yield NotOffered(
                purchase.replace("_", "-"), name, f"no {purchase.replace('_', ' ')} price of {at.base.facts.accelerator.name} beside one on demand is known"
            )
            continue
        ratio, row, n = pair
        figures = {**at.figures, "cost_usd": None if at.figures["cost_usd"] is None else at.figures["cost_usd"] * ratio}
        claim = f"{n} pair{'s' * (n > 1)} of prices of {at.base.facts.accelerator.name} in one region: {ratio.median:.2f} of the price on demand"
        quoted = evidence_of(at.database, row, table="prices", key=row["accelerator"], claim=claim)
        yield at.alternative(
            purchase.replace("_", "-"),
            "same",
            name,
            figures,
            lost=lost,
            effort=effort,
            not_when="no checkpoint is written often enough" if purchase == "spot" else "there is not work for all of that time",
            how="rent × the mean quotient of the two prices; hours and energy stay",
            evidence=(quoted, *at.support(*shown[purchase])),
            plan=None,
        )


def price_ratio(database: Database, chip: str, *, server: str, purchase: str, start: str | None) -> tuple[Uncertain, Row, int] | None:
    """Return a purchase's price over the one on demand, from quotes for the same instance, region and time; with one of them and their number.

    Quotes for *server* itself are taken where there are any, and each provider counts once. None where no pair is known.
    """
    rows = database.rows("prices", chip)
    if any(row["server"] == server and row["purchase"] == purchase for row in rows):
        rows = tuple(row for row in rows if row["server"] == server)
    quotes: dict[tuple[str, ...], dict[str, list[Row]]] = {}
    for row in rows:
        if row["purchase"] in (purchase, "on_demand"):
            offer = (row["provider"], row["server"], row["region"], row["accelerator_count"])
            quotes.setdefault(offer, {}).setdefault(row["purchase"], []).append(row)
    logs: dict[str, list[float]] = {}
    newest: Row | None = None
    for (provider, *_), offers in quotes.items():
        there = nearest(offers.get(purchase, ()), start)
        beside = nearest(offers.get("on_demand", ()), there["date"] if there is not None else None)
        if there is not None and beside is not None and abs(time_of(there["date"]) - time_of(beside["date"])) <= _SAME_TIME:
            logs.setdefault(provider, []).append(math.log(float(there["usd_per_h"]) / float(beside["usd_per_h"])))
            newest = there if newest is None else newest
    if newest is None:
        return None
    each = [sum(found) / len(found) for found in logs.values()]
    every = [log for found in logs.values() for log in found]
    middle = sum(each) / len(each)
    scatter = math.sqrt(sum((log - middle) ** 2 for log in every) / len(every))
    sigma = math.hypot(scatter, sigma_of(database, "rent_price", "scope=quoted"))
    return Uncertain(math.exp(middle), {"price_ratio": sigma}), newest, len(every)


def own_instead(at: Situation) -> Iterator[Found]:
    """Yield owning in place of renting, where it is cheaper by what the database knows of both."""
    rent, own = at.base.values["rent_usd"], at.base.values["own_usd"]
    if at.money != "rent" or rent is None:
        return
    if own is None:
        yield NotOffered("own", "Own the hardware", f"no purchase price of {at.base.facts.hardware.name} is known")
        return
    used = _share_of(at, _life_years(at))
    if used is not None and used < _LEAST_OWNED:
        yield NotOffered("own", "Own the hardware", f"the run would use {100.0 * used:.2g} % of its service life")
        return
    purchase = at.base.values["purchase_usd"]
    capital = "" if purchase is None else f": {amount(float(median_of(purchase)), '$', digits=3)} for these servers"
    given = at.base.inputs.get("purchase_price")
    rows = []
    if given is not None and given.source:
        title = at.database.sources().get(given.source, {}).get("title", given.source)
        rows.append(Evidence(f"servers/{at.base.facts.hardware.id}", given.reason, given.source, str(title), given.locator, given.kind))
    yield at.alternative(
        "own",
        "same",
        "Own the hardware instead of renting it",
        {**at.figures, "cost_usd": own},
        lost=f"capital up front{capital}; staff and building, which no figure here holds",
        effort="high",
        not_when="the hardware would stand idle after this run: the share is that of hardware in use for most of its service life",
        how="the chain's cost of owning: purchase over the hours of use, and electricity",
        evidence=rows,
        plan=None,
    )


def better_hour(at: Situation) -> Iterator[Found]:
    """Yield starting at a cleaner hour of the day, where the run is so short that it matters."""
    name = "Start at a cleaner hour of the day"
    row = at.row("time-shift-short" if _is_short(at) else "time-shift-long")
    operational, embodied = at.base.values["operational_kgco2e"], at.base.values["embodied_kgco2e"]
    if row is None or operational is None or embodied is None:
        return
    if not _is_short(at):
        yield NotOffered("hour", name, f"a run of more than a day gains about {100.0 * float(row['typical']):.0f} % by it (Dodge 2022)")
        return
    yield at.alternative(
        "hour",
        "same",
        name,
        {**at.figures, "total_kgco2e": operational * effect_of(at.database, row) + embodied},
        lost="up to a day of waiting",
        effort="low",
        not_when="no forecast of the grid's intensity is at hand",
        how="CO2e of the electricity by the published effect; no hourly intensities are in the database, so the hour is not named",
        evidence=at.evidence(row["technique"]),
        plan=None,
    )


def _is_short(at: Situation) -> bool:
    """Say whether the run is known to end within a day."""
    duration = at.figures["duration_s"]
    return duration is not None and float(median_of(duration)) <= _SHORT_DAYS * S_PER_DAY


def _share_of(at: Situation, years: float) -> float | None:
    """Return the share of so many years that the run takes, None where its duration is not known or the years are none."""
    duration = at.figures["duration_s"]
    return None if duration is None or years == 0.0 else float(median_of(duration)) / (years * H_PER_YEAR * S_PER_H)


def _life_years(at: Situation) -> float:
    """Return for how many years the hardware serves, by the plan or the database."""
    stated = at.number("service_life")
    return stated if stated is not None else float(median_of(at.base.facts.value("service_life")))


def pause(at: Situation) -> Iterator[Found]:
    """Yield pausing while the grid is dirty; starting later, which gains little in a long run, is said not to."""
    row = at.row("pause-resume")
    operational, embodied = at.base.values["operational_kgco2e"], at.base.values["embodied_kgco2e"]
    if row is None or operational is None or embodied is None or _is_short(at):
        return
    total = operational * effect_of(at.database, row) + embodied
    yield at.alternative(
        "pause",
        "same",
        "Pause while the grid is dirty",
        {**at.figures, "total_kgco2e": total, "duration_s": None},
        lost="up to twice the time to the end; reserved accelerators that wait are paid for and not in the figures",
        effort="medium",
        not_when="the accelerators cannot be given back in a pause, or no forecast of the grid's intensity is at hand",
        how="CO2e of the electricity by the published effect; no hourly intensities are in the database, so the hours are not named",
        evidence=at.evidence("pause-resume"),
        plan=None,
    )
