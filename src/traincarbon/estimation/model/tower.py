"""A network of images named beside the family of multimodal models: what to give so that both it and the language model are counted."""

from typing import TYPE_CHECKING

from traincarbon.errors import PlanError

if TYPE_CHECKING:
    from traincarbon.estimation.model.config import ModelConfig
    from traincarbon.estimation.model.convolution import Convolution

_FORWARD, _TRAINED = 2e9, 6e9
"""FLOP of a multiply-add, in thousand millions: forward alone, and forward and backward."""


def gmac_of_image(config: "ModelConfig", params: float) -> float:
    """Return the multiply-adds of the forward pass of a vision transformer over an image of its usual size, in GMAC."""
    tokens = (config.image_size / config.patch_size) ** 2 + 1.0
    return (params * tokens + 2.0 * config.layers * config.hidden * tokens * tokens) / 1e9


def refusal(name: str, *, gmac: float, image_size: float) -> PlanError:
    """Return the error of a multimodal plan that names the encoder of images *name* as its model: one field cannot hold two models."""
    frozen, trained = gmac * _FORWARD, gmac * _TRAINED
    hint = (
        f"leave out model, and give params and samples of the language model with flop_per_sample: 6 x params x tokens of a sample, and for each image "
        f"of {image_size:g} px {frozen:.2g} FLOP where {name} is frozen, {trained:.2g} where it is trained"
    )
    return PlanError(f"the model {name} is the part of a multimodal model that sees images: nothing says what its language model is", hint=hint)


def refusal_of_network(network: "Convolution") -> PlanError:
    """Return the error of a multimodal plan that names a network of images, or one of images and text, of which it has the encoder of images alone."""
    if network.family != "contrastive" or network.text_gmac:
        return refusal(network.id, gmac=network.gmac - network.text_gmac, image_size=network.image_size)
    hint = "name that encoder, such as ViT-L/14@336px or vit_so400m_patch14_siglip_384, to see what to give for it"
    return PlanError(f"the model {network.id} has an encoder of text too, and a multimodal model has that of images alone", hint=hint)
