"""The families of models: how their FLOP are counted, what is known of them, and their names in published runs and priors."""

from typing import TYPE_CHECKING, NamedTuple

from traincarbon.formulas import compute

if TYPE_CHECKING:
    from traincarbon.formulas.equation import Formula
    from traincarbon.uncertain import Num


class Family(NamedTuple):
    """A family of models.

    Attributes:
        name: Its name in a plan.
        published_as: Its names in published runs; the first is that of its prior.
        training_flop: The FLOP of training, from active parameters and tokens.
        is_one_stack: Whether it is one stack of transformer layers: FLOP are counted from its shape, and layouts are searched.
        has_scaling_law: Whether a scaling law of loss over parameters and tokens is known.
        is_prompted: Whether a trained model answers without training, from a prompt.
        tokens_hint: What a token is if not one of text, and how to state the data instead.
        prior_of: The name in priors of the family whose utilisation it shares, where it has no published runs of its own.
        needs: What a plan has to state instead where FLOP do not follow from parameters and tokens; empty where they do.
        is_by_sample: Whether parts of the model see different tokens, so that FLOP are counted by sample.
    """

    name: str
    published_as: tuple[str, ...]
    training_flop: "Formula[..., Num]" = compute.training_flop
    is_one_stack: bool = False
    has_scaling_law: bool = False
    is_prompted: bool = False
    tokens_hint: str = ""
    prior_of: str = ""
    needs: str = ""
    is_by_sample: bool = False

    @property
    def prior(self) -> str:
        """What priors of utilisation call it."""
        return self.prior_of or self.published_as[0]


_PATCHES = (
    "a token of vision is a patch of an image, 197 an image in ViT-B/16, and convolutions do far more work than 6 × params × tokens: "
    "give samples and epochs with image_size and patch_size, or with gmac_per_sample"
)
_LATENTS = (
    "a token of diffusion is a patch of a latent image, and U-Nets do far more work than 6 × params × tokens: "
    "give samples and epochs with image_size and patch_size, or with gmac_per_sample"
)
_FRAMES = "a token of speech is a frame of the encoder, 25 to 50 a second: give audio_hours and epochs"
_GMAC = "give samples, epochs and gmac_per_sample, or model, such as resnet-50"
_IMAGES = "give samples, epochs, image_size and patch_size"
_MEASURED = "give samples, epochs and seconds_per_sample (GPU-seconds that you measured for one), or flop, or flop_per_sample"

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("decoder", ("dense-lm", "moe-lm", "ssm"), is_one_stack=True, has_scaling_law=True, is_prompted=True),
        Family("encoder", ("encoder",), is_one_stack=True),
        Family("encoder-decoder", ("seq2seq",), compute.encoder_decoder_training_flop, is_prompted=True),
        Family("vision", ("vision",), tokens_hint=_PATCHES),
        Family("convolution", ("convolution",), prior_of="vision", needs=_GMAC),
        Family("contrastive", ("contrastive",), prior_of="vision", needs=f"{_IMAGES}, and text_params with text_tokens (77 in CLIP)", is_by_sample=True),
        Family("masked-autoencoder", ("masked-autoencoder",), prior_of="vision", needs=f"{_IMAGES}, decoder_params and mask_ratio", is_by_sample=True),
        Family(
            "self-distillation",
            ("self-distillation",),
            prior_of="vision",
            needs=f"{_IMAGES}, and the crops if they are not two large and eight small ones",
            is_by_sample=True,
        ),
        Family("video", ("video",), prior_of="vision", needs=f"{_IMAGES}, frames, and frames_per_token, or gmac_per_sample", is_by_sample=True),
        Family("diffusion", ("diffusion",), tokens_hint=_LATENTS),
        Family("speech", ("speech",), tokens_hint=_FRAMES),
        Family("multimodal", ("multimodal",)),
        Family("protein", ("protein",), prior_of="other", needs=_MEASURED),
        Family("weather", ("weather",), prior_of="other", needs=_MEASURED),
    )
}
"""Every family by its name in a plan."""
OWN_FIELDS = {
    "mask_ratio": "masked-autoencoder",
    "text_params": "contrastive",
    "global_crops": "self-distillation",
    "local_crops": "self-distillation",
    "local_size": "self-distillation",
    "frames": "video",
    "latent_factor": "diffusion",
    "frozen_gmac_per_sample": "diffusion",
    "decoder_params": "speech",
}
"""Fields of a plan that say how a sample is computed, and the family that they imply where the plan states none."""
USUAL = FAMILIES["decoder"]
"""The family of a plan that states none, and of a published run whose family is unknown."""
MOE = "moe-lm"
"""What published runs and priors call a mixture of experts."""


def family_of(name: str | None) -> Family:
    """Return the family that a plan calls *name*.

    Example:
        >>> family_of(None).name, family_of("encoder-decoder").published_as
        ('decoder', ('seq2seq',))
    """
    return USUAL if name is None else FAMILIES[name]


def published_family(name: str) -> Family:
    """Return the family that published runs call *name*.

    Example:
        >>> published_family("seq2seq").name, published_family("never seen").name
        ('encoder-decoder', 'decoder')
    """
    return next((family for family in FAMILIES.values() if name in family.published_as), USUAL)
