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
    """

    name: str
    published_as: tuple[str, ...]
    training_flop: "Formula[..., Num]" = compute.training_flop
    is_one_stack: bool = False
    has_scaling_law: bool = False
    is_prompted: bool = False
    tokens_hint: str = ""


_PATCHES = (
    "a token of vision is a patch of an image, 197 an image in ViT-B/16, and convolutions do far more work than 6 × params × tokens: "
    "give samples and epochs with image_size and patch_size, or with gmac_per_sample"
)
_LATENTS = (
    "a token of diffusion is a patch of a latent image, and U-Nets do far more work than 6 × params × tokens: "
    "give samples and epochs with image_size and patch_size, or with gmac_per_sample"
)
_FRAMES = "a token of speech is a frame of the encoder, 25 to 50 a second: give audio_hours and epochs"

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("decoder", ("dense-lm", "moe-lm", "ssm"), is_one_stack=True, has_scaling_law=True, is_prompted=True),
        Family("encoder", ("encoder",), is_one_stack=True),
        Family("encoder-decoder", ("seq2seq",), compute.encoder_decoder_training_flop, is_prompted=True),
        Family("vision", ("vision",), tokens_hint=_PATCHES),
        Family("diffusion", ("diffusion",), tokens_hint=_LATENTS),
        Family("speech", ("speech",), tokens_hint=_FRAMES),
        Family("multimodal", ("multimodal",)),
    )
}
"""Every family by its name in a plan."""
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
