"""The arithmetic of serving a model and of teaching a smaller one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_linear, assert_refuses
from traincarbon.formulas.compute import training_flop
from traincarbon.formulas.serving import distillation_flop, serving_flop

SERVED = {"active_params": 7e9, "served_tokens": 1e12}
TAUGHT = {"student_params": 66e6, "teacher_params": 110e6, "tokens": 1e9}
amounts = st.floats(1e3, 1e15)


def test_two_flop_serve_a_token_with_a_parameter():
    assert serving_flop(**SERVED) == pytest.approx(1.4e22)


def test_nothing_served_takes_nothing():
    assert serving_flop(active_params=7e9, served_tokens=0.0) == 0.0


@given(amounts, amounts)
def test_a_token_served_takes_a_third_of_one_trained(params, tokens):
    assert 3.0 * serving_flop(active_params=params, served_tokens=tokens) == pytest.approx(training_flop(active_params=params, tokens=tokens))


def test_service_is_linear_in_size_and_tokens_and_refuses_nonsense():
    for name in SERVED:
        assert_linear(serving_flop, name, 3.0, **SERVED)
        assert_refuses(serving_flop, name, NONSENSE, **SERVED)
    assert_refuses(serving_flop, "active_params", (0.0,), **SERVED)
    assert_agrees(serving_flop, **SERVED)


def test_a_student_pays_for_its_teachers_forward_pass():
    # (6 × 66e6 + 2 × 110e6) × 1e9
    assert distillation_flop(**TAUGHT) == pytest.approx(6.16e17)


@given(amounts, amounts, amounts)
def test_distilling_takes_the_students_training_and_the_teachers_service(student, teacher, tokens):
    both = training_flop(active_params=student, tokens=tokens) + serving_flop(active_params=teacher, served_tokens=tokens)
    assert distillation_flop(student_params=student, teacher_params=teacher, tokens=tokens) == pytest.approx(both)


def test_distilling_refuses_nonsense_and_takes_arrays():
    for name in TAUGHT:
        assert_refuses(distillation_flop, name, (0.0, *NONSENSE), **TAUGHT)
    assert_agrees(distillation_flop, **TAUGHT)
