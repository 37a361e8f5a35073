"""BoAmps: the report on the energy of a task that AFNOR Spec 2314 names, as its open data model has it."""

import uuid
from typing import Any

from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.statement import Boundary, Statement
from traincarbon.disclosure.words import missing_words
from traincarbon.formatting import json_text

_FORMAT = "https://github.com/Boavizta/BoAmps/tree/main/model"
_COUNTRY_LETTERS = 2
_SURE, _HALF = 0.8, 0.5


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
                    "reportStatus": "draft" if statement.is_estimate or statement.state == "running" else "final",
                    "publisher": _known({"name": disclosure.provider or None, "confidentialityLevel": "public"}),
                }
            ),
            "task": _task(statement),
            "measures": [_measure(statement)],
            "system": {},
            "software": _known({"language": "python" if statement.versions.get("python") else None, "version": statement.versions.get("python")}),
            "infrastructure": {"infraType": "publicCloud" if statement.is_rented else "onPremise", "components": [_component(statement)]},
            "environment": _known(
                {
                    "country": statement.country[:_COUNTRY_LETTERS] or None,
                    "location": statement.place or None,
                    "powerSourceCarbonIntensity": statement.intensity_gco2e_per_kwh,
                }
            ),
            "quality": _quality(statement),
        }
    )


def _task(statement: Statement) -> dict[str, Any]:
    algorithm = _known({"algorithmName": statement.model or None, "parametersNumber": statement.params})
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


def _measure(statement: Statement) -> dict[str, Any]:
    """Return the energy of the measurement, with its boundary in the name of the method."""
    found = statement.widest
    method = "estimated before the training" if statement.is_estimate else "; ".join(statement.meters) or "nothing metered"
    duration = statement.result("duration_s")
    return _known(
        {
            "measurementMethod": f"traincarbon; {method}" + ("" if found is None else f"; boundary: {Boundary(found[0]).value}"),
            "version": statement.versions.get("carbon"),
            "powerConsumption": None if found is None else found[1].median,
            "measurementDuration": None if duration is None else duration.median,
            "measurementDateTime": statement.began[:19].replace("T", " ") or None,
        }
    )


def _component(statement: Statement) -> dict[str, Any]:
    count = statement.accelerators
    return _known({"componentName": statement.accelerator or "not stated", "componentType": "gpu", "nbComponent": None if count is None else int(count)})


def _quality(statement: Statement) -> str:
    """Return how good the data are, by the share that was measured."""
    measured = statement.shares.get("measured", 0.0)
    return "high" if measured >= _SURE else "medium" if measured >= _HALF else "low"


def _known(stated: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stated.items() if value is not None}
