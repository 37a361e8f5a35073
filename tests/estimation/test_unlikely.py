"""Numbers that are possible but that hardly anybody means are pointed out before the figures; usual ones are not."""

import numpy as np
import pytest

from traincarbon import estimate
from traincarbon.errors import PlanError

TEXT = {"params": 7e9, "tokens": 1e12, "hw": "h100", "accelerators": 64}
IMAGES = {"params": 86e6, "samples": 1.28e6, "epochs": 90, "image_size": 224, "patch_size": 16, "hw": "a100", "accelerators": 8}


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({**TEXT, "mfu": 0.95}, "mfu is 0.95, above 0.8, the most that matrix products alone reach"),
        ({**TEXT, "hw": "v100", "mfu": "90%"}, "mfu is 0.9, above"),
        ({**TEXT, "accelerator_hours": 12_400}, "the hours imply a utilisation (MFU) of 0.95"),
        ({**TEXT, "accelerator_hours": 1e12}, "which no training has"),
        ({**TEXT, "accelerator_hours": 1e8}, "which no published run of so large a model has"),
        ({**TEXT, "accelerators": 1e7}, "1e+07 GPUs are more than any cluster has"),
        ({**TEXT, "electricity_price": 12}, "electricity_price is 12: it is in dollars for one kWh"),
        ({**TEXT, "rent_price": 250}, "rent_price is 250: it is the rent of one GPU for an hour"),
        ({**TEXT, "purchase_price": 30}, "is a suffix missing, as in 30k"),
        ({**TEXT, "hw": "dgx-h100", "purchase_price": 3e8, "accelerators": None, "servers": 8}, "or is it that of the cluster?"),
        ({**TEXT, "purchase_price": 250e3}, "so it is that of one of them; of a server, name the server as hw"),
        ({**TEXT, "service_life": 48}, "service_life is 48: it is in years"),
        ({**TEXT, "layers": 32, "hidden": 409}, "layers and hidden do not give the stated number of params"),
        ({**IMAGES, "samples": 90, "epochs": 1.28e6}, "are samples and epochs the wrong way round?"),
        ({**IMAGES, "epochs": 1.28e5}, "epochs is 128000, more than any training makes"),
        ({**IMAGES, "accelerators": 512, "samples": 100}, "512 GPUs for 100 samples"),
        ({**IMAGES, "image_size": 22400}, "image_size is 22400: it is the side of an image in pixels"),
        ({**IMAGES, "frames": 1e6, "family": "video"}, "frames is 1e+06: it counts the frames of one clip"),
        ({**TEXT, "batch_tokens": 4096, "seq_len": 4096, "accelerators": 512}, "batch_tokens counts those of all GPUs"),
        ({"params": 1e8, "family": "speech", "audio_hours": 960, "frames_per_s": 16000, "hw": "a100"}, "audio has that many samples a second"),
        ({"samples": 1.28e6, "gmac_per_sample": 4.1e9, "family": "convolution", "hw": "v100"}, "is it in another unit?"),
        ({"params": 25.6e6, "samples": 1.28e6, "gmac_per_sample": 0.0041, "family": "convolution", "hw": "v100"}, "is it in another unit?"),
        ({"params": 25.6e6, "samples": 1.28e6, "gmac_per_sample": 4.1e6, "family": "convolution", "hw": "v100"}, "is it in another unit?"),
    ],
)
def test_an_unlikely_number_is_pointed_out_before_the_figures(stated, said):
    answer = estimate(**stated)
    assert [slip for slip in answer.slips if said in slip], answer.slips
    assert said in answer.warnings[0]


@pytest.mark.parametrize(
    "stated",
    [
        {**TEXT, "mfu": 0.55},
        {**TEXT, "accelerator_hours": 30_000},
        {**TEXT, "accelerator_hours": 1e5, "params": 1e7},  # small models reach little
        {**TEXT, "accelerators": 100_000},
        {**TEXT, "electricity_price": 0.4, "rent_price": 12, "purchase_price": 35e3, "service_life": 10},
        {**TEXT, "hw": "dgx-h100", "accelerators": None, "servers": 8, "purchase_price": 4e5},
        {**TEXT, "layers": 32, "hidden": 4096},
        {**TEXT, "batch_tokens": 4e6, "seq_len": 4096},
        {**TEXT, "batch_tokens": 4e6, "seq_len": 4096, "accelerators": 16384},
        IMAGES,
        {**IMAGES, "epochs": 1600, "family": "masked-autoencoder", "decoder_params": 8e6},
        {"params": 25.6e6, "samples": 1.28e6, "epochs": 90, "gmac_per_sample": 4.11, "family": "convolution", "hw": "v100", "accelerators": 8},
        {"params": 0.3e9, "decoder_params": 0.1e9, "audio_hours": 680e3, "frames_per_s": 50, "hw": "a100", "accelerators": 64},
        {**TEXT, "hw": "cs-3", "accelerators": 1, "purchase_price": 2.5e6},  # no price is known of such systems, which cost millions
        {**TEXT, "hw": "gtx-1080-ti", "purchase_price": 700},  # what it cost when it was new; $125 are left of it
        {**TEXT, "hw": "gtx-980", "purchase_price": 48},  # what is left of its price
        {**TEXT, "hw": "b200", "purchase_price": 120e3},
        {**TEXT, "purchase_price": "25k..40k", "electricity_price": "0.05..0.5"},
    ],
)
def test_a_usual_plan_has_no_slip(stated):
    assert estimate(**stated).slips == ()


def test_a_patch_that_does_not_divide_the_image_is_pointed_out():
    assert "image_size 224 is no multiple of patch_size 15: is one of them wrong?" in estimate(**{**IMAGES, "patch_size": 15}).warnings
    latent = {"params": 675e6, "samples": 1e6, "image_size": 250, "latent_factor": 8, "patch_size": 2, "hw": "a100"}
    assert any(warning.startswith("image_size 250 is no multiple of patch_size 2 × latent_factor 8") for warning in estimate(**latent).warnings)


@pytest.mark.parametrize(
    ("family", "model", "own", "data"),
    [
        ("vision", "llama-3-8b", "decoder", {"tokens": 1e9}),
        ("speech", "llama-3-8b", "decoder", {"tokens": 1e9}),
        ("decoder", "resnet-50", "convolution", {"samples": 1e6}),
        ("convolution", "vit-base", "vision", {"samples": 1e6}),
        ("speech", "vit-base", "vision", {"audio_hours": 100}),
        ("diffusion", "whisper-small", "speech", {"audio_hours": 100}),
        ("multimodal", "bert-base", "encoder", {"tokens": 1e9}),
        ("multimodal", "all-minilm-l6", "encoder", {"samples": 1e6}),
    ],
)
def test_a_family_that_the_model_cannot_be_is_refused(family, model, own, data):
    with pytest.raises(PlanError, match=f"family {family} contradicts the model {model}, whose family is {own}") as caught:
        estimate(family=family, model=model, hw="a100", **data)
    assert "leave out family" in caught.value.hint


@pytest.mark.parametrize(
    ("family", "model", "data"),
    [("multimodal", "llama-3-8b", {"tokens": 1e9}), ("multimodal", "flan-t5-xl", {"tokens": 1e9}), ("vision", "resnet-50", {"samples": 1e6})],
)
def test_a_family_that_the_model_may_be_is_taken(family, model, data):
    assert estimate(family=family, model=model, hw="a100", **data).median("compute_flop") > 1e15


def test_samples_of_a_model_of_speech_ask_for_hours_of_audio():
    with pytest.raises(PlanError, match="samples of whisper-small need hours of audio") as caught:
        estimate(model="whisper-small", samples=1e6, hw="a100")
    assert "give audio_hours" in caught.value.hint


@pytest.mark.parametrize("family", ["gnn", "recsys", "DLRM"])
def test_a_family_that_no_formula_counts_says_what_to_give(family):
    with pytest.raises(PlanError) as caught:
        estimate(family=family, params=1e8, tokens=1e9, hw="a100")
    assert "no formula counts its FLOP: leave out family, and give samples with seconds_per_sample" in caught.value.hint
    assert estimate(samples=1e6, seconds_per_sample=0.01, hw="a100").median("accelerator_hours_h") == pytest.approx(1e4 / 3600)


def test_few_steps_and_short_trainings_say_that_starting_is_left_out():
    few = {**TEXT, "tokens": 1e7, "batch_tokens": 4e6}
    assert "only 2.5 steps: starting, compiling and the first slow steps are not in the figures; give startup_hours" in estimate(**few).warnings
    short = "so short a run may spend as long on starting and compiling, which the figures leave out: give startup_hours"
    assert short in estimate(**few).warnings
    assert not any("startup_hours" in warning for warning in estimate(**few, startup_hours=0.1).warnings)
    assert not any("startup_hours" in warning for warning in estimate(**TEXT, batch_tokens=4e6).warnings)


SMALL = "no published run is of so small a language model"


@pytest.mark.parametrize(
    ("changed", "is_said"),
    [
        ({}, True),
        ({"family": "encoder"}, True),
        ({"tokens": None, "samples": 1e5, "seq_len": 512}, True),
        ({"params": None, "layers": 2, "hidden": 128}, True),
        ({"params": None, "layers": 4, "hidden": 512}, False),
        ({"params": "5e6..5e7"}, True),
        ({"params": "12e6..5e7"}, False),
        ({"params": 14e6}, False),
        ({"mfu": 0.01}, False),
        ({"hw": "cpu"}, False),
        ({"family": "convolution", "tokens": None, "samples": 1e6, "gmac_per_sample": 0.3}, False),
    ],
)
def test_a_language_model_smaller_than_any_published_one_is_pointed_out(changed, is_said):
    warnings = estimate(**{"params": 3.5e6, "tokens": 1e9, "hw": "rtx-4090", "accelerators": 1, **changed}).warnings
    assert any(warning.startswith(SMALL) for warning in warnings) == is_said


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"accelerator_hours": np.array([1e5, 1e8])}, "which no published run of so large a model has"),
        ({"accelerator_hours": 1e8, "params": np.array([1e9, 7e9])}, "which no published run of so large a model has"),
        ({"purchase_price": np.array([3e4, 3e5])}, "so it is that of one of them"),
        ({"rent_price": np.array([2.0, 250.0])}, "it is the rent of one GPU for an hour"),
        ({"accelerators": np.array([64.0, 1e7])}, "more than any cluster has"),
    ],
)
def test_one_unlikely_plan_of_many_is_enough(stated, said):
    assert any(said in slip for slip in estimate(**{**TEXT, **stated}).slips)


def test_small_models_of_many_are_pointed_out():
    answer = estimate(params=np.array([1e6, 7e9]), tokens=1e10, hw="h100", accelerators=8)
    assert any(warning.startswith(SMALL) for warning in answer.warnings)


def test_a_number_that_is_unlikely_twice_is_pointed_out_once():
    assert len(estimate(**TEXT, purchase_price=3e7).slips) == 1
    assert len(estimate(**{**TEXT, "hw": "cs-3"}, purchase_price=3e7).slips) == 1


@pytest.mark.parametrize(
    ("hw", "price", "said"),
    [
        ("h100", 30, "it is in dollars for one accelerator; is a suffix missing, as in 30k?"),
        ("dgx-h100", 30, "it is in dollars for one server; is a suffix missing, as in 300k"),
        ("a100-sxm4-80gb", 80e3, "so it is that of one of them"),  # eight times what is left of the price of one
        ("rtx-4090", 25e3, "so it is that of one of them"),
        ("mi350x", 250e3, "so it is that of one of them"),  # no price is known
    ],
)
def test_a_price_is_compared_with_that_of_what_hw_names(hw, price, said):
    assert [said in slip for slip in estimate(params=7e9, tokens=1e12, hw=hw, purchase_price=price).slips] == [True]


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"electricity_price": np.array([0.1, 12.0])}, "electricity_price is 12:"),
        ({"accelerators": np.array([8.0, 1.6e7])}, "1.6e+07 GPUs are more"),
        ({"accelerators": np.array([8.0, 4096.0]), "batch_tokens": 4096, "seq_len": 4096}, "4096 GPUs share a step of 1 × seq_len"),
        ({"accelerators": np.array([8.0, 4096.0]), "batch_tokens": np.array([4096.0, 8192.0]), "seq_len": 4096}, "4096 GPUs share a step of 2 × seq_len"),
        ({"mfu": np.array([0.4, 0.95])}, "mfu is 0.95, above"),
        ({"purchase_price": np.array([3e4, 3e5])}, "purchase_price is 300000:"),
        ({"teacher_params": np.array([70e9, 70.0])}, "teacher_params 70:"),
        ({"electricity_price": "0.1..5"}, "electricity_price is 5:"),
        ({"rent_price": "2..300"}, "rent_price is 300:"),
        ({"params": "700..7000", "tokens": 1e5}, "params below 1,000"),
    ],
)
def test_the_number_that_is_unlikely_is_shown_of_many_and_of_an_interval(stated, said):
    slips = estimate(**{**TEXT, **stated}).slips
    assert any(said in slip for slip in slips), slips


def test_the_step_that_is_short_and_the_image_with_a_rest_are_shown_of_many():
    few = estimate(**{**TEXT, "tokens": np.array([1e12, 1e7])}, batch_tokens=4e6)
    assert any(warning.startswith("only 2.5 steps:") for warning in few.warnings)
    rest = estimate(**{**IMAGES, "image_size": np.array([224.0, 230.0])})
    assert any(warning.startswith("image_size 230 is no multiple of patch_size 16:") for warning in rest.warnings)


def test_a_contradiction_of_one_of_many_is_shown_by_its_numbers():
    answer = estimate(**TEXT, flop=np.array([4.2e22, 4.2e25]))
    assert any(slip.startswith("flop is 4.2e+25, but params and tokens give 4.2e+22") for slip in answer.slips), answer.slips


def test_each_unlikely_price_is_pointed_out():
    assert len(estimate(**TEXT, purchase_price=250e3, electricity_price=12).slips) == 2
