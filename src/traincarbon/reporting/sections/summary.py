"""The answer in one paragraph, and its five figures: money, time, energy, carbon, water."""

from typing import NamedTuple

from traincarbon.formatting import amount, listed
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import name, section, text
from traincarbon.reporting.view import Said
from traincarbon.uncertain import Interval

UNITS = {
    "rent_usd": "$",
    "own_usd": "$",
    "purchase_usd": "$",
    "electricity_usd": "$",
    "duration_s": "s",
    "accelerator_hours_h": "h",
    "facility_energy_kwh": "kWh",
    "it_energy_kwh": "kWh",
    "total_kgco2e": "kg CO2e",
    "operational_kgco2e": "kg CO2e",
    "operational_market_kgco2e": "kg CO2e",
    "embodied_kgco2e": "kg CO2e",
    "water_l": "L",
}
"""Figures that a page shows, and the unit from which their scale is taken."""
LABELS = {
    "rent_usd": "Cost to rent",
    "own_usd": "Cost to own, the run’s share",
    "purchase_usd": "Purchase of the cluster",
    "electricity_usd": "Electricity",
    "duration_s": "Time",
    "accelerator_hours_h": "Accelerator-hours",
    "facility_energy_kwh": "Energy of the facility",
    "it_energy_kwh": "Energy of servers and network",
    "total_kgco2e": "Carbon (CO2e)",
    "operational_kgco2e": "CO2e of the electricity",
    "operational_market_kgco2e": "CO2e of the electricity, by contracts",
    "embodied_kgco2e": "CO2e of making the hardware",
    "water_l": "Water",
    "mfu": "Utilisation (MFU)",
    "compute_flop": "Arithmetic",
}
SOURCES = {
    "mfu": "how well the hardware is used (MFU)",
    "goodput": "time lost to restarts and stalls",
    "interruptions": "interruptions of the job",
    "carbon_intensity": "the carbon intensity of the grid",
    "electricity_price": "the price of electricity",
    "rent_price": "the price of renting",
    "purchase_price": "the price of a server",
    "service_life": "how long hardware is used",
    "utilisation": "how much of its life hardware is in use",
    "power": "what accelerators draw",
    "host": "what the rest of a server draws",
    "network": "what the network draws",
    "interconnect": "the price of the network",
    "pue": "the facility’s overhead (PUE)",
    "embodied": "the making of the hardware",
    "wue_l_per_kwh": "water for cooling",
    "grid_water_l_per_kwh": "water in making electricity",
}
"""What a source of uncertainty is called on a page."""


_DOING = {"finetune": "Fine-tuning", "lora": "Fine-tuning adapters of"}
"""What is done in a training of a kind that is not from scratch."""


class Card(NamedTuple):
    """One of the five figures: its name in results, what it is called, and what to say below it."""

    name: str
    label: str
    note: str = ""


def cards_of(said: Said, currency: Currency) -> list[Card]:
    """Return the five figures: the cost to rent where a rent is known, else to own; the wall-clock where it is known, else accelerator-hours."""
    own = said.results.get("own_usd")
    is_rented = said.results.get("rent_usd") is not None
    note = f"to own it: {currency.amount(own.median, '$')}" if is_rented and own is not None else ""
    timed = said.results.get("duration_s") is not None
    hours = said.median("accelerator_hours_h")
    return [
        Card("rent_usd", LABELS["rent_usd"], note) if is_rented or own is None else Card("own_usd", "Cost to own", "the run’s share of the hardware"),
        Card("duration_s", "Time", f"{amount(hours, 'h', digits=3)} of accelerators" if hours is not None else "")
        if timed
        else Card("accelerator_hours_h", "Accelerator-hours", "the wall-clock needs a number of servers"),
        Card("facility_energy_kwh", "Energy", "servers, network, cooling"),
        Card("total_kgco2e", "Carbon", "CO2e: electricity and the hardware’s making"),
        Card("water_l", "Water", "cooling, and making the electricity"),
    ]


def summary_section(said: Said, currency: Currency, id: str) -> str:
    """Return the paragraph and the cards."""
    cards = "".join(_of_plan(card, said, currency, id) for card in cards_of(said, currency))
    notes = "".join(f"<li>{name(warning, most=400)}</li>" for warning in said.warnings)
    warned = f'<ul class="notes" aria-label="What to know">{notes}</ul>' if notes else ""
    return section(f"{id}-answer", "The answer", f"<p class='lead'>{sentence(said, currency)}</p>", f'<ul class="cards">{cards}</ul>', warned)


def card_html(label: str, interval: Interval | None, unit: str, currency: Currency, *, note: str = "") -> str:
    """Return one figure as an item of a list of cards: its name, its median, its bounds, and a *note* that is HTML already."""
    middle, scale, bounds = currency.shown(interval, unit)
    value = f'<span class="value">{text(middle)}<span class="unit"> {text(scale)}</span></span>' if scale else f'<span class="value none">{middle}</span>'
    spread = f'<span class="bounds">{text(bounds)} {text(scale)}</span>' if bounds not in ("", "exact") else ""
    below = f'<span class="note">{note}</span>' if note else ""
    return f'<li class="card"><span class="label">{text(label)}</span>{value}{spread}{below}</li>'


def sentence(said: Said, currency: Currency) -> str:
    """Return the answer as one paragraph, as HTML."""
    parts = []
    for key, phrase in (
        ("duration_s", "take {}"),
        ("rent_usd", "cost {} to rent"),
        ("own_usd", "cost {} as its share of hardware of one’s own"),
        ("facility_energy_kwh", "use {} of electricity"),
        ("total_kgco2e", "emit {} of CO2e"),
        ("water_l", "consume {} of water"),
    ):
        figure = spoken(said.results.get(key), UNITS[key], currency)
        if figure:
            parts.append(phrase.format(figure))
    work = f"{_work(said)}{_of_what(said)}"
    if not parts:
        return f"{work}: nothing of what it takes is known."
    return f"{work} is expected to {listed(parts)}; in brackets are the bounds within which we expect the figure with {100.0 * said.level:.3g} % confidence.{_widest(said)}"


def spoken(interval: Interval | None, unit: str, currency: Currency) -> str:
    """Return a figure with its bounds in brackets, as HTML; empty where it is not known."""
    middle, scale, bounds = currency.shown(interval, unit)
    if middle == NOT_KNOWN:
        return ""
    figure, ends = (part.replace(" ", "\u00a0") for part in (f"{middle} {scale}".strip(), bounds))
    return f"<strong>{text(figure)}</strong>" + (f" ({text(ends)})" if bounds != "exact" else "")


def source_name(source: str) -> str:
    """Return what a source of uncertainty is called, as HTML."""
    return SOURCES.get(source) or text(source.replace("_", " "))


def _work(said: Said) -> str:
    """Return what is done: a training from scratch of what the plan names, what it calls another kind, or of so many parameters."""
    called, params, kind = said.plan.get("name"), said.plan.get("params"), said.plan.get("kind")
    doing = _DOING.get(str(kind), "Training")
    if called:
        return f"{f'{doing} ' if doing == 'Training' else ''}<strong>{name(called)}</strong>"
    return f"{doing} <strong>{text(_count(params))} parameters</strong>" if params is not None else "This training"


def _of_what(said: Said) -> str:
    plan = said.plan
    asked = [("params", "parameters")] if plan.get("name") else []
    sizes = [
        _several(plan[key], word)
        for key, word in (*asked, ("tokens", "tokens"), ("servers", "servers"), ("accelerators", "accelerators"))
        if plan.get(key) is not None
    ]
    place = f" in {name(said.place)}" if said.place else ", with no region named,"
    size = f" ({', '.join(text(size) for size in sizes)})" if sizes else ""
    return f"{size} on {name(said.hardware)}{place}"


def _several(value: object, word: str) -> str:
    return f"{_count(value)} {word.removesuffix('s') if value == 1 else word}"


def _widest(said: Said) -> str:
    named: dict[str, str] = {}
    for key, label in (("rent_usd", "cost"), ("own_usd", "cost"), ("total_kgco2e", "carbon")):
        shares = said.spread_shares.get(key, {})
        if shares and label not in named:
            source, share = next(iter(shares.items()))
            named[label] = f"{100.0 * share:.0f} % of the doubt about {label} is {source_name(source)}"
    phrase = "; ".join(named.values())
    return f" {phrase[0].upper()}{phrase[1:]}." if named else ""


def _count(value: object) -> str:
    return amount(float(value), "count", digits=3) if isinstance(value, (int, float)) else str(value)


def _of_plan(card: Card, said: Said, currency: Currency, id: str) -> str:
    how = f' <a href="#{id}-{card.name}" aria-label="{text(card.label)}: how it was worked out">how</a>' if said.step(card.name) is not None else ""
    return card_html(card.label, said.results.get(card.name), UNITS[card.name], currency, note=f"{text(card.note)}{how}")
