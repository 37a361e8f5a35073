"""Devices in the panel: each by itself where there is room, else all of a part together."""

import pytest

from made_states import gpu, state
from traincarbon.tracking.display.panel import MOST_ROWS, rows
from traincarbon.tracking.display.power_history import History
from traincarbon.tracking.live_state import DeviceState

pytest.importorskip("rich", reason="rich is not installed")


def drawn(shown, *, width=79, history=None, most=MOST_ROWS):
    return [row.plain for row in rows(shown, history or History(), width=width, most=most)]


def test_where_rows_are_free_devices_take_a_third_and_show_more():
    assert drawn(state(budgets=()))[1:4] == [
        "gpu0 640 W  97 %  gpu1 650 W  96 %  gpu2 660 W  95 %  gpu3 670 W  94 %",
        "gpu4 680 W  93 %  gpu5 690 W  92 %  gpu6 700 W  91 %  gpu7 710 W  90 %",
        "cpu  182 W  20 %  dram  28 W",
    ]


def test_many_accelerators_are_shown_as_a_whole_with_least_and_most_of_them():
    shown = drawn(state(64))
    assert shown[0].endswith("61.3 kW · running 0:12:03 ──")
    assert shown[1].startswith("64 gpu 61.1 kW  90 – 97 %  ≤ 67 °C  cpu")
    assert len(shown) == 8


def test_a_whole_server_is_not_added_to_its_parts():
    devices = (gpu(0), DeviceState("server:0", "server", 1200.0))
    assert "─ 1.20 kW · running" in drawn(state(devices=devices))[0]
