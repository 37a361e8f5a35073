"""The configurations of vision transformers."""

from collections.abc import Mapping

from traincarbon.errors import PlanError
from traincarbon.estimation.model.architectures import Architecture
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.keys import ConfigKeys, head_width


def vision_config(keys: ConfigKeys, kind: str, common: Architecture) -> ModelConfig:
    """Return the configuration of a vision transformer.

    Raises:
        PlanError: a key that is needed is missing, or a value is of the wrong kind or impossible.
    """
    hidden, heads = keys.count("hidden_size"), keys.count("num_attention_heads")
    layers = keys.count("num_hidden_layers")
    image, patch = keys.count("image_size"), keys.count("patch_size")
    if patch > image:
        raise PlanError(f"{keys.where}: a patch of {patch} pixels is larger than the image of {image}", hint="is patch_size or image_size wrong?")
    labels = keys.table.get("id2label")
    is_classifier = "ImageClassification" in keys.class_name()
    tokens = {"vit": 1, "deit": 2, "dinov2": 1, "clip_vision_model": 1}.get(kind, 0)
    return ModelConfig(
        architecture=kind,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=head_width(keys, hidden, heads),
        value_dim=head_width(keys, hidden, heads),
        ffn=keys.count("intermediate_size", default=hidden * keys.count("mlp_ratio", default=4)),
        query_bias=keys.flag("qkv_bias", default=True),
        output_bias=True,
        ffn_bias=True,
        extra_params=(2 * tokens + (kind == "dinov2")) * hidden - hidden * (kind == "clip_vision_model"),
        extra_layer_params=2 * hidden if kind == "dinov2" else 0,
        head="classes" if is_classifier else "pooler" if keys.class_name() in ("ViTModel", "DeiTModel") else "",
        classes=len(labels) if is_classifier and isinstance(labels, Mapping) else 2 if is_classifier else 0,
        image_size=image,
        patch_size=patch,
        channels=keys.count("num_channels", default=3),
        norms=common.norms,
        final_norms=common.final_norms,
    )
