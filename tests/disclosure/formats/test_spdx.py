"""The SPDX document is read by the bindings that are generated from the model of SPDX 3.0.1."""

import io
import json

import pytest
from spdx_python_model import v3_0_1 as spdx

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.formats.spdx import write


def read(disclosure):
    objects = spdx.SHACLObjectSet()
    spdx.JSONLDDeserializer().read(io.BytesIO(write(disclosure)["spdx.json"].encode()), objects)
    return objects


def test_the_energy_of_training_is_read_back(disclosed):
    (package,) = read(disclosed(provider="Acme")).foreach_type(spdx.ai_AIPackage)
    (energy,) = package.ai_energyConsumption.ai_trainingEnergyConsumption
    assert float(energy.ai_energyQuantity) == 16.0
    assert energy.ai_energyUnit == spdx.ai_EnergyUnitType.kilowattHour
    assert "the whole facility" in package.ai_informationAboutTraining


def test_fine_tuning_is_told_apart(disclosed, of_run, of_plan):
    (package,) = read(disclosed(of_run(), of_plan(kind="lora", tokens=1e8))).foreach_type(spdx.ai_AIPackage)
    assert len(package.ai_energyConsumption.ai_trainingEnergyConsumption) == 1
    assert len(package.ai_energyConsumption.ai_finetuningEnergyConsumption) == 1


def test_every_object_has_what_it_must_have(disclosed):
    graph = json.loads(write(disclosed(provider="Acme"))["spdx.json"])["@graph"]
    assert {each["type"] for each in graph} == {"CreationInfo", "SoftwareAgent", "Organization", "ai_AIPackage", "SpdxDocument"}
    ids = {each.get("spdxId") for each in graph}
    assert next(each for each in graph if each["type"] == "SpdxDocument")["rootElement"][0] in ids


def test_unknown_energy_is_left_out_and_said(disclosed, of_run):
    (package,) = read(disclosed(of_run(**{**UNKNOWN, "energy_j": {}}))).foreach_type(spdx.ai_AIPackage)
    assert package.ai_energyConsumption is None
    assert "Missing: " in package.ai_informationAboutTraining


@pytest.mark.parametrize("date", ["2026-03-01", "2025-12-31"])
def test_it_is_the_same_when_made_twice(disclosed, date):
    assert write(disclosed(date=date)) == write(disclosed(date=date))
