"""The bill of materials is valid by the strict schema of CycloneDX 1.7."""

import json
from importlib.resources import files

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.formats.cyclonedx import write

SCHEMAS = files("cyclonedx.schema") / "_res"


def official(name):
    return json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def validator():
    """The official schema of CycloneDX 1.7, which allows no field of another name."""
    others = ("spdx", "jsf-0.82", "cryptography-defs")
    known = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in map(official, (*others, "bom-1.7")))
    return Draft7Validator(official("bom-1.7"), registry=known)


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


def test_it_is_valid_by_the_official_schema(disclosure, validator):
    body = json.loads(write(disclosure)["cyclonedx.json"])
    assert list(validator.iter_errors(body)) == []
    body["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]["energy"] = 1
    assert len(list(validator.iter_errors(body))) == 1


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


def test_the_base_of_a_fine_tune_is_its_ancestor(disclosed, of_run, validator):
    body = json.loads(write(disclosed(of_run(plan={"kind": "lora", "model": "hub:acme/base-7b"})))["cyclonedx.json"])
    assert list(validator.iter_errors(body)) == []
    assert body["components"][0]["pedigree"]["ancestors"] == [{"type": "machine-learning-model", "name": "acme/base-7b"}]
