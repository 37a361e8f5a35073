"""SCI-AI: the Software Carbon Intensity of a training, on ISO/IEC 21031:2024, as a provider states it."""

from typing import Any

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.words import energy_method
from traincarbon.formatting import json_text
from traincarbon.quantities import G_PER_KG
from traincarbon.uncertain import Interval

_BILLION = 1e9


def write(disclosure: Disclosure) -> dict[str, str]:
    """Return ``sci-ai.json``: the provider score (operational + embodied emissions over R) for three functional units R."""
    operational, embodied = disclosure.total("operational_kgco2e"), disclosure.total("embodied_kgco2e")
    total = disclosure.total("total_kgco2e")
    flop = None if disclosure.flop is None else disclosure.flop.median
    units = (
        ("FLOP", flop, "compute is what the training buys, whatever the size of model and data"),
        ("training token", disclosure.tokens, "tokens are what the training reads"),
        ("billion parameters", None if disclosure.params is None else disclosure.params / _BILLION, "parameters are what is handed over"),
    )
    body = {
        "specification": "SCI-AI, on ISO/IEC 21031:2024",
        "score": "provider",
        "model": disclosure.model,
        "is_estimate": disclosure.is_estimate,
        "operational_kgco2e": _dict(operational),
        "embodied_kgco2e": _dict(embodied),
        "total_kgco2e": _dict(total),
        "energy_kwh": _dict(disclosure.total("facility_energy_kwh")),
        "counting": "gross: no offsets, certificates or contracts are taken off",
        "boundary": "training in the whole facility; all attempts that the record has are in it; data preparation, experiments and inference are not",
        "basis": sorted({each.basis or "not stated" for each in disclosure.statements}),
        "scores": [_score(total, unit, count, why) for unit, count, why in units],
        "method": {each.subject: energy_method(each) for each in disclosure.statements},
        "missing": disclosure.missing,
    }
    return {"sci-ai.json": json_text(body, indent=2) + "\n"}


def _score(total: Interval | None, unit: str, count: float | None, why: str) -> dict[str, Any]:
    """Return the score per *unit*; null with the reason where emissions or the count are not known."""
    if total is None or not count:
        return {
            "per": unit,
            "count": count,
            "gco2e": None,
            "rationale": why,
            "why_unknown": f"{'the emissions' if total is None else 'the count'} cannot be known",
        }
    return {"per": unit, "count": count, "gco2e": _dict(Interval(*(bound * G_PER_KG / count for bound in total))), "rationale": why}


def _dict(value: Interval | None) -> dict[str, Any] | None:
    return None if value is None else value.to_dict()
