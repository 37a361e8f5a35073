"""What each figure is made of: the parts of time, money, energy, carbon and water, which add up to their medians."""

from typing import NamedTuple

from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.charts import key, stacked_bar
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.markup import EMPTY, Html, html, joined, link_to, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.rounding import column
from traincarbon.reporting.view import EstimateView


class Part(NamedTuple):
    """A part of a figure, and how much of it that is, in the figure's unit."""

    label: str
    value: float


class Whole(NamedTuple):
    """A figure and its parts."""

    name: str
    parts: tuple[Part, ...]


def wholes(view: EstimateView) -> list[Whole]:
    """Return the figures of which the parts are known, each with its parts."""
    found = [_hours(view), _own(view), _purchase(view), _energy(view), _carbon(view), _water(view)]
    return [whole for whole in found if whole is not None]


def parts_section(view: EstimateView, currency: Currency, id: str) -> Section | None:
    """Return for each figure a drawing of its parts above their table."""
    boxes = joined(_box(whole, view, currency, id) for whole in wholes(view))
    return section(f"{id}-parts", text("Breakdown"), html('<div class="grid">{}</div>', boxes)) if boxes else None


def _box(whole: Whole, view: EstimateView, currency: Currency, id: str) -> Html:
    quantity, total = QUANTITIES[whole.name], sum(part.value for part in whole.parts)
    _, _, bounds = currency.shown(view.results[whole.name], quantity.unit)
    values, scale = column([part.value for part in whole.parts], total, quantity.unit, currency, digits=3)
    label = link_to(f"{id}-{whole.name}", text(quantity.label)) if view.step(whole.name) is not None else text(quantity.label)
    rows = [
        [html("{} {}", key(at), text(part.label)), *texts(f"{value} {scale}".rstrip(), f"{100.0 * part.value / total:.0f} %")]
        for at, (part, value) in enumerate(zip(whole.parts, values, strict=False))
    ]
    spread = html(" <small>{}</small>", text(f"{bounds} {scale}".rstrip())) if bounds != "exact" else EMPTY
    caption = html("{}{}{}", label, spread, stacked_bar([part.value / total for part in whole.parts]))
    foot = texts("Total", f"{values[-1]} {scale}".rstrip(), "")
    return html('<div class="box">{}</div>', table(caption, texts("Part", "Median", "Share"), rows, numbers=(1, 2), foot=foot))


def _whole(name: str, total: float | None, *parts: tuple[str, float | None]) -> Whole | None:
    known = [Part(label, value) for label, value in parts if value is not None]
    return Whole(name, tuple(known)) if total and len(known) == len(parts) and sum(part.value for part in known) > 0.0 else None


def _product(*factors: float | None) -> float | None:
    product = 1.0
    for factor in factors:
        if factor is None:
            return None
        product *= factor
    return product


def _less(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else whole - part


def _hours(view: EstimateView) -> Whole | None:
    hours, mfu, step_mfu = view.median("accelerator_hours_h"), view.median("mfu"), view.input("end_to_end_mfu", "step_mfu")
    if hours is None or mfu is None:
        return None
    between = (("Between steps: interruptions, stalls, evaluation", hours * (step_mfu - mfu) / step_mfu),) if step_mfu is not None else ()
    in_steps = hours if step_mfu is None else hours * mfu / step_mfu
    useful = in_steps * (mfu if step_mfu is None else step_mfu)
    return _whole(
        "accelerator_hours_h", hours, ("The model’s arithmetic at the peak rate", useful), ("In steps, below the peak rate", in_steps - useful), *between
    )


def _own(view: EstimateView) -> Whole | None:
    total, electricity = view.median("own_usd"), view.median("electricity_usd")
    return _whole("own_usd", total, ("Share of the hardware’s price", _less(total, electricity)), ("Electricity", electricity))


def _purchase(view: EstimateView) -> Whole | None:
    total, share = view.median("purchase_usd"), view.input("accelerator_purchase_usd", "interconnect_share")
    network = _product(total, share)
    return _whole("purchase_usd", total, ("Servers", _less(total, network)), ("Network between them", network))


def _energy(view: EstimateView) -> Whole | None:
    hours, network = view.median("accelerator_hours_h"), view.input("it_energy_kwh", "network_share")
    accelerators = _product(hours, view.input("it_energy_kwh", "accelerator_power_w"), 1e-3)
    hosts = _product(hours, view.input("it_energy_kwh", "host_power_w"), 1e-3)
    switches = None if accelerators is None or hosts is None else _product(accelerators + hosts, network)
    overhead = _less(view.median("facility_energy_kwh"), view.median("it_energy_kwh"))
    return _whole(
        "facility_energy_kwh",
        view.median("facility_energy_kwh"),
        ("Accelerators", accelerators),
        ("Rest of the servers", hosts),
        ("Network", switches),
        ("Cooling and conversion", overhead),
    )


def _carbon(view: EstimateView) -> Whole | None:
    return _whole(
        "total_kgco2e",
        view.median("total_kgco2e"),
        ("Making the electricity", view.median("operational_kgco2e")),
        ("Making the hardware, the run’s share", view.median("embodied_kgco2e")),
    )


def _water(view: EstimateView) -> Whole | None:
    total = view.median("water_l")
    site = _product(view.median("it_energy_kwh"), view.input("water_l", "wue_l_per_kwh"))
    return _whole("water_l", total, ("Evaporated on the site", site), ("Consumed in making the electricity", _less(total, site)))
