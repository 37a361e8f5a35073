"""The families of models and the kinds of training: how their FLOP are counted, what is known of them, and their names in published runs and priors."""

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
        medium: What it computes on where that is not text: images or sound, which are loaded while it trains.
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
    medium: str = ""

    @property
    def prior(self) -> str:
        """What priors of utilisation call it."""
        return self.prior_of or self.published_as[0]

    @property
    def passed_share(self) -> float:
        """Share of its parameters that a token passes through: half of two stacks of one size."""
        if self.training_flop is compute.training_flop:  # most are, and every tuning asks
            return 1.0
        return float(self.training_flop(active_params=1.0, tokens=1.0)) / float(compute.training_flop(active_params=1.0, tokens=1.0))


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
IMAGE, SOUND = "image", "sound"
ENCODER = "encoder"
MULTIMODAL = "multimodal"
SEPARABLE = "separable-convolution"
"""Networks of depthwise convolutions, such as EfficientNet and MobileNet: few multiply-adds for each value that they move."""
CONVOLUTIONS = ("convolution", SEPARABLE)
SELF_DISTILLATION = "self-distillation"
"""Networks that learn from a running mean of themselves, such as DINO: many crops come of one image, and some leave blocks out at random."""

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("decoder", ("dense-lm", "moe-lm", "ssm"), is_one_stack=True, has_scaling_law=True, is_prompted=True),
        Family(ENCODER, (ENCODER,), is_one_stack=True),
        Family("encoder-decoder", ("seq2seq",), compute.encoder_decoder_training_flop, is_prompted=True),
        Family("vision", ("vision",), tokens_hint=_PATCHES, medium=IMAGE),
        Family("convolution", ("convolution",), needs=_GMAC, medium=IMAGE),
        Family(SEPARABLE, (SEPARABLE,), needs=_GMAC.replace("resnet-50", "efficientnet-b0"), medium=IMAGE),
        Family(
            "contrastive",
            ("contrastive",),
            prior_of="vision",
            needs=f"{_IMAGES}, and text_params with text_tokens (77 in CLIP)",
            is_by_sample=True,
            medium=IMAGE,
        ),
        Family(
            "masked-autoencoder",
            ("masked-autoencoder",),
            prior_of="vision",
            needs=f"{_IMAGES}, decoder_params and mask_ratio",
            is_by_sample=True,
            medium=IMAGE,
        ),
        Family(
            SELF_DISTILLATION,
            (SELF_DISTILLATION,),
            needs=f"{_IMAGES}, and the crops if they are not two large and eight small ones",
            is_by_sample=True,
            medium=IMAGE,
        ),
        Family(
            "video",
            ("video",),
            prior_of="vision",
            needs=f"{_IMAGES}, frames, and frames_per_token, or gmac_per_sample",
            is_by_sample=True,
            medium=IMAGE,
        ),
        Family("diffusion", ("diffusion",), tokens_hint=_LATENTS, medium=IMAGE),
        Family("speech", ("speech",), tokens_hint=_FRAMES, medium=SOUND),
        Family(MULTIMODAL, (MULTIMODAL,)),
        Family("protein", ("protein",), prior_of="other", needs=_MEASURED),
        Family("weather", ("weather",), prior_of="other", needs=_MEASURED),
    )
}
"""Every family by its name in a plan."""
OWN_FIELDS = {
    "mask_ratio": "masked-autoencoder",
    "text_params": "contrastive",
    "global_crops": SELF_DISTILLATION,
    "local_crops": SELF_DISTILLATION,
    "local_size": SELF_DISTILLATION,
    "frames": "video",
    "latent_factor": "diffusion",
    "frozen_gmac_per_sample": "diffusion",
    "decoder_params": "speech",
}
"""Fields of a plan that say how a sample is computed, and the family that they imply where the plan states none."""


class Kind(NamedTuple):
    """A kind of training.

    Attributes:
        prior: What priors of utilisation call it.
        doing: What a sentence calls it.
        noun: What a warning calls it.
        is_adapter: Whether adapters alone are trained, on frozen weights.
        is_quantised: Whether the frozen weights are held at four bits.
        has_reference: Whether a frozen copy of the model sees every token too.
        has_rollouts: Whether the model generates text to learn from.
    """

    prior: str
    doing: str
    noun: str
    is_adapter: bool = False
    is_quantised: bool = False
    has_reference: bool = False
    has_rollouts: bool = False


KINDS: dict[str, Kind] = {
    "pretrain": Kind("pretrain", "Training", "training"),
    "finetune": Kind("finetune", "Fine-tuning", "fine-tuning"),
    "lora": Kind("lora", "Fine-tuning adapters of", "fine-tuning of adapters", is_adapter=True),
    "qlora": Kind("lora", "Fine-tuning adapters of quantised", "fine-tuning of adapters", is_adapter=True, is_quantised=True),
    "dpo": Kind("finetune", "Preference tuning of", "fine-tuning", has_reference=True),
    "rl": Kind("finetune", "Reinforcement learning of", "fine-tuning", has_reference=True, has_rollouts=True),
}
"""Every kind of training by its name in a plan."""
USUAL = FAMILIES["decoder"]
"""The family of a plan that states none, and of a published run whose family is unknown."""
MOE = "moe-lm"
"""What published runs and priors call a mixture of experts."""


_WORDS = {"moe": MOE, "mixture of experts": MOE, "mixture-of-experts": MOE, "mamba": "ssm", "state space": "ssm", "state-space": "ssm"}
"""Usual words for families that published runs tell apart and plans do not."""


def family_of(name: str | None) -> Family:
    """Return the family that a plan calls *name*.

    Example:
        >>> family_of(None).name, family_of("encoder-decoder").published_as
        ('decoder', ('seq2seq',))
    """
    return USUAL if name is None else FAMILIES[name]


def contradicts(stated: str | None, own: str) -> bool:
    """Say whether a plan that *stated* a family means another medium than a model of the family *own* has, or a convolution by a transformer.

    An encoder of text is no multimodal model: those write text, with a decoder or an encoder-decoder.

    Example:
        >>> contradicts("vision", "decoder"), contradicts("contrastive", "vision"), contradicts("convolution", "vision"), contradicts(None, "vision")
        (True, False, True, False)
    """
    if stated is None or stated == own:
        return False
    if stated == MULTIMODAL and own == ENCODER:
        return True
    return FAMILIES[stated].medium != FAMILIES[own].medium or (stated in CONVOLUTIONS and own not in CONVOLUTIONS)


def kind_of(name: str | None) -> Kind:
    """Return the kind of training that a plan calls *name*.

    Example:
        >>> kind_of(None).prior, kind_of("qlora").prior, kind_of("dpo").prior
        ('pretrain', 'lora', 'finetune')
    """
    return KINDS["pretrain" if name is None else name]


def published_name(name: str) -> str:
    """Return what published runs call the family *name*, which may be that of a plan or a usual word for it; empty where no family is meant.

    Example:
        >>> [published_name(name) for name in ("seq2seq", "encoder-decoder", "LLM", "MoE", "graph network")]
        ['seq2seq', 'seq2seq', 'dense-lm', 'moe-lm', '']
    """
    word = name.strip().lower()
    word = _WORDS.get(word, word)
    if any(word in family.published_as for family in FAMILIES.values()):
        return word
    from traincarbon.suggestions import choice_meant  # only who has a name of another kind pays for it

    known = FAMILIES.get(word) or FAMILIES.get(choice_meant(word, list(FAMILIES))[0])
    return "" if known is None else known.published_as[0]


def published_family(name: str) -> Family:
    """Return the family that published runs call *name*.

    Example:
        >>> published_family("seq2seq").name, published_family("never seen").name
        ('encoder-decoder', 'decoder')
    """
    return next((family for family in FAMILIES.values() if name in family.published_as), USUAL)
