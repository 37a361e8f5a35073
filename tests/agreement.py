"""What is tested for every formula: one answer for a float, an array and an uncertain quantity, and errors that name the wrong argument."""

import math

import numpy as np
import pytest

from traincarbon.errors import OutOfRangeError
from traincarbon.uncertain import Uncertain

NONSENSE = (-1.0, math.nan, -math.inf)
"""Values that no quantity of a training can have."""


def assert_agrees(formula, *, only_floats=(), **inputs):
    """Check that *formula* gives the same for arrays as for floats, elementwise, and the same median for uncertain inputs."""
    scalar = formula(**inputs)
    numbers = {name: value for name, value in inputs.items() if not isinstance(value, str) and name not in only_floats}
    arrays = {name: np.array([value, value]) for name, value in numbers.items()}
    together = formula(**{**inputs, **arrays})
    assert together.shape == (2,)
    assert together == pytest.approx([scalar, scalar], rel=1e-14)
    for name, value in numbers.items():
        alone = formula(**{**inputs, name: np.array([value, value])})
        assert np.broadcast_to(alone, 2) == pytest.approx([scalar, scalar], rel=1e-14), name
        spread = formula(**{**inputs, name: Uncertain(value, {"x": 0.1})})
        assert getattr(spread, "median", spread) == pytest.approx(scalar, rel=1e-14), name


def assert_refuses(formula, name, values, **inputs):
    """Check that each of *values* for *name* is refused, as a float, as an uncertain median and within an array, and that the message names it."""
    for value in values:
        for given in (value, Uncertain(value, {"x": 0.1}), np.array([inputs[name], value])):
            with pytest.raises(OutOfRangeError, match=name) as caught:
                formula(**{**inputs, name: given})
            assert caught.value.hint.startswith("it must be ")


def assert_linear(formula, name, factor, **inputs):
    """Check that *factor* times *name* gives *factor* times the result."""
    scaled = formula(**{**inputs, name: inputs[name] * factor})
    assert scaled == pytest.approx(formula(**inputs) * factor, rel=1e-12)


def assert_inverse(formula, name, factor, **inputs):
    """Check that *factor* times *name* gives the result divided by *factor*."""
    scaled = formula(**{**inputs, name: inputs[name] * factor})
    assert scaled == pytest.approx(formula(**inputs) / factor, rel=1e-12)
