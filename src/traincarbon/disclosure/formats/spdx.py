"""SPDX 3.0.1: the energy of a training in the AI profile."""

import uuid
from typing import Any

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.words import energy_method, missing_words
from traincarbon.formatting import json_text


def write(disclosure: Disclosure) -> dict[str, str]:
    """Return ``spdx.json``: an AI package with the energy of training and of fine-tuning in kilowatt-hours, and the method as text."""
    base = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json_text(disclosure.to_dict({})))}"
    creation = "_:creation"
    tool = {"type": "SoftwareAgent", "spdxId": f"{base}#tool", "creationInfo": creation, "name": f"traincarbon {disclosure.version}"}
    package: dict[str, Any] = {
        "type": "ai_AIPackage",
        "spdxId": f"{base}#model",
        "creationInfo": creation,
        "name": disclosure.model or "model",
        "ai_informationAboutTraining": _about(disclosure),
    }
    if energy := _energy(disclosure):
        package["ai_energyConsumption"] = energy
    graph: list[dict[str, Any]] = [
        {"type": "CreationInfo", "@id": creation, "specVersion": "3.0.1", "created": f"{disclosure.date}T00:00:00Z", "createdBy": [tool["spdxId"]]},
        tool,
    ]
    if disclosure.provider:
        provider = {"type": "Organization", "spdxId": f"{base}#provider", "creationInfo": creation, "name": disclosure.provider}
        package["suppliedBy"] = provider["spdxId"]
        graph.append(provider)
    document = {
        "type": "SpdxDocument",
        "spdxId": f"{base}#document",
        "creationInfo": creation,
        "name": f"Energy of training {disclosure.model or 'a model'}",
        "profileConformance": ["core", "software", "ai"],
        "rootElement": [package["spdxId"]],
    }
    body = {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [*graph, package, document]}
    return {"spdx.json": json_text(body, indent=2) + "\n"}


def _energy(disclosure: Disclosure) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for statement in disclosure.statements:
        if statement.widest is not None:
            _, energy = statement.widest
            name = "ai_finetuningEnergyConsumption" if statement.is_fine_tuning else "ai_trainingEnergyConsumption"
            described = {"type": "ai_EnergyConsumptionDescription", "ai_energyQuantity": f"{energy.median!r}", "ai_energyUnit": "kilowattHour"}
            found.setdefault(name, []).append(described)
    return {"type": "ai_EnergyConsumption", **found} if found else {}


def _about(disclosure: Disclosure) -> str:
    parts = [f"{each.subject}: {energy_method(each)}" for each in disclosure.statements]
    missing = "; ".join(missing_words(disclosure.missing))
    return " ".join([*parts, f"Missing: {missing}." if missing else ""]).strip()
