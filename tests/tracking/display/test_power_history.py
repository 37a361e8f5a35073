"""The course of power in the last minute."""

from made_states import gpu, state
from traincarbon.tracking.display.power_history import History
from traincarbon.tracking.live_state import LiveState


def test_bars_are_blank_where_nothing_was_read_and_forget_what_is_older_than_a_minute():
    history = History()
    history.add(state(1, elapsed_s=10.0))
    history.add(state(1, elapsed_s=65.0))
    history.add(LiveState("r", devices=(gpu(0),)))
    assert history.spark("gpu:GPU-0", now_s=65.0, width=6) == "▇    ▇"
    assert history.spark("gpu:GPU-0", now_s=120.0, width=6) == "▇     "
    assert history.spark("unknown", now_s=65.0, width=6) == " " * 6
