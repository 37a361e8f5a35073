"""Scaling laws: loss by size and data, and the sizes that reach a loss with the least arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_refuses
from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.scaling import Law, optimal_params, params_of_loss, predicted_loss, tokens_of_loss
from traincarbon.uncertain import Uncertain

HOFFMANN = Law(1.69, 406.4, 0.34, 410.7, 0.28)
ROUND = Law(1.8, 400.0, 0.5, 400.0, 0.5)
sizes = st.floats(1e6, 1e13)
laws = st.builds(Law, st.floats(1.0, 2.0), st.floats(50.0, 2000.0), st.floats(0.2, 0.6), st.floats(50.0, 4000.0), st.floats(0.2, 0.6))


def test_chinchilla_reaches_the_loss_of_its_own_law():
    # 1.69 + 406.4 / 70e9^0.34 + 410.7 / 1.4e12^0.28 = 1.69 + 0.0834 + 0.1634; Hoffmann et al. 2022, equation 10
    assert predicted_loss(params=70e9, tokens=1.4e12, law=HOFFMANN) == pytest.approx(1.9366, abs=2e-4)


def test_a_round_law_is_reckoned_by_hand():
    # 1.8 + 400 / 4,000 + 400 / 4,000
    assert predicted_loss(params=16e6, tokens=16e6, law=ROUND) == pytest.approx(2.0)
    assert params_of_loss(loss=2.0, law=ROUND) == pytest.approx(16e6)
    assert tokens_of_loss(params=16e6, loss=2.0, law=ROUND) == pytest.approx(16e6)
    assert optimal_params(compute_flop=6.0 * 16e6 * 16e6, law=ROUND) == pytest.approx(16e6)


def test_size_and_data_without_end_leave_the_irreducible_loss():
    assert predicted_loss(params=1e300, tokens=1e300, law=HOFFMANN) == pytest.approx(1.69, rel=1e-9)


@given(laws, sizes, sizes, st.floats(1.001, 100.0))
def test_more_parameters_and_more_tokens_both_lower_the_loss(law, params, tokens, factor):
    loss = predicted_loss(params=params, tokens=tokens, law=law)
    assert predicted_loss(params=params * factor, tokens=tokens, law=law) < loss
    assert predicted_loss(params=params, tokens=tokens * factor, law=law) < loss


@given(laws, st.floats(1e15, 1e27), st.floats(0.8, 1.25))
def test_no_other_size_of_the_same_arithmetic_is_better_than_the_optimal_one(law, compute, shift):
    best = optimal_params(compute_flop=compute, law=law)
    loss = predicted_loss(params=best, tokens=compute / 6.0 / best, law=law)
    other = predicted_loss(params=best * shift, tokens=compute / 6.0 / best / shift, law=law)
    assert other >= loss - 1e-12


@given(laws, st.floats(1e15, 1e27))
def test_the_optimum_is_stationary(law, compute):
    best = optimal_params(compute_flop=compute, law=law)
    tokens = compute / 6.0 / best
    size, data = law.params_exponent * law.params_scale * best**-law.params_exponent, law.tokens_exponent * law.tokens_scale * tokens**-law.tokens_exponent
    assert size == pytest.approx(data, rel=1e-9)


@given(laws, st.floats(0.05, 3.0))
def test_the_size_for_a_loss_is_the_optimum_of_its_own_arithmetic(law, above):
    loss = law.irreducible_loss + above
    params = params_of_loss(loss=loss, law=law)
    tokens = tokens_of_loss(params=params, loss=loss, law=law)
    assert predicted_loss(params=params, tokens=tokens, law=law) == pytest.approx(loss, rel=1e-9)
    assert optimal_params(compute_flop=6.0 * params * tokens, law=law) == pytest.approx(params, rel=1e-6)


@given(laws, sizes, sizes)
def test_tokens_of_a_loss_undo_the_loss_of_tokens(law, params, tokens):
    data = law.tokens_scale * tokens**-law.tokens_exponent
    loss = predicted_loss(params=params, tokens=tokens, law=law)
    if data > 1e-6 * loss:
        assert tokens_of_loss(params=params, loss=loss, law=law) == pytest.approx(tokens, rel=1e-4)


def test_formulas_are_one_for_floats_arrays_and_uncertain_numbers():
    assert_agrees(predicted_loss, params=7e9, tokens=1e12, law=HOFFMANN, only_floats=("law",))
    assert_agrees(optimal_params, compute_flop=1e22, law=HOFFMANN, only_floats=("law",))
    assert_agrees(params_of_loss, loss=2.0, law=HOFFMANN, only_floats=("law",))


@pytest.mark.parametrize("name", ["params", "tokens"])
def test_no_parameters_and_no_tokens_are_refused(name):
    assert_refuses(predicted_loss, name, (0.0, *NONSENSE), params=7e9, tokens=1e12, law=HOFFMANN)


def test_no_arithmetic_is_refused():
    assert_refuses(optimal_params, "compute_flop", (0.0, *NONSENSE), compute_flop=1e22, law=HOFFMANN)


@pytest.mark.parametrize("loss", [1.69, 1.0, 0.0, -1.0, math.nan, -math.inf, Uncertain(1.5, {"x": 0.1}), np.array([2.0, 1.5])])
def test_a_loss_that_is_not_above_the_irreducible_one_is_refused(loss):
    with pytest.raises(OutOfRangeError, match="not above 1.69") as caught:
        params_of_loss(loss=loss, law=HOFFMANN)
    assert "it must be above" in caught.value.hint


def test_a_model_too_small_for_a_loss_is_refused_with_its_size():
    with pytest.raises(OutOfRangeError, match="a model of 1e[+]06 parameters does not reach a loss of 2 "):
        tokens_of_loss(params=1e6, loss=2.0, law=HOFFMANN)
