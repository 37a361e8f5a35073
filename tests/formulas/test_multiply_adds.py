"""Multiply-adds at another image size and with adapters, by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreement import NONSENSE, assert_agrees, assert_linear, assert_refuses
from traincarbon.formulas.multiply_adds import adapter_sample_flop, gmac_with_attention
from traincarbon.formulas.sample_flop import scaled_gmac

DIT = {"reference_gmac": 118.64, "attention_gmac": 4.228, "image_size": 512.0, "reference_size": 256.0}
LORA = {"gmac_per_sample": 4.0, "trainable_share": 0.01}


def test_attention_grows_with_the_square_of_the_pixels():
    # 28 layers, 1152 wide, 256 tokens; Peebles and Xie 2022 publish 524.6 at 512 px
    assert gmac_with_attention(**DIT) == pytest.approx(114.412 * 4 + 4.228 * 16)
    assert gmac_with_attention(**DIT) == pytest.approx(524.6, rel=0.002)
    assert gmac_with_attention(**DIT | {"image_size": 256.0}) == pytest.approx(118.64)


def test_without_attention_it_is_a_convolution():
    sizes = {name: value for name, value in DIT.items() if name != "attention_gmac"}
    assert gmac_with_attention(**DIT | {"attention_gmac": 1e-12}) == pytest.approx(scaled_gmac(**sizes))


def test_adapters_take_two_passes_and_their_share_of_three():
    assert adapter_sample_flop(**LORA) == pytest.approx(4e9 * 4.06)
    assert adapter_sample_flop(**LORA | {"trainable_share": 0.0}) == 16e9


@given(st.floats(0.01, 100.0))
def test_flop_are_linear_in_the_multiply_adds(factor):
    assert_linear(adapter_sample_flop, "gmac_per_sample", factor, **LORA)


@pytest.mark.parametrize(("formula", "inputs"), [(gmac_with_attention, DIT), (adapter_sample_flop, LORA)])
def test_nonsense_is_refused_and_arrays_agree(formula, inputs):
    for name in inputs:
        values = [value for value in NONSENSE if name != "trainable_share" or value != 0.0]
        assert_refuses(formula, name, values, **inputs)
    assert_agrees(formula, **inputs)
