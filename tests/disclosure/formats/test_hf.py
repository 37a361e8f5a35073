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


@pytest.mark.parametrize("grams", [1e-5, 5e-7, 0.001, 3e16, 12.5])
def test_every_amount_is_read_back_as_a_number(disclosed, of_run, grams):
    bounds = dict.fromkeys(("low", "median", "high"), grams / 1000.0)
    found = card(disclosed(of_run(operational_kgco2e=bounds, embodied_kgco2e=None))).data.to_dict()["co2_eq_emissions"]
    assert found["emissions"] == pytest.approx(grams)
    assert "electricity alone" in found["source"]


def test_the_cloud_and_the_base_are_named(disclosed, of_run):
    tuned = disclosed(of_run(plan={"kind": "lora", "model": "hub:acme/base-7b"}))
    assert card(tuned).data.base_model == "acme/base-7b"
    assert "- **Cloud Provider:** AWS\n" in write(tuned)["model-card.md"]
    assert "- **Cloud Provider:** not stated\n" in write(disclosed(of_run(site=None)))["model-card.md"]
    assert "- **Cloud Provider:** none, own hardware\n" in write(disclosed(of_run(plan={"purchase_price": 1e5})))["model-card.md"]


def test_runs_in_several_places_name_all_of_them(disclosed, of_run):
    found = card(disclosed(of_run(), of_run(run_id="b", site={"name": "Oslo"}, hw="dgx-h100"))).data.to_dict()["co2_eq_emissions"]
    assert found["geographical_location"] == "Paris; Oslo"
    assert found["hardware_used"] == "16 × NVIDIA A100 SXM4 80GB; 16 × NVIDIA H100 SXM5 80GB"


def test_a_run_that_is_still_going_says_so(disclosed, of_run):
    found = card(disclosed(of_run(state="running"))).data.to_dict()["co2_eq_emissions"]
    assert "so far: the run is still going" in found["source"]


def test_hostile_names_break_no_markdown(disclosed, of_run):
    text = write(disclosed(of_run(run_id="a** <img src=x> [b](c) `d", site={"name": "<script>"})))["model-card.md"].split("---")[2]
    assert "<img" not in text
    assert "<script>" not in text
    assert r"**a\*\* &lt;img src=x> \[b\](c) \`d**" in text
