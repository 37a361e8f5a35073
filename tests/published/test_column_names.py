"""Columns are known by the names that others give them, and times in hours are those in days."""

import pytest

from traincarbon.published.column_names import Column, header_name, known_columns
from traincarbon.published.runs_file import bare_times, read_rows, unread_columns


@pytest.mark.parametrize(
    ("others", "ours"),
    [
        (["name", "gpu", "gpus", "params", "tokens", "gpu_hours"], ["id", "hardware", "accelerators", "total_params", "tokens", "accelerator_hours"]),
        (["run_id", "hw", "chips", "flops", "days"], ["id", "hardware", "accelerators", "training_flops", "wallclock_days"]),
        (["id", "hardware", "colour"], ["id", "hardware", "colour"]),
    ],
)
def test_names_of_others_mean_ours(others, ours):
    assert [column.name for column in known_columns(others)] == ours


def test_our_own_name_goes_first_and_the_first_of_several_others_next():
    assert [column.name for column in known_columns(["name", "id", "gpus", "chips"])] == ["name", "id", "accelerators", "chips"]


def test_hours_of_wall_clock_are_days():
    assert known_columns(["hours"]) == [Column("wallclock_days", 1 / 24)]


def test_days_of_accelerators_are_their_hours():
    assert known_columns(["gpu_days"]) == [Column("accelerator_hours", 24.0)]


@pytest.mark.parametrize("cell", ["Wall-clock hours", "wall clock hours", "WALL-CLOCK-HOURS", " wall\u2010clock\u00a0hours "])
def test_hyphens_and_spaces_are_underscores(cell):
    assert header_name(cell) == "wall_clock_hours"


@pytest.mark.parametrize(
    ("names", "samples", "ours"),
    [
        (["gpu_type", "gpu"], ["A100", "64"], ["hardware", "accelerators"]),
        (["gpu", "gpu_type"], ["64", "A100"], ["accelerators", "hardware"]),
        (["hardware", "chip"], ["TPU v4", "512.0"], ["hardware", "accelerators"]),
        (["gpu_type", "gpu", "n_gpus"], ["A100", "8", "64"], ["hardware", "gpu", "accelerators"]),
        (["gpu_type", "gpu"], ["A100", "A100 80GB"], ["hardware", "gpu"]),
        (["gpu_type", "gpu"], ["A100", ""], ["hardware", "gpu"]),
        (["gpus", "params"], ["8xH100", "7B"], ["hardware", "total_params"]),
        (["gpus", "num_gpus"], ["A100", "64"], ["hardware", "accelerators"]),
        (["gpus", "params"], ["64", "7B"], ["accelerators", "total_params"]),
    ],
)
def test_a_count_and_a_name_of_hardware_are_told_apart_by_what_a_column_holds(names, samples, ours):
    assert [column.name for column in known_columns(names, samples)] == ours


def test_a_count_below_a_name_of_hardware_is_read_from_the_first_row_that_has_one(tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text("id,gpu_type,gpu,params\na,a100,,7b\n\nb,a100,64,7b\nc,a100,many,7b\n", encoding="utf-8")
    a, b, c = read_rows(str(file))
    assert (a.accelerators, b.accelerators, c.line) == (None, 64.0, 5)
    assert unread_columns(str(file)) == []


@pytest.mark.parametrize(
    ("columns", "bare"),
    [
        ("Hours", ["Hours"]),
        ("Training-hours", ["Training-hours"]),
        ("days", ["days"]),
        ("wallclock_hours", []),
        ("wallclock_days,hours", []),
        ("hours,gpu_hours", []),
        ("gpu_days", []),
    ],
)
def test_times_that_may_be_those_of_all_accelerators_are_named(tmp_path, columns, bare):
    file = tmp_path / "runs.csv"
    file.write_text(f"id,hardware,{columns}\n", encoding="utf-8")
    assert bare_times(str(file)) == bare


def test_a_file_that_cannot_be_read_has_no_such_times(tmp_path):
    assert bare_times(str(tmp_path)) == []


def test_a_file_in_other_words_says_what_one_in_ours_does(tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text("Name;GPU;GPUs;Params;Tokens;Wall-clock hours;colour\na;A100 80GB;64;7B;1T;480;red\n", encoding="utf-8")
    (run,) = read_rows(str(file))
    assert (run.id, run.hardware, run.accelerators, run.total_params, run.tokens, run.wallclock_days) == ("a", "A100 80GB", 64.0, 7e9, 1e12, 20.0)
    assert run.hours_h == pytest.approx(64 * 480)
    assert unread_columns(str(file)) == ["colour"]
