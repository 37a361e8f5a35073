"""Names of vision transformers with their patch and image size, as papers, PyTorch Image Models, torchvision and Hugging Face write them."""

import re
from typing import NamedTuple

_SIZES = {"ti": "tiny", "t": "tiny", "s": "small", "b": "base", "l": "large", "h": "huge", "g": "giant", "G": "gigantic", "bigG": "gigantic"}
_NAME = re.compile(
    r"(?:deit-?3|deit|dinov2|dino|mae|vit-mae|vit)-?(?P<size>(?i:tiny|small|base|large|huge|giant|gigantic)|bigG|[Tt]i|[TtSsBbLlHhgG])"
    r"(?:-distilled)?(?:-?(?:patch)?(?P<patch>8|14|16|32))?(?P<rest>(?:-(?:augreg|in1k|in21k|in22k|gap|clip|quickgelu|mae|dino|dinov2|lvd142m|distilled))*)"
    r"(?:[-@](?P<image>[1-9][0-9]{2,3})(?:px)?)?(?:-(?:augreg|in1k|in21k|in22k))*"
)
_REGISTERS = re.compile(r"-(?:reg4?|with-registers)(?=-|$)")
"""Registers of DINOv2: four tokens beside those of the image, which are not counted."""
_DINOV3 = re.compile(
    r"(?:dinov3-)?(?:vit-?)?(?P<size>7b|small|base|large|huge|[sblh])-?(?P<plus>plus)?(?:-?(?:patch)?16)?-?(?P<after>plus)?(?:-dinov3)?(?:-qkvb)?"
    r"(?:-(?:pretrain|lvd1689m|sat493m))*"
)
_WEIGHTS = re.compile(r"\.[a-z].*$")
"""The weights in a name of PyTorch Image Models, such as ``.augreg_in21k_ft_in1k``."""
_DINOV2 = (14, 518)
"""Patch and image size of DINOv2, as its configurations state them."""
_DINOV3_SIZES = (16, 256)
"""Patch and image size of DINOv3: its large crops (dinov3/configs/train/dinov3_vit7b16_pretrain.yaml)."""
_OF_DINOV3 = {
    "7b": "dinov3-7b",
    "huge": "dinov3-huge-plus",
    "small-plus": "dinov3-small-plus",
    "large-plus": "dinov3-large-plus",
    "huge-plus": "dinov3-huge-plus",
}
"""Shapes that only DINOv3 has."""


class VisionName(NamedTuple):
    """What the name of a vision transformer says.

    Attributes:
        id: The id of the model of its shape.
        patch_size: Side of a patch, None where the name does not say it. [px]
        image_size: Side of an image, None where the name does not say it. [px]
    """

    id: str
    patch_size: int | None
    image_size: int | None


def vision_name(text: str) -> VisionName | None:
    """Return what the name of a vision transformer says, None of a *text* that is none.

    A lower-case ``g`` is the giant of 1.0e9 parameters, a capital one that of 1.8e9. The giant of DINOv2 has a shape of its own.

    Example:
        >>> vision_name("vit_base_patch16_384"), vision_name("ViT-L/14@336px"), vision_name("swin_tiny")
        (VisionName(id='vit-base', patch_size=16, image_size=384), VisionName(id='vit-large', patch_size=14, image_size=336), None)
    """
    plain = re.sub(
        r"[\s_/.]+", "-", _WEIGHTS.sub("", text.strip()).removeprefix("timm/").removeprefix("google/").removeprefix("facebook/").removeprefix("WinKawaks/")
    )
    plain = re.sub(r"^(?=[A-Za-z])(?:ViT|VIT|DeiT|DINOv2|DINO|MAE)", lambda match: match[0].lower(), plain)
    if "dinov3" in plain.lower():
        return _dinov3_name(plain.lower())
    plain = _REGISTERS.sub("", re.sub(r"^(dinov2|dino)-vit", r"\1-", plain))
    found = _NAME.fullmatch(plain)
    if found is None:
        return None
    size = found["size"] if found["size"] in _SIZES else found["size"].lower()
    size = _SIZES.get(size, size)
    is_dinov2 = "dinov2" in plain
    patch, image = (int(found[name]) if found[name] else None for name in ("patch", "image"))
    if is_dinov2:
        patch, image = patch or _DINOV2[0], image or _DINOV2[1]
    return VisionName("dinov2-giant" if is_dinov2 and size == "giant" else f"vit-{size}", patch, image)


def _dinov3_name(plain: str) -> VisionName | None:
    found = _DINOV3.fullmatch(plain)
    if found is None:
        return None
    size = _SIZES.get(found["size"], found["size"]) + ("-plus" if found["plus"] or found["after"] else "")
    return VisionName(_OF_DINOV3.get(size, f"vit-{size}"), *_DINOV3_SIZES)
