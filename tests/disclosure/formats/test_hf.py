"""The model card is read by the library of the Hub, in grams."""

import pytest
from huggingface_hub import ModelCard

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.formats.hf import write


def card(disclosure):
    return ModelCard(write(disclosure)["model-card.md"], ignore_metadata_errors=False)


def test_grams_are_read_back(disclosed):
    found = card(disclosed()).data.to_dict()["co2_eq_emissions"]
    assert found["emissions"] == pytest.approx(1000.0)
    assert found["training_type"] == "pre-training"
    assert found["geographical_location"] == "Paris"
    assert found["hardware_used"] == "16 × NVIDIA A100 SXM4 80GB"


def test_a_fine_tune_and_an_estimate_say_so(disclosed, of_plan):
    found = card(disclosed(of_plan(kind="lora", tokens=1e8))).data.to_dict()["co2_eq_emissions"]
    assert found["training_type"] == "fine-tuning"
    assert "estimated before the training" in found["source"]


def test_unknown_emissions_are_left_out_and_said(disclosed, of_run):
    text = write(disclosed(of_run(**UNKNOWN)))["model-card.md"]
    assert "\nco2_eq_emissions:" not in text
    assert "Not known: " in text


def test_hostile_names_break_no_metadata(disclosed, of_run):
    name = 'x"\n---\nevil: 1'
    found = card(disclosed(of_run(site={"name": name}))).data.to_dict()
    assert "evil" not in found
    assert found["co2_eq_emissions"]["geographical_location"] == name
