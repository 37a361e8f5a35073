"""The history of a run follows its journals, for any length and any number of writers."""

import pytest

from journals import WALL_S, device, line, lines_of, write_lines
from traincarbon.reporting.run_history import history_of


def trace(tmp_path, *writers):
    return history_of([write_lines(str(tmp_path / f"{at}.jsonl"), lines) for at, lines in enumerate(writers)], "run")


def known(values):
    return [value for value in values if value is not None]


def test_constant_power_is_a_flat_line(tmp_path):
    found = trace(tmp_path, lines_of(intervals=10, devices=("gpu:0", "gpu:1")))
    assert known(found.power_w["gpu"]) == pytest.approx([200.0] * 50)
    assert (found.begin_s, found.width_s) == (WALL_S, 1.0)
    assert found.end_s == pytest.approx(WALL_S + 50.0, abs=1.0)


def test_energy_is_kept_when_bins_grow(tmp_path):
    found = trace(tmp_path, lines_of(intervals=2000, power_w=150.0))
    assert len(found.power_w["gpu"]) <= 301
    assert found.width_s == 64.0
    assert known(found.power_w["gpu"]) == pytest.approx([150.0] * len(known(found.power_w["gpu"])))


def test_parts_are_apart_and_nodes_add_up(tmp_path):
    found = trace(
        tmp_path,
        lines_of(intervals=4, node="a1"),
        lines_of(intervals=4, node="b2", process=8),
        lines_of(intervals=4, devices=("cpu:0",), part="cpu", power_w=30.0, node="a1", process=9),
    )
    assert known(found.power_w["gpu"]) == pytest.approx([200.0] * 20)
    assert known(found.power_w["cpu"]) == pytest.approx([30.0] * 20)


def test_two_writers_of_one_device_do_not_double_its_power(tmp_path):
    found = trace(tmp_path, lines_of(intervals=4), lines_of(intervals=4, process=8))
    assert known(found.power_w["gpu"]) == pytest.approx([100.0] * 20)


def test_a_gap_is_not_known(tmp_path):
    lines = lines_of(intervals=2)
    lines.insert(3, line("interval", seq=9, mono_s=30.0, from_s=25.0, to_s=30.0, devices={"gpu:0": device(1500.0)}))
    found = trace(tmp_path, lines)
    assert found.power_w["gpu"][15:25] == [None] * 10
    assert found.power_w["gpu"][26] == pytest.approx(100.0)


def test_a_line_that_comes_twice_counts_once(tmp_path):
    lines = lines_of(intervals=3)
    assert known(trace(tmp_path, [*lines, *lines]).power_w["gpu"]) == pytest.approx([100.0] * 15)


def test_progress_is_tokens_a_second(tmp_path):
    intervals = [
        line("interval", seq=at, mono_s=5.0 * at, from_s=5.0 * at - 5.0, to_s=5.0 * at, tokens=1000.0 * at, devices={"gpu:0": device(500.0 * at)})
        for at in range(1, 5)
    ]
    assert known(trace(tmp_path, [line("start"), *intervals]).tokens_per_s) == pytest.approx([200.0] * 20)


def test_journals_without_intervals_have_no_history(tmp_path):
    assert trace(tmp_path, [line("start"), line("end", seq=1)]) is None
    assert history_of([], "run") is None


@pytest.mark.parametrize(
    "fields", [{"devices": "x"}, {"devices": {"gpu:0": "x"}}, {"devices": {"gpu:0": {"energy_j": "x"}}}, {"from_s": None}, {"tokens": "many"}]
)
def test_impossible_values_are_skipped(tmp_path, fields):
    odd = line("interval", seq=1, mono_s=5.0, **{"from_s": 0.0, "to_s": 5.0, "devices": {"gpu:0": device(500.0)}, **fields})
    good = line("interval", seq=2, mono_s=10.0, from_s=5.0, to_s=10.0, devices={"gpu:0": device(1000.0)})
    assert trace(tmp_path, [line("start"), odd, good]).power_w["gpu"][-2] > 0.0
