"""The model card of Hugging Face: its metadata on emissions, in grams, and the paragraph below."""

import re
from collections.abc import Iterable

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.statement import Statement
from traincarbon.disclosure.words import attempts_words, energy_method, hardware_days, markdown_text, missing_words, shown
from traincarbon.formatting import json_text
from traincarbon.quantities import G_PER_KG


def write(disclosure: Disclosure) -> dict[str, str]:
    """Return ``model-card.md``: ``co2_eq_emissions`` in grams of the electricity and the hardware, and the section on environmental impact."""
    return {"model-card.md": "\n".join([*_header(disclosure), *_section(disclosure)]) + "\n"}


def _header(disclosure: Disclosure) -> list[str]:
    """Return the YAML of the metadata; texts are written as JSON, which YAML reads."""
    operational, embodied = disclosure.total("operational_kgco2e"), disclosure.total("embodied_kgco2e")
    bases = list(dict.fromkeys(each.base_model for each in disclosure.statements if each.base_model))
    base = [f"base_model: {json_text(bases[0] if len(bases) == 1 else bases)}"] if bases else []
    if operational is None:
        return ["---", *base, f"# co2_eq_emissions is left out: {_one_line(_why_unknown(disclosure))}", "---"]
    total = disclosure.total("total_kgco2e") or operational
    counted = "electricity and making the hardware" if embodied is not None else "electricity alone, as making this hardware is not known"
    how = "estimated before the training" if disclosure.is_estimate else "metered"
    how += f", so far: {disclosure.unfinished}" if disclosure.unfinished else ""
    tuned = all(each.is_fine_tuning for each in disclosure.statements)
    fields = {
        "emissions": total.median * G_PER_KG,
        "source": f"traincarbon {disclosure.version}, {how}; {counted}",
        "training_type": "fine-tuning" if tuned else "pre-training",
        "geographical_location": _all(each.place or "not stated" for each in disclosure.statements),
        "hardware_used": _all(map(_hardware, disclosure.statements)),
    }
    return ["---", *base, "co2_eq_emissions:", *(f"  {name}: {_yaml(value)}" for name, value in fields.items()), "---"]


def _yaml(value: object) -> str:
    """Return a value as YAML, whose numbers with an exponent need a point."""
    return re.sub(r"^(-?\d+)e", r"\1.0e", json_text(value)) if isinstance(value, float) else json_text(value)


def _all(texts: Iterable[str]) -> str:
    """Return different texts once each."""
    return "; ".join(dict.fromkeys(texts))


def _why_unknown(disclosure: Disclosure) -> str:
    return "; ".join(missing_words({what: why for what, why in disclosure.missing.items() if what.endswith("operational_kgco2e")}))


def _hardware(statement: Statement) -> str:
    count = f"{statement.accelerators:,.10g} × " if statement.accelerators else ""
    return f"{count}{statement.accelerator or 'not stated'}"


def _section(disclosure: Disclosure) -> list[str]:
    lines, unit = ["", "## Environmental Impact", ""], "kg CO2e"
    for each in disclosure.statements:
        hours = each.result("accelerator_hours_h")
        lines += [
            f"**{markdown_text(each.subject)}**{' (estimated before the training, nothing measured)' if each.is_estimate else ''}",
            "",
            f"- **Hardware Type:** {markdown_text(_hardware(each))}",
            f"- **Hours used:** {'not known' if hours is None else f'{hours.median:,.10g} accelerator-hours'} ({hardware_days(each)})",
            f"- **Cloud Provider:** {markdown_text(each.cloud) or ('none, own hardware' if each.is_rented is False else 'not stated')}",
            f"- **Compute Region:** {markdown_text(each.place) or 'not stated'}",
            f"- **Carbon Emitted:** electricity {shown(each.result('operational_kgco2e'), unit)}, hardware {shown(each.result('embodied_kgco2e'), unit)}",
            f"- **Energy:** {shown(each.result('facility_energy_kwh'), 'kWh')} in the facility",
            "",
            markdown_text(" ".join(filter(None, (energy_method(each), attempts_words(each))))),
            "",
        ]
    lines += [f"Not known: {markdown_text('; '.join(missing_words(disclosure.missing)))}."] if disclosure.missing else []
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split())
