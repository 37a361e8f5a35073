"""Columns are known by the names that others give them, and times in hours are those in days."""

import pytest

from traincarbon.published.column_names import Column, known_columns
from traincarbon.published.runs_file import read_rows, unread_columns


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


def test_a_file_in_other_words_says_what_one_in_ours_does(tmp_path):
    file = tmp_path / "runs.csv"
    file.write_text("Name;GPU;GPUs;Params;Tokens;Wallclock hours;colour\na;A100 80GB;64;7B;1T;480;red\n", encoding="utf-8")
    (run,) = read_rows(str(file))
    assert (run.id, run.hardware, run.accelerators, run.total_params, run.tokens, run.wallclock_days) == ("a", "A100 80GB", 64.0, 7e9, 1e12, 20.0)
    assert run.hours_h == pytest.approx(64 * 480)
    assert unread_columns(str(file)) == ["colour"]
