"""CycloneDX 1.7: the energy of a training in the model card of a machine-learning bill of materials."""

import uuid
from typing import Any

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.statement import Statement
from traincarbon.disclosure.words import boundary_words, compute_method, energy_method
from traincarbon.formatting import json_text
from traincarbon.quantities import KG_PER_T

_PREFIX = "traincarbon"


def write(disclosure: Disclosure) -> dict[str, str]:
    """Return ``cyclonedx.json``, valid by the strict schema: energy in kWh, CO2e in tonnes, intervals and methods as properties."""
    model: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": disclosure.model or "model",
        "modelCard": {"considerations": {"environmentalConsiderations": _considerations(disclosure)}},
    }
    if bases := dict.fromkeys(each.base_model for each in disclosure.statements if each.base_model):
        model["pedigree"] = {"ancestors": [{"type": "machine-learning-model", "name": name} for name in bases]}
    if disclosure.provider:
        model["supplier"] = {"name": disclosure.provider}
    tool = {"type": "application", "name": "traincarbon", "version": disclosure.version}
    body = {"metadata": {"timestamp": f"{disclosure.date}T00:00:00Z", "tools": {"components": [tool]}}, "components": [model]}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json_text(body))
    head = {"$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.7"}
    return {"cyclonedx.json": json_text({**head, "serialNumber": f"urn:uuid:{serial}", "version": 1, **body}, indent=2) + "\n"}


def _considerations(disclosure: Disclosure) -> dict[str, Any]:
    stated = [_consumption(each) for each in disclosure.statements if each.widest is not None]
    missing = [_property(f"missing:{what}", why) for what, why in disclosure.missing.items()]
    return {name: found for name, found in (("energyConsumptions", stated), ("properties", missing)) if found}


def _consumption(statement: Statement) -> dict[str, Any]:
    """Return the energy of one run or plan, with the widest boundary that is known."""
    found = statement.widest
    assert found is not None
    boundary, energy = found
    emissions = statement.result("operational_kgco2e")
    provider = {
        "organization": {"name": statement.place or "unknown"},
        "energySource": "unknown",
        "energyProvided": {"value": energy.median, "unit": "kWh"},
        "description": f"the grid of {statement.country}" if statement.country else "the place is not stated",
    }
    properties = [
        _property("subject", statement.subject),
        _property("kind", "estimated" if statement.is_estimate else "metered"),
        _property("boundary", f"{boundary.value}: {boundary_words(boundary)}"),
        _property("interval", f"{energy.low!r} to {energy.high!r} kWh, {statement.level:.0%}"),
        *(_property(f"share:{how}", f"{share:.4f}") for how, share in statement.shares.items()),
        _property("method:energy", energy_method(statement)),
        _property("method:compute", compute_method(statement)),
    ]
    answer: dict[str, Any] = {
        "activity": "fine-tuning" if statement.is_fine_tuning else "training",
        "energyProviders": [provider],
        "activityEnergyCost": {"value": energy.median, "unit": "kWh"},
    }
    if emissions is not None:
        answer["co2CostEquivalent"] = {"value": emissions.median / KG_PER_T, "unit": "tCO2eq"}
        counted = "electricity" + (f", {statement.basis}" if statement.basis else "")
        properties.append(_property("co2:interval", f"{emissions.low / KG_PER_T!r} to {emissions.high / KG_PER_T!r} tCO2eq, {statement.level:.0%}, {counted}"))
    return {**answer, "properties": properties}


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": f"{_PREFIX}:{name}", "value": value}
