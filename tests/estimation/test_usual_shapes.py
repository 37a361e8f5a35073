"""Usual shapes of transformers of images and of text, beside those that were published."""

import pytest

from traincarbon.estimation.model.architectures import ARCHITECTURES
from traincarbon.estimation.model.named import reading_of
from traincarbon.estimation.model.size import size_of
from traincarbon.estimation.usual_shapes import layers_of, looked_up_params, seen_params, usual_depth, usual_text_width, usual_width, width_of

PUBLISHED = {
    "ViT-Ti": (5.7e6, 192, 0.05),
    "ViT-S": (22e6, 384, 0.05),
    "ViT-B": (86e6, 768, 0.05),
    "ViT-L": (304e6, 1024, 0.05),
    "ViT-H": (632e6, 1280, 0.05),
    "ViT-g": (1012e6, 1408, 0.05),
    "ViT-G": (1843e6, 1664, 0.05),
    "InternViT-6B": (5.9e9, 3200, 0.35),
    "CogVideoX-5B": (5.6e9, 3072, 0.35),
    "FLUX.1": (11.9e9, 3072, 0.35),
    "Wan2.1-14B": (14.3e9, 5120, 0.35),
    "ViT-22B": (21.7e9, 6144, 0.35),
    "Movie Gen 30B": (30e9, 6144, 0.35),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_usual_width_is_near_the_published_one(name):
    params, width, apart = PUBLISHED[name]
    usual = usual_width(params)
    assert usual.median == pytest.approx(width, rel=apart)
    low, high = usual.interval(0.9)
    assert low < width < high


def test_the_usual_width_is_continuous_and_of_arrays_that_of_each():
    np = pytest.importorskip("numpy")
    for params in (86e6, 1.843e9):
        assert usual_width(params * 1.0001).median == pytest.approx(usual_width(params).median, rel=1e-2)
    many = np.array([5.7e6, 304e6, 14e9])
    assert usual_width(many).median == pytest.approx([usual_width(each).median for each in many.tolist()])


def test_width_and_layers_give_the_parameters_back():
    assert 12 * layers_of(86e6, 768.0) * 768**2 == pytest.approx(86e6)
    assert width_of(12 * 12 * 768**2, 12.0) == pytest.approx(768)


@pytest.mark.parametrize(
    ("params", "layers", "hidden", "per_layer"),
    [
        (675e6, 28, 1152, 12),  # DiT-XL/2: a third makes adaptive norms
        (2.03e9, 24, 1536, 12),  # Stable Diffusion 3 medium: two streams
        (611e6, 28, 1152, 611e6 / (28 * 1152**2) - 2),  # PixArt: keys and values of cross-attention see text
        (287e6, 21, 1024, 287e6 / (21 * 1024**2)),  # U-ViT-L: all see each token
    ],
)
def test_what_a_token_passes_through_follows_from_the_shape(params, layers, hidden, per_layer):
    assert seen_params(params, layers=layers, hidden=hidden) == pytest.approx(per_layer * layers * hidden**2)


@pytest.mark.parametrize(("params", "width"), [(63.43e6, 512), (123.65e6, 768)])
def test_the_table_of_words_is_that_of_clip(params, width):
    assert looked_up_params(params, vocab=49408.0) == pytest.approx(49408 * width, rel=0.02)


def test_nine_of_ten_known_models_of_text_are_near_the_usual_shape(shipped):
    errors = []
    for product in shipped.products("models"):
        config, _ = reading_of(product)
        if ARCHITECTURES[config.architecture].family not in ("decoder", "encoder") or config.experts or config.mixer_layers:
            continue
        params, layers = float(size_of(config).params), usual_depth(float(size_of(config).params))
        usual = layers * usual_text_width(params, layers=layers)
        low, high = usual.interval(0.9)
        errors.append(low < config.layers * config.heads * config.head_dim < high)
    assert len(errors) > 80
    assert 0.85 < sum(errors) / len(errors) < 0.95


def test_the_usual_depth_and_width_have_the_parameters():
    layers = usual_depth(7e9)
    width = usual_text_width(7e9, layers=layers)
    assert 12 * layers * width.median**2 == pytest.approx(7e9)
    assert width.median == pytest.approx(128 * layers)


def test_a_mixture_of_experts_has_wider_attention_and_is_less_certain():
    dense, mixed = (usual_text_width(37e9, layers=61.0, whole=whole) for whole in (37e9, 671e9))
    low, high = mixed.interval(0.9)
    assert low < 20480 < high  # DeepSeek-V3: 128 heads of 192 for scores and 128 for values
    assert mixed.median > dense.median
    assert mixed.sigma > dense.sigma
