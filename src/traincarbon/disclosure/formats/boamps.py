"""BoAmps: the report on the energy of a task that AFNOR Spec 2314 names, as its open data model has it."""

import uuid
from typing import Any

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.statement import Statement
from traincarbon.disclosure.words import missing_words
from traincarbon.formatting import json_text

_FORMAT = "https://github.com/Boavizta/BoAmps/tree/main/model"
_COUNTRY_LETTERS = 2
_ERRORS = ((0.1, "high"), (0.25, "medium"))
"""Up to which error of the energy the format calls the quality so; beyond them it is low."""
_PARAMS_UNIT = 1e9
"""The format counts parameters in billions."""
_TRACKED = {"gpu": "gpuTrackingMode", "cpu": "cpuTrackingMode"}


def write(disclosure: Disclosure) -> dict[str, str]:
    """Return ``boamps.json``: a report, or a list of them where there are several runs or plans; what is not known is left out."""
    reports = [_report(each, disclosure) for each in disclosure.statements]
    return {"boamps.json": json_text(reports[0] if len(reports) == 1 else reports, indent=2) + "\n"}


def _report(statement: Statement, disclosure: Disclosure) -> dict[str, Any]:
    return _known(
        {
            "header": _known(
                {
                    "formatVersion": "0.1",
                    "formatVersionSpecificationUri": _FORMAT,
                    "reportId": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{statement.subject} {disclosure.date}")),
                    "reportDatetime": f"{disclosure.date} 00:00:00",
                    "reportStatus": "draft" if statement.is_estimate or statement.unfinished or statement.widest is None else "final",
                    "publisher": _known({"name": disclosure.provider or None, "confidentialityLevel": "public"}),
                }
            ),
            "task": _task(statement),
            "measures": _measures(statement),
            "software": {"language": "python", "version": version} if (version := statement.versions.get("python")) else None,
            "infrastructure": _infrastructure(statement),
            "environment": _environment(statement),
            "quality": _quality(statement),
        }
    )


def _infrastructure(statement: Statement) -> dict[str, Any]:
    """Return on what the training ran: ``other`` where it is not known who owns the hardware, and no component whose number is not known."""
    kind = {None: "other", True: "publicCloud", False: "onPremise"}[statement.is_rented]
    found = (statement.accelerator or "not stated", "gpu", statement.accelerators), (statement.hardware or "not stated", "server", statement.nodes)
    components = [{"componentName": name, "componentType": part, "nbComponent": int(count)} for name, part, count in found if count][:1]
    return {"infraType": kind, **_known({"cloudProvider": statement.cloud or None}), "components": components}


def _environment(statement: Statement) -> dict[str, Any] | None:
    """Return where it ran, None where the country is not known, which the format asks for."""
    country = statement.country[:_COUNTRY_LETTERS]
    stated = {"location": statement.place or None, "powerSourceCarbonIntensity": statement.intensity_gco2e_per_kwh}
    return {"country": country, **_known(stated)} if country else None


def _task(statement: Statement) -> dict[str, Any]:
    params = None if statement.params is None else statement.params / _PARAMS_UNIT
    algorithm = _known({"algorithmName": statement.model or None, "foundationModelName": statement.base_model or None, "parametersNumber": params})
    missing = "; ".join(missing_words(statement.missing))
    dataset = _known({"dataUsage": "input", "dataType": "token", "dataQuantity": statement.tokens})
    return _known(
        {
            "taskStage": "finetuning" if statement.is_fine_tuning else "training",
            "taskFamily": "other",
            "algorithms": [algorithm],
            "dataset": [dataset],
            "taskDescription": f"not known: {missing}" if missing else None,
        }
    )


def _measures(statement: Statement) -> list[dict[str, Any]]:
    """Return the energy of the measurement, with its boundary in the name of the method; no measure where the energy is not known, which the format asks for."""
    found = statement.widest
    if found is None:
        return []
    boundary, energy = found
    method = "estimated before the training" if statement.is_estimate else "; ".join(statement.meters) or "nothing metered"
    duration = statement.result("duration_s")
    modes = {_TRACKED[part]: how for part, _, how in (meter.partition(": ") for meter in statement.meters) if part in _TRACKED}
    measure = {
        "measurementMethod": f"traincarbon; {method}; boundary: {boundary.value}",
        "version": statement.versions.get("carbon"),
        **modes,
        "powerConsumption": energy.median,
        "measurementDuration": None if duration is None else duration.median,
        "measurementDateTime": None if statement.is_estimate else statement.began[:19].replace("T", " ") or None,
    }
    return [_known(measure)]


def _quality(statement: Statement) -> str:
    """Return how good the data are, as the format has it: by how far the energy may be off."""
    found = statement.widest
    if found is None or statement.is_estimate or statement.unfinished:
        return "low"
    _, energy = found
    error = max(energy.high / energy.median - 1.0, 1.0 - energy.low / energy.median) if energy.median > 0.0 else 1.0
    return next((name for most, name in _ERRORS if error <= most), "low")


def _known(stated: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stated.items() if value is not None}
