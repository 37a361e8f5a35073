"""The forms of an estimate hold its results, of one plan and of many."""

import json

import numpy as np

from traincarbon.estimation.result_forms import as_dict, as_frame, as_html, scalars


def test_json_holds_the_results_of_arrays_as_lists(ask):
    stated = json.loads(json.dumps(as_dict(ask(params=np.array([1e9, 7e9])))))
    assert len(stated["results"]["compute_flop"]["median"]) == 2


def test_only_single_numbers_are_in_a_table(ask):
    names = [name for name, _ in scalars(ask())]
    assert "facility_energy_kwh" in names
    assert "duration_s" not in names
    assert "compute_flop" not in [name for name, _ in scalars(ask(params=np.array([1e9, 7e9])))]


def test_a_hostile_name_is_escaped(ask):
    assert "<script>" not in as_html(ask(name="<script>"))


def test_a_frame_has_the_median_of_each_result(ask):
    answer = ask()
    assert as_frame(answer).loc["facility_energy_kwh", "median"] == answer.median("facility_energy_kwh")
