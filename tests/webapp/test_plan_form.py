"""What a reader typed becomes the fields of a plan, and an address that can be shared."""

from urllib.parse import parse_qs

import pytest

from traincarbon.errors import CarbonError
from traincarbon.webapp.plan_form import MAIN, form_of, plan_fields_of, presets


def test_empty_and_unknown_fields_are_left_out():
    form = form_of({"params": " 7B ", "tokens": "", "nothing": "x", "rent": "spot", "budget": "1e6"})
    assert form.fields == {"params": "7B", "rent": "spot"}
    assert form.budget == "1e6"


def test_the_address_of_a_form_states_the_same_form():
    form = form_of({"params": "7B", "hw": 'a&b="c"', "more": 'rent = "spot"\npue = 1.2', "confidence": "90"})
    again = form_of({name: values[0] for name, values in parse_qs(form.query).items()})
    assert again == form
    assert "confidence" not in form.plan_query


def test_other_lines_are_those_of_a_plan_file():
    assert plan_fields_of(form_of({"params": "7B", "more": 'rent = "spot"\npue = 1.2'})) == {"params": "7B", "rent": "spot", "pue": 1.2}


@pytest.mark.parametrize("more", ["rent = spot", "= 1", "[a", "params = 1\nparams = 2", "\x00"])
def test_lines_that_are_not_those_of_a_plan_file_are_refused(more):
    with pytest.raises(CarbonError, match="other fields: ") as caught:
        plan_fields_of(form_of({"hw": "h100", "more": more}))
    assert caught.value.hint


def test_a_field_that_is_given_twice_is_refused():
    with pytest.raises(CarbonError, match="params is given twice"):
        plan_fields_of(form_of({"params": "7B", "more": "params = 8e9"}))


def test_presets_are_published_trainings_that_state_four_of_the_five_fields():
    assert len(presets()) == 6
    assert all(tuple(preset.fields) == MAIN[:4] for preset in presets())
    llama = next(preset for preset in presets() if preset.name == "LLaMA 65B")
    assert llama.fields == {"params": "65.2B", "tokens": "1.4T", "hw": "dgx-a100-80gb", "accelerators": "2048"}
