"""Well-known trainings of other families beside their published hours."""

import math

import pytest

from traincarbon.database.load import open_database
from traincarbon.validation.family_runs import TABLE, family_estimates, plan_of


@pytest.fixture(scope="module")
def found():
    return family_estimates()


def test_ten_trainings_of_seven_families_are_compared(found):
    assert len(found) >= 10
    assert len({run.family for run in found}) >= 7


def test_every_row_is_a_plan_whose_hours_follow_from_its_note():
    for row in open_database().all_rows(TABLE):
        plan = plan_of(row)
        assert row["note"], row["run"]
        assert (plan.accelerator_hours, plan.mfu, plan.hours, plan.days) == (None, None, None, None), row["run"]


def test_most_published_hours_lie_in_their_intervals(found):
    assert sum(run.is_inside for run in found) >= 0.7 * len(found)
    assert found[0].error_ln == math.log(found[0].hours.median / found[0].published_h)


@pytest.mark.parametrize(
    ("name", "flop"),
    [
        # 6e9 × 4.11 × 1.281167e6 × 90
        ("ResNet-50 on ImageNet, 90 epochs", 2.84e18),
        # 6 × (303.97e6 × 257 + (123.65e6 - 38.1e6) × 77) × 12.8e9, and 1.90e10 × 12.8e9 of attention
        ("CLIP ViT-L/14, 32 epochs of 400M pairs", 6.75e21),
        # (6 × (304e6 × 50 + 26e6 × 197) + 12 × 24 × 1024 × 50² + 12 × 8 × 512 × 197²) × 1.281167e6 × 800: attention of the encoder and of the decoder
        ("MAE ViT-L/16, 800 epochs", 1.277e20),
        # (6 × 632e6 × 257 + 12 × 632e6 / (12 × 1270) × 257²) × 303e6 × 14
        ("ViT-H/14 on JFT-300M, 14 epochs", 4.27e21),
    ],
)
def test_the_flop_of_a_training_are_those_of_its_family(found, name, flop):
    (run,) = [run for run in found if run.name == name]
    assert run.flop == pytest.approx(flop, rel=0.01)
