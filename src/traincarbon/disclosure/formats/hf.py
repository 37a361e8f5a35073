"""The model card of Hugging Face: its metadata on emissions, in grams, and the paragraph below."""

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.statement import Statement
from traincarbon.disclosure.words import attempts_words, energy_method, hardware_days, missing_words, shown
from traincarbon.formatting import json_text
from traincarbon.quantities import G_PER_KG


def write(disclosure: Disclosure) -> dict[str, str]:
    """Return ``model-card.md``: ``co2_eq_emissions`` in grams of the electricity and the hardware, and the section on environmental impact."""
    return {"model-card.md": "\n".join([*_header(disclosure), *_section(disclosure)]) + "\n"}


def _header(disclosure: Disclosure) -> list[str]:
    """Return the YAML of the metadata; texts are written as JSON, which YAML reads."""
    operational, embodied = disclosure.total("operational_kgco2e"), disclosure.total("embodied_kgco2e")
    first = disclosure.statements[0]
    if operational is None:
        return ["---", "# co2_eq_emissions is left out: " + _one_line(disclosure.missing.get("operational_kgco2e", "the emissions are not known")), "---"]
    whole = operational.median + (0.0 if embodied is None else embodied.median)
    counted = "electricity and making the hardware" if embodied is not None else "electricity alone, as making this hardware is not known"
    how = "estimated before the training" if disclosure.is_estimate else "metered"
    tuned = all(each.is_fine_tuning for each in disclosure.statements)
    fields = {
        "emissions": whole * G_PER_KG,
        "source": f"traincarbon {disclosure.version}, {how}; {counted}",
        "training_type": "fine-tuning" if tuned else "pre-training",
        "geographical_location": first.place or "not stated",
        "hardware_used": _hardware(first),
    }
    return ["---", "co2_eq_emissions:", *(f"  {name}: {json_text(value)}" for name, value in fields.items()), "---"]


def _hardware(statement: Statement) -> str:
    count = f"{statement.accelerators:,.10g} × " if statement.accelerators else ""
    return f"{count}{statement.accelerator or 'not stated'}"


def _section(disclosure: Disclosure) -> list[str]:
    lines, unit = ["", "## Environmental Impact", ""], "kg CO2e"
    for each in disclosure.statements:
        hours = each.result("accelerator_hours_h")
        lines += [
            f"**{_one_line(each.subject)}**{' (estimated before the training, nothing measured)' if each.is_estimate else ''}",
            "",
            f"- **Hardware Type:** {_hardware(each)}",
            f"- **Hours used:** {'not known' if hours is None else f'{hours.median:,.10g} accelerator-hours'} ({hardware_days(each)})",
            "- **Cloud Provider:** not stated",
            f"- **Compute Region:** {each.place or 'not stated'}",
            f"- **Carbon Emitted:** electricity {shown(each.result('operational_kgco2e'), unit)}, hardware {shown(each.result('embodied_kgco2e'), unit)}",
            f"- **Energy:** {shown(each.result('facility_energy_kwh'), 'kWh')} in the facility",
            "",
            " ".join(filter(None, (energy_method(each), attempts_words(each)))),
            "",
        ]
    lines += [f"Not known: {_one_line('; '.join(missing_words(disclosure.missing)))}."] if disclosure.missing else []
    return lines


def _one_line(text: str) -> str:
    return " ".join(text.split())
