"""Hours that must be GPU-hours are told from wall-clock hours by the utilisation that they imply."""

import pytest

from traincarbon.errors import DatabaseError
from traincarbon.validation.bare_times import Judged, judge_times

GPU_HOURS = ("a100,64,7B,1T,95000", "h100,2048,70B,2T,700000", "8xH100,,7B,100B,4000")
WALL_CLOCK = ("a100,64,7B,1T,1484", "h100,2048,70B,2T,342", "8xH100,,7B,100B,500")


@pytest.fixture
def judged(tmp_path, shipped):
    """Return a function that judges the rows of a file."""

    def judge(*rows):
        file = tmp_path / "runs.csv"
        file.write_text("\n".join(["id,hardware,gpus,params,tokens,hours", *(f"{at},{row}" for at, row in enumerate(rows))]), encoding="utf-8")
        return judge_times(str(file), shipped)

    return judge


def test_rows_of_gpu_hours_are_too_slow_as_wall_clock_time(judged):
    assert judged(*GPU_HOURS[:2]) == Judged(2, 2)
    assert judged(*GPU_HOURS[:2]).are_accelerator_hours


def test_rows_of_wall_clock_time_are_not(judged):
    assert judged(*WALL_CLOCK) == Judged(3, 0)
    assert not judged(*WALL_CLOCK).are_accelerator_hours


def test_on_few_accelerators_nothing_tells(judged):
    assert judged(GPU_HOURS[2]) == Judged(1, 0)


def test_half_of_the_rows_are_not_most(judged):
    assert not judged(GPU_HOURS[0], WALL_CLOCK[0]).are_accelerator_hours
    assert judged(*GPU_HOURS[:2], WALL_CLOCK[0]).are_accelerator_hours


@pytest.mark.parametrize("row", ["a100,,7B,1T,95000", "a100,64,,1T,95000", "nothing,64,7B,1T,95000", "a100,64,7B,1T,"])
def test_a_row_that_lacks_something_is_not_judged(judged, row):
    assert judged(row) == Judged(0, 0)
    assert not judged(row).are_accelerator_hours


def test_times_that_are_slow_in_either_reading_are_not_called_gpu_hours(judged):
    assert judged("a100,2,7B,100B,2000000") == Judged(1, 0)


def test_a_file_that_is_not_there_is_refused(tmp_path, shipped):
    with pytest.raises(DatabaseError, match="cannot read"):
        judge_times(str(tmp_path / "none.csv"), shipped)
