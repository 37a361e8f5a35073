"""Vision transformers."""

import json
from pathlib import Path

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import read_config, read_file
from traincarbon.estimation.model.size import size_of

DATA = Path(__file__).parent / "data"
LLAMA = json.loads((DATA / "llama-3.1-8b.json").read_text("utf-8"))


def test_a_patch_larger_than_its_image_is_refused():
    table = {"model_type": "vit", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "image_size": 8, "patch_size": 16}
    with pytest.raises(PlanError, match="a patch of 16 pixels is larger"):
        read_config(table)


def test_patches_and_classes_are_read():
    config = read_file(DATA / "vit-base.json").config
    assert (config.image_size, config.patch_size, config.channels) == (224, 16, 3)
    classifier = {
        **json.loads((DATA / "vit-base.json").read_text("utf-8")),
        "architectures": ["ViTForImageClassification"],
        "id2label": {"0": "a", "1": "b", "2": "c"},
    }
    assert read_config(classifier).config.classes == 3


def test_gated_blocks_have_three_matrices_of_two_thirds_of_the_width():
    giant = {"model_type": "dinov2", "hidden_size": 1536, "num_hidden_layers": 40, "num_attention_heads": 24, "image_size": 518, "patch_size": 14}
    plain, gated = (read_config({**giant, "use_swiglu_ffn": flag}).config for flag in (False, True))
    assert (plain.ffn, plain.ffn_matrices) == (6144, 2)
    assert (gated.ffn, gated.ffn_matrices) == (4096, 3)
    assert size_of(gated).params == 1136480768  # PyTorch Image Models, vit_giant_patch14_dinov2: 1136.48 M
    registers = read_config({**giant, "model_type": "dinov2_with_registers", "use_swiglu_ffn": True, "num_register_tokens": 4}).config
    assert size_of(registers).params == size_of(gated).params + 4 * 1536


def test_dinov3_learns_no_positions():
    small = {"model_type": "dinov3_vit", "hidden_size": 384, "num_hidden_layers": 12, "num_attention_heads": 6, "intermediate_size": 1536}
    of_sizes = [size_of(read_config({**small, "num_register_tokens": 4, "image_size": side, "patch_size": 16}).config).params for side in (224, 512)]
    assert of_sizes[0] == of_sizes[1] == pytest.approx(21.59e6, rel=1e-3)  # PyTorch Image Models, vit_small_patch16_dinov3
