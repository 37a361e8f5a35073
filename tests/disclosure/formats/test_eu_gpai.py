"""The form for the AI Office has its figures, ranges and thresholds."""

import json

import pytest

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.formats.eu_gpai import AIO, NCA, write


def fields_of(disclosure):
    body = json.loads(write(disclosure)["eu-gpai.json"])
    return body, {(field["field"], reader): field for field in body["fields"] for reader in field["recipients"]}


def test_the_figures_are_those_of_the_record(disclosed):
    _, fields = fields_of(disclosed())
    assert fields["Amount of energy used for training", AIO]["exact"] == pytest.approx(0.016)
    assert fields["Amount of energy used for training", NCA]["value"].startswith("0.016 MWh (measured and modelled")
    assert fields["Amount of computation used for training", AIO]["value"] == "6.0×10^18 FLOP"
    assert fields["Amount of computation used for training", NCA]["value"] == "10^18 FLOP"
    assert fields["Total model size", NCA]["value"] == "500M–5B parameters"
    assert fields["Training time", NCA]["value"] == "less than 1 month"
    assert fields["Benchmarked amount of computation used for inference", AIO]["exact"] == pytest.approx(2e9 * 1e5)


@pytest.mark.parametrize(("params", "named"), [(4e8, "1–500M"), (7e9, "5B–15B"), (70e9, "50B–100B"), (5.3e11, "500B–1T"), (2e12, "more than 1T")])
def test_the_ranges_of_parameters(disclosed, of_run, params, named):
    _, fields = fields_of(disclosed(of_run(params=params)))
    assert fields["Total model size", NCA]["value"] == f"{named} parameters"


def test_thresholds_are_judged_and_a_modifier_learns_of_its_third(disclosed, of_run):
    body, _ = fields_of(disclosed(of_run(params=1e12, tokens=2e13), original_flop=1e26))
    assert [each["above"] for each in body["thresholds"]] == [True, True, True]
    body, _ = fields_of(disclosed(original_flop=1e19))
    assert [each["above"] for each in body["thresholds"]] == [False, False, True]


def test_what_is_missing_is_n_a_with_the_reason(disclosed, of_run):
    body, fields = fields_of(disclosed(of_run(**{**UNKNOWN, "energy_j": {}})))
    assert fields["Amount of energy used for training", AIO]["value"].startswith("N/A: missing is")
    assert fields["Amount of computation used for training", NCA]["value"] == "not known"
    assert [each["above"] for each in body["thresholds"]] == [None, None]


def test_an_unknown_energy_of_known_hours_can_be_estimated_and_the_form_says_so(disclosed, of_run, of_plan):
    _, fields = fields_of(disclosed(of_run(facility_energy_kwh=None, energy_j={})))
    assert fields["Amount of energy used for training", AIO]["value"].endswith(
        "disclose a plan that states hardware and GPU-hours of the run (accelerator_hours)"
    )
    _, estimated = fields_of(disclosed(of_plan(params=None, tokens=None, accelerator_hours=32.0)))
    assert estimated["Amount of energy used for training", AIO]["exact"] > 0.0


def test_a_hostile_name_breaks_no_table(disclosed, of_run):
    page = write(disclosed(of_run(run_id="a|b\nc"), of_run(run_id="<script>")))["eu-gpai.md"]
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {4}
    assert "<script>" not in page.partition("\n")[2]


def test_a_fine_tune_whose_original_is_not_stated_has_a_third_of_the_general_threshold(disclosed, of_run):
    tuned = of_run(plan={"kind": "lora"}, params=7e9)
    body, _ = fields_of(disclosed(tuned))
    assert [each["flop"] for each in body["thresholds"]] == [1e23, 1e25, pytest.approx(1e23 / 3.0)]
    assert "--original-flop" in body["thresholds"][-1]["text"]
    stated, _ = fields_of(disclosed(tuned, original_flop=3e22))
    assert [each["flop"] for each in stated["thresholds"]] == [1e23, 1e25, pytest.approx(1e22)]
    scratch, _ = fields_of(disclosed(of_run()))
    assert len(scratch["thresholds"]) == 2


def test_a_run_that_is_still_going_says_so_beside_its_energy(disclosed, of_run):
    going = disclosed(of_run(state="running"))
    _, fields = fields_of(going)
    assert "so far: the run is still going" in fields["Amount of energy used for training", AIO]["value"]
    assert "Not complete: the run is still going" in write(going)["eu-gpai.md"]


def test_what_is_missing_has_the_names_that_people_read(disclosed, of_run):
    text = write(disclosed(of_run(**{**UNKNOWN, "energy_j": {}})))["eu-gpai.md"]
    assert "_kwh" not in text
    assert "_kgco2e" not in text
    assert "Energy, accelerators alone: no accelerator was metered" in text


def test_inference_of_a_mixture_counts_the_parameters_that_a_token_passes_through(disclosed, of_run, of_plan):
    name = "Benchmarked amount of computation used for inference"
    for mixture in (of_run(plan={"params": 47e9, "active_params": 13e9}, params=47e9), of_plan(params=47e9, active_params=13e9)):
        _, fields = fields_of(disclosed(mixture))
        assert fields[name, AIO]["exact"] == pytest.approx(2.0 * 13e9 * 1e5)
        assert "2 × active parameters × tokens" in fields[name, AIO]["value"]
        assert fields["Total model size", AIO]["exact"] == 47e9
    _, dense = fields_of(disclosed())
    assert dense[name, AIO]["exact"] == pytest.approx(2.0 * 1e9 * 1e5)


def test_days_of_one_type_add_up_and_those_of_two_do_not(disclosed, of_run):
    _, same = fields_of(disclosed(of_run(), of_run(run_id="b")))
    assert same["Training time: hardware", AIO]["exact"] == pytest.approx(2.0 * 32.0 / 24.0)
    _, mixed = fields_of(disclosed(of_run(), of_run(run_id="b", hw="dgx-h100")))
    assert mixed["Training time: hardware", AIO]["exact"] is None
