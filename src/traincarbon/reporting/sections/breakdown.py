"""What each figure is made of: the parts of time, money, energy, carbon and water, which add up to their medians."""

from typing import NamedTuple

from traincarbon.reporting.charts import key, stacked_bar
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.markup import section, table, text
from traincarbon.reporting.rounding import column
from traincarbon.reporting.sections.summary import LABELS, UNITS
from traincarbon.reporting.view import Said


class Part(NamedTuple):
    """A part of a figure, and how much of it that is, in the figure's unit."""

    label: str
    value: float


class Whole(NamedTuple):
    """A figure and its parts."""

    name: str
    parts: tuple[Part, ...]


def wholes(said: Said) -> list[Whole]:
    """Return the figures of which the parts are known, each with its parts."""
    found = [_hours(said), _own(said), _purchase(said), _energy(said), _carbon(said), _water(said)]
    return [whole for whole in found if whole is not None]


def parts_section(said: Said, currency: Currency, id: str) -> str:
    """Return for each figure a drawing of its parts above their table."""
    boxes = "".join(_box(whole, said, currency, id) for whole in wholes(said))
    return section(f"{id}-parts", "What it is made of", f'<div class="grid">{boxes}</div>') if boxes else ""


def _box(whole: Whole, said: Said, currency: Currency, id: str) -> str:
    unit = UNITS[whole.name]
    total = sum(part.value for part in whole.parts)
    _, _, bounds = currency.shown(said.results[whole.name], unit)
    figures, scale = column([part.value for part in whole.parts], total, unit, currency, digits=3)
    label = f'<a href="#{id}-{whole.name}">{LABELS[whole.name]}</a>' if said.step(whole.name) is not None else LABELS[whole.name]
    rows = [
        [f"{key(at)} {text(part.label)}", f"{figure} {text(scale)}", f"{100.0 * part.value / total:.0f} %"]
        for at, (part, figure) in enumerate(zip(whole.parts, figures, strict=False))
    ]
    spread = f" <small>{text(bounds)} {text(scale)}</small>" if bounds != "exact" else ""
    foot = ["In all", f"{figures[-1]} {text(scale)}", ""]
    drawing = stacked_bar([part.value / total for part in whole.parts])
    return f'<div class="box">{table(f"{label}{spread}{drawing}", ["Part", "Median", "Share"], rows, numbers=(1, 2), foot=foot)}</div>'


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


def _hours(said: Said) -> Whole | None:
    hours, mfu, step_mfu = said.median("accelerator_hours_h"), said.median("mfu"), said.input("end_to_end_mfu", "step_mfu")
    if hours is None or mfu is None:
        return None
    between = (("Between steps: interruptions, stalls, evaluation", hours * (step_mfu - mfu) / step_mfu),) if step_mfu is not None else ()
    in_steps = hours if step_mfu is None else hours * mfu / step_mfu
    useful = in_steps * (mfu if step_mfu is None else step_mfu)
    return _whole(
        "accelerator_hours_h", hours, ("The model’s arithmetic at the peak rate", useful), ("In steps, below the peak rate", in_steps - useful), *between
    )


def _own(said: Said) -> Whole | None:
    total, electricity = said.median("own_usd"), said.median("electricity_usd")
    return _whole("own_usd", total, ("Share of the hardware’s price", _less(total, electricity)), ("Electricity", electricity))


def _purchase(said: Said) -> Whole | None:
    total, share = said.median("purchase_usd"), said.input("accelerator_purchase_usd", "interconnect_share")
    network = _product(total, share)
    return _whole("purchase_usd", total, ("Servers", _less(total, network)), ("Network between them", network))


def _energy(said: Said) -> Whole | None:
    hours, network = said.median("accelerator_hours_h"), said.input("it_energy_kwh", "network_share")
    accelerators = _product(hours, said.input("it_energy_kwh", "accelerator_power_w"), 1e-3)
    hosts = _product(hours, said.input("it_energy_kwh", "host_power_w"), 1e-3)
    switches = None if accelerators is None or hosts is None else _product(accelerators + hosts, network)
    overhead = _less(said.median("facility_energy_kwh"), said.median("it_energy_kwh"))
    return _whole(
        "facility_energy_kwh",
        said.median("facility_energy_kwh"),
        ("Accelerators", accelerators),
        ("Rest of the servers", hosts),
        ("Network", switches),
        ("Cooling and conversion", overhead),
    )


def _carbon(said: Said) -> Whole | None:
    return _whole(
        "total_kgco2e",
        said.median("total_kgco2e"),
        ("Making the electricity", said.median("operational_kgco2e")),
        ("Making the hardware, the run’s share", said.median("embodied_kgco2e")),
    )


def _water(said: Said) -> Whole | None:
    total = said.median("water_l")
    site = _product(said.median("it_energy_kwh"), said.input("water_l", "wue_l_per_kwh"))
    return _whole("water_l", total, ("Evaporated on the site", site), ("Consumed in making the electricity", _less(total, site)))
