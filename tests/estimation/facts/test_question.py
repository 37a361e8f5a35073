"""The part of a plan that facts depend on, and the hardware and place that it names."""

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.facts.question import Question, subject_of
from traincarbon.estimation.plan import Plan


def test_plans_that_differ_elsewhere_ask_the_same_question():
    assert Question.of(Plan(hw="h100", params=7e9, tokens=1e12, servers=4)) == Question.of(Plan(hw="h100", params=8e9, mfu=0.4))


def test_a_mixture_of_experts_and_an_intensity_that_is_stated_are_part_of_it():
    assert Question.of(Plan(params=9e9, active_params=1e9)).is_moe
    assert not Question.of(Plan(params=9e9, active_params=9e9)).is_moe
    assert Question.of(Plan(carbon_intensity=0.0)).is_intensity_stated


def test_a_server_is_a_subject_with_its_accelerators_and_an_accelerator_one_by_itself(shipped):
    server = subject_of(Question(hw="dgx-a100", region="FR"), shipped)
    assert (server.server, server.accelerator.id, server.accelerator_count, server.place.id) == (server.hardware, "a100-sxm4-80gb", 8.0, "FR")
    alone = subject_of(Question(hw="a100-sxm4-80gb"), shipped)
    assert (alone.server, alone.accelerator, alone.accelerator_count, alone.place) == (None, alone.hardware, 1.0, None)


def test_a_question_without_hardware_is_refused(shipped):
    with pytest.raises(PlanError, match="names no hardware"):
        subject_of(Question(region="FR"), shipped)
