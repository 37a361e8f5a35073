"""The images that a training loads, and what little work for each costs."""

import pytest

from traincarbon import estimate
from traincarbon.errors import PlanError

RESNET = {"model": "resnet-50", "samples": "1.28M", "epochs": 10, "hw": "8 x V100-16GB"}
DINO = {"family": "self-distillation", "params": "22M", "samples": "1M", "epochs": 2, "image_size": 224, "patch_size": 16, "hw": "8xV100"}


@pytest.mark.parametrize(
    ("fields", "images"),
    [
        (RESNET, 12.8e6),
        ({**RESNET, "images_per_sample": 2}, 25.6e6),
        (DINO, 2e6 * 10),
        ({**DINO, "global_crops": 2, "local_crops": 6}, 2e6 * 8),
        ({**DINO, "images_per_sample": 3}, 2e6 * 3),
        ({"family": "video", "params": "87M", "samples": "1M", "frames": 16, "image_size": 224, "patch_size": 16, "hw": "8xV100"}, 16e6),
        ({"family": "vision", "params": "86M", "samples": "1M", "epochs": 3, "image_size": 224, "patch_size": 16, "hw": "8xV100"}, 3e6),
    ],
)
def test_every_view_crop_and_frame_is_loaded(fields, images):
    assert estimate(**fields).plan.images == pytest.approx(images)


@pytest.mark.parametrize(
    "fields", [{"params": "7B", "tokens": "1T", "hw": "8xH100"}, {"family": "speech", "params": "1.5B", "audio_hours": "1M", "hw": "8xH100"}]
)
def test_text_and_sound_load_no_images(fields):
    assert estimate(**fields).plan.images is None


def test_more_images_for_the_same_work_take_longer():
    one, two = (estimate(**RESNET, images_per_sample=n).median("duration_s") for n in (1, 2))
    assert 1.2 < two / one < 2.0


def test_much_work_for_an_image_makes_loading_unimportant():
    heavy = {"family": "convolution", "params": "500M", "samples": "1M", "gmac_per_sample": 400, "hw": "8xV100"}
    one, two = (estimate(**heavy, images_per_sample=n).median("duration_s") for n in (1, 2))
    assert one == pytest.approx(two)


def test_a_plan_that_was_completed_gives_the_same_again():
    first = estimate(**RESNET, images_per_sample=2)
    assert estimate(first.plan).median("duration_s") == pytest.approx(first.median("duration_s"))


@pytest.mark.parametrize("family", ["decoder", "encoder", "speech"])
def test_images_are_refused_of_a_family_that_loads_none(family):
    size = {"gmac_per_sample": 5}
    with pytest.raises(PlanError, match="images_per_sample are not known to") as told:
        estimate(params="100M", samples="1M", family=family, images_per_sample=2, hw="8xV100", **size)
    assert "convolution" in told.value.hint


def test_images_for_a_sample_need_samples():
    with pytest.raises(PlanError, match="images_per_sample needs samples"):
        estimate(params="100M", tokens="1B", family="vision", images_per_sample=2, hw="8xV100")
