"""The answer says beside each field what is wrong with it, and shows nothing that is unknown as 0."""

import pytest

from traincarbon.webapp.plan_answer import answer_form, options_html, shown, spoken
from traincarbon.webapp.plan_form import form_of, presets

GOOD = {"params": "7B", "tokens": "1T", "hw": "dgx-h100", "accelerators": "64", "region": "sweden"}


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.name)
def test_every_preset_has_an_answer_with_charts(preset, shipped):
    answered = answer_form(form_of(preset.fields), shipped)
    found = shown(answered, shipped)
    assert not answered.beside
    assert found.charts.count("<figure") == 3
    assert "Set aside" in found.top


@pytest.mark.parametrize(
    ("field", "typed", "message"),
    [
        ("params", "7 potatoes", "params is not a number"),
        ("tokens", "nan", "tokens is not a number"),
        ("tokens", "-1", "tokens"),
        ("hw", "h1000", "no hardware 'h1000'"),
        ("region", "mars", "no region or zone 'mars'"),
        ("accelerators", "1e400", "accelerators"),
    ],
)
def test_what_is_wrong_with_a_field_is_said_beside_it(field, typed, message, shipped):
    answered = answer_form(form_of({**GOOD, field: typed}), shipped)
    assert answered.answer is None
    assert set(answered.beside) == {field}
    assert message in answered.beside[field].message
    assert not answered.beside[field].is_warning


@pytest.mark.parametrize(
    ("fields", "field", "warning"),
    [({"tokens": "1B"}, "tokens", "fewer tokens than parameters"), ({"params": "700B", "accelerators": "8"}, "accelerators", "does not fit")],
)
def test_a_warning_stands_beside_the_field_that_it_is_about(fields, field, warning, shipped):
    answered = answer_form(form_of({**GOOD, **fields}), shipped)
    assert answered.answer is not None
    assert warning in answered.beside[field].message
    assert answered.beside[field].is_warning


def test_what_is_wrong_with_the_whole_is_said_once(shipped):
    answered = answer_form(form_of({"params": "7B"}), shipped)
    assert answered.answer is None
    assert [problem.message for problem in answered.problems] == ["the plan names no hardware"]


def test_a_budget_gives_its_chance_and_a_wrong_one_is_said(shipped):
    top = shown(answer_form(form_of({**GOOD, "budget": "1e6", "confidence": "90"}), shipped), shipped).top
    assert "enough with a chance of 90 %" in top
    assert "The chance to stay within $1M is" in top
    wrong = answer_form(form_of({**GOOD, "budget": "lots"}), shipped)
    assert wrong.answer is not None
    assert "budget" in wrong.problems[0].message


def test_a_form_without_a_plan_has_neither_an_answer_nor_a_problem(shipped):
    answered = answer_form(form_of({}), shipped)
    assert (answered.answer, answered.problems, dict(answered.beside)) == (None, (), {})
    assert shown(answered, shipped) == ("", "", "")
    assert spoken(answered) == ""


def test_what_is_not_known_is_not_shown_as_0(shipped):
    top = shown(answer_form(form_of({"params": "7B", "tokens": "1T", "hw": "a30"}), shipped), shipped).top
    assert "not known" in top
    assert "$0" not in top


def test_other_ways_are_drawn_with_the_plan_among_them(shipped):
    chart = options_html(answer_form(form_of(GOOD), shipped), shipped)
    assert "What else would do" in chart
    assert "This plan" in chart
    assert options_html(answer_form(form_of({}), shipped), shipped) == ""


def test_a_screen_reader_hears_the_main_results(shipped):
    words = spoken(answer_form(form_of(GOOD), shipped))
    assert words.startswith("cost $")
    assert "time " in words
    assert "CO2e " in words
