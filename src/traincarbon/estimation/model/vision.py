"""The configurations of vision transformers."""

from collections.abc import Mapping

from traincarbon.errors import PlanError
from traincarbon.estimation.model.architectures import Architecture
from traincarbon.estimation.model.config import ModelConfig
from traincarbon.estimation.model.keys import ConfigKeys, head_width

_SWIGLU_ALIGNED = 8
"""What the width of gated blocks of DINOv2 is a multiple of."""


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
    is_gated = keys.flag("use_swiglu_ffn", "use_gated_mlp", default=False)
    ffn = hidden * keys.count("mlp_ratio", default=4)
    if is_gated and kind != "dinov3_vit":
        ffn = -(-(ffn * 2 // 3) // _SWIGLU_ALIGNED) * _SWIGLU_ALIGNED  # three matrices of two thirds of the width
    return ModelConfig(
        architecture=kind,
        layers=layers,
        hidden=hidden,
        heads=heads,
        kv_heads=heads,
        head_dim=head_width(keys, hidden, heads),
        value_dim=head_width(keys, hidden, heads),
        ffn=keys.count("intermediate_size", default=ffn),
        ffn_matrices=3 if is_gated else 2,
        query_bias=keys.flag("qkv_bias", default=True),
        output_bias=True,
        ffn_bias=True,
        extra_params=_vectors(keys, kind, patches=(image // patch) ** 2) * hidden,
        extra_layer_params=2 * hidden if kind.startswith("dino") else 0,
        head="classes" if is_classifier else "pooler" if keys.class_name() in ("ViTModel", "DeiTModel") else "",
        classes=len(labels) if is_classifier and isinstance(labels, Mapping) else 2 if is_classifier else 0,
        image_size=image,
        patch_size=patch,
        channels=keys.count("num_channels", default=3),
        norms=common.norms,
        final_norms=common.final_norms,
    )


def _vectors(keys: ConfigKeys, kind: str, *, patches: int) -> int:
    """Return the vectors beside the positions of the patches: class tokens with theirs, a mask, registers; DINOv3 learns no positions."""
    if kind == "clip_vision_model":
        return 1  # two of a class token; no bias after the patches
    if kind == "dinov3_vit":
        return 2 + keys.count("num_register_tokens", default=4, least=0) - patches
    vectors = {"vit": 2, "deit": 4, "dinov2": 3, "dinov2_with_registers": 3}.get(kind, 0)
    return vectors + (keys.count("num_register_tokens", default=4, least=0) if kind == "dinov2_with_registers" else 0)
