"""A GPU is idle by its utilisation, and by its power where its idle power is known."""

import pytest

from traincarbon.ledger.idle import is_idle


@pytest.mark.parametrize(
    ("utilisation", "power_w", "idle_w", "idle"),
    [
        (0.0, 80.0, None, True),
        (0.02, 130.0, 70.0, True),
        (0.02, 150.0, 70.0, False),
        (0.03, 70.0, 70.0, False),
        (None, 83.0, 70.0, True),
        (None, 90.0, 70.0, False),
        (None, 0.0, None, None),
    ],
)
def test_idle_by_hand(utilisation, power_w, idle_w, idle):
    assert is_idle(utilisation=utilisation, power_w=power_w, idle_w=idle_w) is idle
