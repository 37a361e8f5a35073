"""The bill of materials is valid by the strict schema of CycloneDX 1.7."""

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.formats.cyclonedx import write

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_7)


@pytest.fixture(params=["run", "plan", "both", "unknown", "fine-tune"])
def disclosure(request, disclosed, of_run, of_plan):
    statements = {
        "run": [of_run()],
        "plan": [of_plan(servers=16, region="france")],
        "both": [of_run(), of_plan()],
        "unknown": [of_run(**{**UNKNOWN, "energy_j": {}})],
        "fine-tune": [of_plan(kind="lora", tokens=1e8)],
    }
    return disclosed(*statements[request.param], provider="Acme")


def test_it_is_strict_valid(disclosure):
    assert VALIDATOR.validate_str(write(disclosure)["cyclonedx.json"]) is None


def test_energy_in_kwh_and_co2_in_tonnes_are_those_of_the_record(disclosed):
    body = json.loads(write(disclosed())["cyclonedx.json"])
    (stated,) = body["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]["energyConsumptions"]
    assert stated["activity"] == "training"
    assert stated["activityEnergyCost"] == {"value": 16.0, "unit": "kWh"}
    assert stated["co2CostEquivalent"] == {"value": 0.0008, "unit": "tCO2eq"}
    properties = {each["name"]: each["value"] for each in stated["properties"]}
    assert properties["traincarbon:interval"] == "12.0 to 20.0 kWh, 90%"
    assert properties["traincarbon:boundary"].startswith("facility")


def test_it_is_the_same_when_made_twice(disclosed):
    assert write(disclosed()) == write(disclosed())
    assert write(disclosed()) != write(disclosed(date="2026-03-02"))


def test_what_is_missing_is_a_property(disclosed, of_run):
    body = json.loads(write(disclosed(of_run(**{**UNKNOWN, "energy_j": {}})))["cyclonedx.json"])
    stated = body["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]
    assert "energyConsumptions" not in stated
    assert "traincarbon:missing:facility_energy_kwh" in {each["name"] for each in stated["properties"]}
