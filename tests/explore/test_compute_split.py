"""How arithmetic is divided between size and data."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import OutOfRangeError, PlanError
from traincarbon.explore.compute_split import ComputeSplit, split_of
from traincarbon.explore.scaling_law import read_law
from traincarbon.formulas.scaling import Law, params_of_loss, predicted_loss

LAW = Law(1.8172, 482.01, 0.3478, 2085.43, 0.3658)
SPLITS = [ComputeSplit(), ComputeSplit(params=7e9), ComputeSplit(tokens=1e12), ComputeSplit(tokens_per_param=20.0)]


@pytest.mark.parametrize("split", SPLITS)
@given(compute=st.floats(1e18, 1e26))
def test_all_arithmetic_is_used(split, compute):
    assert split.of(compute, LAW).compute_flop == pytest.approx(compute)


def test_what_is_fixed_stays():
    assert ComputeSplit(params=7e9).of(6e22, LAW).params == 7e9
    assert ComputeSplit(tokens=1e12).of(6e22, LAW).tokens == 1e12
    size = ComputeSplit(tokens_per_param=20.0).of(6e22, LAW)
    assert size.tokens / size.params == pytest.approx(20.0)


@given(compute=st.floats(1e18, 1e26), split=st.sampled_from(SPLITS[1:]))
def test_nothing_fixed_is_never_worse(compute, split):
    free, fixed = (predicted_loss(params=size.params, tokens=size.tokens, law=LAW) for size in (ComputeSplit().of(compute, LAW), split.of(compute, LAW)))
    assert free <= fixed + 1e-12


@pytest.mark.parametrize("split", SPLITS)
@given(loss=st.floats(2.1, 3.5))
def test_the_size_for_a_loss_reaches_it(split, loss):
    size = split.for_loss(loss, LAW)
    assert predicted_loss(params=size.params, tokens=size.tokens, law=LAW) == pytest.approx(loss, rel=1e-9)


def test_with_nothing_fixed_it_is_the_closed_form():
    assert ComputeSplit().for_loss(2.1, LAW).params == pytest.approx(params_of_loss(loss=2.1, law=LAW), rel=1e-6)


@pytest.mark.parametrize(
    ("split", "loss", "match"),
    [
        (ComputeSplit(), 1.8, "not above 1.8172"),
        (ComputeSplit(), math.nan, "the loss nan"),
        (ComputeSplit(), math.inf, "the loss inf"),
        (ComputeSplit(), -1.0, "the loss -1"),
        (ComputeSplit(params=1e6), 2.0, "no training with 1e[+]06 parameters"),
        (ComputeSplit(tokens=1e6), 2.0, "no training with 1e[+]06 tokens"),
        (ComputeSplit(), 1.81721, "a loss of 1.81721 takes more than"),
        (ComputeSplit(), 100.0, "takes no training"),
        (ComputeSplit(), 10.9, "takes no training"),
    ],
)
def test_a_loss_that_cannot_be_asked_for_is_refused(split, loss, match):
    with pytest.raises(OutOfRangeError, match=match) as caught:
        split.for_loss(loss, LAW)
    assert caught.value.hint


def test_the_spread_of_the_arithmetic_grows_towards_the_irreducible_loss(shipped):
    law = read_law(shipped)
    assert ComputeSplit().spread(1.95, law) > ComputeSplit().spread(2.1, law) > ComputeSplit().spread(2.5, law) > 0.0


@pytest.mark.parametrize("two", [{"params": 1.0, "tokens": 1.0}, {"params": 1.0, "tokens_per_param": 1.0}, {"tokens": 1.0, "tokens_per_param": 1.0}])
def test_two_things_cannot_be_fixed(two):
    with pytest.raises(PlanError, match="are both given"):
        split_of(**{"params": None, "tokens": None, "tokens_per_param": None, **two})


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_tokens_for_each_parameter_are_a_positive_number(value):
    with pytest.raises(OutOfRangeError, match="tokens_per_param is"):
        split_of(params=None, tokens=None, tokens_per_param=value)
