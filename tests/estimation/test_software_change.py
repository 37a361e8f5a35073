import math

import pytest

from traincarbon.estimation.software_change import change_sigma

SPREADS = {"framework": 0.3, "version": 0.15, "precision": 0.2, "code": 0.1}


@pytest.mark.parametrize(
    ("one", "other", "sigma"),
    [
        ({}, {"torch": "2.4"}, 0.0),
        ({"torch": "2.4.0"}, {"torch": "2.4.1+cu121"}, 0.0),
        ({"torch": "2.4.0"}, {"torch": "2.5.0"}, 0.15),
        ({"torch": "2.4.0"}, {"jax": "0.4"}, 0.3),
        ({"torch": "2.4.0"}, {"torch": "2.4.0", "deepspeed": "0.14"}, 0.3),
        ({"precision": "bf16"}, {"precision": "fp8"}, 0.2),
        ({"precision": "bf16"}, {}, 0.0),
        ({"code": "a", "torch": "2.4"}, {"code": "b", "torch": "2.5"}, math.hypot(0.1, 0.15)),
    ],
)
def test_each_change_adds_its_spread_and_what_is_unknown_adds_none(one, other, sigma):
    assert change_sigma(one, other, SPREADS) == pytest.approx(sigma)
    assert change_sigma(other, one, SPREADS) == pytest.approx(sigma)
