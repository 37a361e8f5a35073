"""The answer in one paragraph and five cards: money, time, energy, CO2e and water."""

from typing import NamedTuple

from traincarbon.decode import number
from traincarbon.estimation.families import KINDS, kind_of
from traincarbon.formatting import amount, in_brackets
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.labels import uncertainty_label
from traincarbon.reporting.markup import EMPTY, MOST_LETTERS, Html, html, listing, name, text
from traincarbon.reporting.view import EstimateView, count_text
from traincarbon.uncertain import Interval


class Card(NamedTuple):
    """One of the five quantities: its name in the results, its label and a remark."""

    name: str
    label: str
    remark: str = ""


def cards_of(view: EstimateView, currency: Currency) -> list[Card]:
    """Return the five quantities: the cost to rent or else of ownership, the wall-clock time or else GPU-hours, energy, CO2e and water."""
    own = view.results.get("tco_usd")
    is_rented = view.results.get("rent_usd") is not None
    hours = view.median("accelerator_hours_h")
    has_duration = view.results.get("duration_s") is not None
    return [
        _card("rent_usd", f"ownership: {currency.amount(own.median, '$')}" if is_rented and own is not None else "")
        if is_rented or own is None
        else _card("tco_usd", "hardware, electricity, building and upkeep"),
        _card("duration_s", amount(hours, "h", digits=3) if hours is not None else "")
        if has_duration
        else _card("accelerator_hours_h", "add servers for a duration"),
        Card("facility_energy_kwh", QUANTITIES["facility_energy_kwh"].short, "servers, network, cooling"),
        Card("total_kgco2e", QUANTITIES["total_kgco2e"].short, "electricity and making the hardware"),
        _card("water_l", "cooling and generating the electricity"),
    ]


def card_html(label: str, interval: Interval | None, unit: str, currency: Currency, *, remark: Html = EMPTY) -> Html:
    """Return one quantity as an item of a list of cards: its label, median, interval and a *remark* on what is known."""
    median, scale, bounds = currency.shown(interval, unit)
    if interval is None:
        value = html('<span class="value none">{}</span>', text(median))
    else:
        value = html('<span class="value">{}{}</span>', text(median), html('<span class="unit"> {}</span>', text(scale)) if scale else EMPTY)
    spread = html('<span class="bounds">{}</span>', text(f"{bounds} {scale}".rstrip())) if bounds not in ("", "exact") else EMPTY
    below = html('<span class="note">{}</span>', remark) if remark and interval is not None else EMPTY
    return html('<li class="card"><span class="label">{}</span>{}{}{}</li>', text(label), value, spread, below)


def sentence(view: EstimateView, currency: Currency) -> Html:
    """Return the answer as one paragraph."""
    parts = [
        html("{} {}{}", text(verb), result, text(rest))
        for quantity, verb, rest in (
            ("duration_s", "take", ""),
            ("rent_usd", "cost", " to rent"),
            ("tco_usd", "cost", " on hardware of your own"),
            ("facility_energy_kwh", "use", " of electricity"),
            ("total_kgco2e", "emit", " of CO2e"),
            ("water_l", "consume", " of water"),
        )
        if (result := spoken(view.results.get(quantity), QUANTITIES[quantity].unit, currency))
    ]
    work = html("{}{}{}", _work(view), _details(view), EMPTY if view.region else text(", with no region given,"))
    if not parts:
        return html("{}: nothing is known of what it takes.", work)
    level = html("The ranges in brackets are {:.3g} % intervals.", 100.0 * view.level)
    return html("{} is expected to {}. {}{}", work, listing(parts), level, _largest_uncertainties(view))


def spoken(interval: Interval | None, unit: str, currency: Currency) -> Html:
    """Return a median with its interval in brackets; empty where it is not known."""
    median, scale, bounds = currency.shown(interval, unit)
    if median == NOT_KNOWN:
        return EMPTY
    value, ends = (part.replace(" ", "\u00a0") for part in (f"{median} {scale}".strip(), bounds))
    return html("<strong>{}</strong>{}", text(value), html(' <span class="range">({})</span>', text(ends)) if in_brackets(bounds) else EMPTY)


def size_words(view: EstimateView, *, most: int = MOST_LETTERS) -> Html:
    """Return what is trained, on what and where, as a sentence without a verb; *most* letters of its name."""
    return html("{}{}{}", _work(view, most), _details(view), EMPTY if view.region else text(", no region given"))


def _card(quantity: str, remark: str) -> Card:
    return Card(quantity, QUANTITIES[quantity].label, remark)


def _work(view: EstimateView, most: int = MOST_LETTERS) -> Html:
    """Return the training by the plan's name, else by the number of parameters."""
    title, params = view.plan.get("name"), view.plan.get("params")
    stated = view.plan.get("kind")
    verb = kind_of(stated if stated in KINDS else None).doing
    if title:
        return html("{}<strong>{}</strong>", text("Training ") if verb == "Training" else EMPTY, name(title, most=most))
    return html("{} <strong>{} parameters</strong>", text(verb), text(count_text(params))) if params is not None else text("This training")


def _details(view: EstimateView) -> Html:
    """Return the sizes of the training, its hardware and its region."""
    plan = view.plan
    shown = (["params"] if plan.get("name") else []) + ["tokens", "servers", "accelerators"]
    words = {"params": "parameter", "tokens": "token", "servers": "server", "accelerators": "accelerator"}
    sizes = [f"{count_text(plan[key])} {words[key]}{'' if number(plan[key]) == 1.0 else 's'}" for key in shown if plan.get(key) is not None]
    region = html(" in {}", name(view.region)) if view.region else EMPTY
    size = html(" ({})", text(", ".join(sizes), most=400)) if sizes else EMPTY
    return html("{} on {}{}", size, name(view.hardware), region)


def _largest_uncertainties(view: EstimateView) -> Html:
    """Return the largest source of the uncertainty of money and of CO2e."""
    parts: dict[str, str] = {}
    for quantity, label in (("rent_usd", "cost"), ("tco_usd", "cost"), ("total_kgco2e", "CO2e")):
        shares = view.spread_shares.get(quantity, {})
        if shares and label not in parts:
            source, share = next(iter(shares.items()))
            parts[label] = f"{label} – {uncertainty_label(source)} ({100.0 * share:.0f}\u00a0%)"
    return html(" Largest uncertainties: {}.", text("; ".join(parts.values()), most=400)) if parts else EMPTY
