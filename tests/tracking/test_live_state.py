"""A live state holds only numbers that can be shown."""

import pytest

from made_states import state
from traincarbon.decode import decode, encode
from traincarbon.errors import CarbonError
from traincarbon.tracking.live_state import LiveState


def test_only_the_run_has_to_be_known():
    assert decode(LiveState, {"run_id": "r"}) == LiveState("r")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400, "7", True, [1.0]])
def test_what_is_not_a_finite_number_is_refused(number):
    interval = dict.fromkeys(["low", "median", "high"], number)
    wrong = {
        "elapsed_s": number,
        "results": {"cost_usd": interval},
        "forecast": {"duration_s": interval},
        "devices": [{"device": "gpu:0", "part": "gpu", "power_w": number}],
        "progress": {"loss": number},
        "budgets": [{"name": "kwh", "limit": number, "spent": 1.0}],
    }
    for name, value in wrong.items():
        with pytest.raises(CarbonError, match=f"LiveState.{name}"):
            decode(LiveState, {**encode(state()), name: value})
