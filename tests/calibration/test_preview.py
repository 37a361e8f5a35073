import traincarbon
from made_runs import slower
from traincarbon.calibration.preview import preview_of

PLAN = {"params": 3e9, "tokens": 6e10, "hw": "dgx-a100", "servers": 2, "calibration": "none"}


def preview(shipped, records, **fields):
    return preview_of(traincarbon.estimate(database=shipped, **{**PLAN, **fields}), records, size=3e9, database=shipped)


def test_the_nearest_in_size_comes_first_and_the_others_are_counted(shipped):
    found = preview(shipped, slower(shipped, (1.3, 1.3, 1.3, 1.3), sizes=(1e8, 9e8, 4e9, 7e9)))
    assert found.ids == ("run-2", "run-3", "run-1")
    assert found.others == 1


def test_runs_on_other_hardware_are_left_out(shipped):
    assert preview(shipped, slower(shipped, (1.3, 1.3), sizes=(2e9, 4e9), hw="dgx-h100")) is None


def test_a_run_of_like_size_weighs_more_than_one_far_away(shipped):
    near, far = (preview(shipped, slower(shipped, (1.5,), sizes=(size,))).preview for size in (3e9, 1.15e10))
    before = traincarbon.estimate(database=shipped, **PLAN).median("accelerator_hours_h")
    assert near.median("accelerator_hours_h") > far.median("accelerator_hours_h") > before
