"""Shape and batch by the size of a model: published models, inverses, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.size import usual_batch_tokens, usual_params, width_of_depth


def test_gpt_3_is_as_wide_as_usual():
    # 96 layers of width 12,288 are 12 × 96 × 12288² = 174e9, and the head
    assert usual_params(hidden=12288.0, vocab=50257.0) == pytest.approx(12 * 96 * 12288**2 + 12288 * 50257)


@given(st.floats(16.0, 3e4), st.floats(1.0, 200.0), st.floats(1.0, 2e5))
def test_the_width_of_a_depth_gives_the_parameters_again(hidden, layers, vocab):
    params = 12.0 * layers * hidden**2 + hidden * vocab
    assert width_of_depth(params=params, layers=layers, vocab=vocab) == pytest.approx(hidden, rel=1e-6)


def test_four_times_the_accelerators_have_twice_the_batch():
    few, many = (usual_batch_tokens(accelerators=count, reference_tokens=4e6) for count in (64.0, 256.0))
    assert many == pytest.approx(2.0 * few)
    assert usual_batch_tokens(accelerators=1024.0, reference_tokens=4e6) == 4e6


def test_no_batch_is_larger_than_that_of_the_largest_clusters():
    assert usual_batch_tokens(accelerators=1e7, reference_tokens=4e6) == usual_batch_tokens(accelerators=16384.0, reference_tokens=4e6)


@pytest.mark.parametrize(
    ("formula", "inputs"),
    [
        (usual_params, {"hidden": 64.0, "vocab": 100.0}),
        (width_of_depth, {"params": 1e9, "layers": 24.0, "vocab": 100.0}),
        (usual_batch_tokens, {"accelerators": 64.0, "reference_tokens": 1e6}),
    ],
)
def test_nothing_and_less_is_refused(formula, inputs):
    for name in inputs:
        for value in (0.0, -1.0, float("nan")):
            with pytest.raises(OutOfRangeError, match=name):
                formula(**{**inputs, name: value})


def test_arrays_have_what_each_number_has_to_the_last_bit():
    params, layers = np.array([1e9, 7e9, 1.3e12]), np.array([12.0, 33.0, 120.0])
    widths = width_of_depth(params=params, layers=layers, vocab=50257.0)
    assert widths.tolist() == [width_of_depth(params=size, layers=depth, vocab=50257.0) for size, depth in zip(params.tolist(), layers.tolist(), strict=True)]
    assert usual_params(hidden=widths, vocab=50257.0).tolist() == [usual_params(hidden=width, vocab=50257.0) for width in widths.tolist()]
