"""Models of images and sound are fitted over language models on the same hardware."""

import math
from dataclasses import replace

import pytest

from traincarbon.fitting.regression import Observation
from traincarbon.published.media_runs import AMPLE_IMAGE_S, fit_media, language_effects, light_effect, own_effects
from traincarbon.published.reported_runs import chip_of
from traincarbon.published.runs_file import read_runs

BY_ID = {run.id: run for run in read_runs()[0]}
EFFECTS = {"all": 1.0, "generation=volta": 1.0, "medium=image": 1.0, "family=vision": 1.0, "light": -2.0, "kind=finetune": 1.0}


def image(y, group, light=0.0, **effects):
    own = {"light": light} if light else {}
    return Observation(y, {"all": 1.0, "generation=volta": 1.0, "medium=image": 1.0, "family=vision": 1.0, **own, **effects}, group, "image")


def test_work_for_an_image_counts_where_it_is_little_and_every_view_counts(shipped):
    run = BY_ID["swav-r50-800"]
    chip = chip_of(run, shipped)
    worth_s = 6e9 * run.gmac_per_sample / 8.0 / chip.peak_flop_per_s
    assert light_effect(run, chip) == {"light": pytest.approx(math.log(worth_s / AMPLE_IMAGE_S), rel=1e-6)}
    halved = light_effect(replace(run, images_per_sample=16.0), chip)["light"]
    assert halved - light_effect(run, chip)["light"] == pytest.approx(-math.log(2.0))
    assert light_effect(replace(run, gmac_per_sample=4100.0), chip) == {}
    assert light_effect(BY_ID["llama1-65b"], chip) == {}


def test_the_effects_of_a_run_are_those_of_language_models_and_its_own():
    assert language_effects(EFFECTS) == {"all": 1.0, "generation=volta": 1.0, "kind=finetune": 1.0}
    assert own_effects(EFFECTS) == {"generation=volta": 1.0, "medium=image": 1.0, "light": -2.0}
    for apart in ("separable-convolution", "self-distillation"):
        assert f"family={apart}" in own_effects({f"family={apart}": 1.0})


def test_a_family_that_scatters_more_is_wider_at_the_same_level():
    calm = [image((-1.0) ** at * 0.1, f"a{at}") for at in range(30)]
    wild = [image((-1.0) ** at * 1.0, f"b{at}") for at in range(30)]
    for row in wild:
        row.effects["family=convolution"] = row.effects.pop("family=vision")
    found = fit_media([*calm, *wild], lambda _: 0.0)["image"]
    assert found.width["family=convolution"] > 1.0 > found.width["family=vision"]
    assert found.apart("family=convolution") > found.apart("family=unknown") > found.apart("family=vision")
    levels = [found.over_language({"medium=image": 1.0, f"family={family}": 1.0}, "image")[0] for family in ("vision", "convolution")]
    assert levels[0] == levels[1]


def test_the_law_of_light_images_is_found_whatever_language_models_reach():
    law = [image(0.7 * light - 1.0, f"g{at}", light) for at, light in enumerate([-3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.0, -3.0, -1.0] * 4)]
    for level in (-1.0, 0.3):
        (found,) = fit_media(law, lambda _, level=level: level).values()
        assert found.fit.effect("light")[0] == pytest.approx(0.7, abs=0.05)
        over, variance = found.over_language({"medium=image": 1.0, "generation=volta": 1.0, "light": -2.0}, "image")
        assert over + level == pytest.approx(-2.4, abs=0.1)
        assert 0.0 < variance < 0.2


def test_few_rows_have_the_scatter_that_was_assumed():
    found = fit_media([image(0.0, "a"), image(0.1, "b")], lambda _: 0.0)["image"]
    assert found.scatter > 0.5
    assert fit_media([], lambda _: 0.0) == {}
