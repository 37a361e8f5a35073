"""Vision transformers."""

import json
from pathlib import Path

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.model.huggingface import read_config, read_file

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
