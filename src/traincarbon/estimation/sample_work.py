"""FLOP of a sample of images, video or audio: which parts of the model see which tokens, by family.

A plan that states images or audio alone never imports this module; it is imported where a model has parts, crops, latents or frames.
"""

from typing import TYPE_CHECKING, NamedTuple

from traincarbon.errors import PlanError
from traincarbon.estimation import sample_links
from traincarbon.estimation.families import FAMILIES, OWN_FIELDS, kind_of
from traincarbon.estimation.frozen_parts import multiplied_share
from traincarbon.estimation.links import IMAGE_TOKENS
from traincarbon.estimation.usual_shapes import (
    SEEN_SHARE,
    layers_of,
    looked_up_params,
    masked_decoder_layers,
    masked_decoder_width,
    seen_params,
    usual_width,
    width_of,
)
from traincarbon.estimation.walk import Assumption, ComputedLink, Link, walk
from traincarbon.estimation.work import LORA_SHARE, trains_adapters
from traincarbon.uncertain import Num, Uncertain, any_of, median_of

if TYPE_CHECKING:
    from traincarbon.estimation.plan import Plan

CLIP_VOCAB = 49408.0
"""Vocabulary of the text encoder of CLIP (Radford et al. 2021, section 2.4: byte pairs, 49,152 and what they consist of)."""
CLIP_TEXT_TOKENS = 77.0
"""Context of the text encoder of CLIP (Radford et al. 2021, section 2.4: 76 tokens at most, and one that ends them)."""
TEXT_TOKENS_PER_S = (2.5, 5.0)
"""Tokens of text in a second of speech: 120 to 180 words a minute, 1.3 to 1.7 tokens a word. [1/s]"""
MASK_RATIO = 0.75
"""Share of the patches that He et al. 2021 mask."""
CROPS = {"global_crops": 2.0, "local_crops": 8.0, "local_size": 96.0}
"""Crops of an image in Caron et al. 2021, section 3.1."""
FRAMES_PER_TOKEN, LATENT_FRAMES_PER_TOKEN = 2.0, 4.0
"""Frames of a tubelet in VideoMAE and ViViT, and of a latent frame in CogVideoX, HunyuanVideo and Wan."""
_CHANNELS = 3.0
"""Values of a pixel."""
_IMAGE = ("image_size", "patch_size")


class Recipe(NamedTuple):
    """How the FLOP of a sample are counted in a family.

    Attributes:
        link: The formula.
        needed: Fields that a plan has to state, besides samples or hours of audio.
        main: What the part that sees the tokens of a sample is called.
        other: What the other part is called; empty where there is none.
        other_params: The value with the parameters of the other part.
        other_tokens: The values whose product is the tokens of the other part.
        other_factor: FLOP of a parameter and token in the other part: 6, or 2 where it runs forward only.
    """

    link: Link
    needed: tuple[str, ...] = ("params", *_IMAGE)
    main: str = "model"
    other: str = ""
    other_params: str = ""
    other_tokens: tuple[str, ...] = ()
    other_factor: float = 6.0


RECIPES: dict[str, Recipe] = {
    "vision": Recipe(sample_links.BY_TOKENS),
    "diffusion": Recipe(sample_links.BY_TOKENS),
    "video": Recipe(sample_links.BY_TOKENS, ("params", *_IMAGE, "frames")),
    "masked-autoencoder": Recipe(sample_links.MASKED, ("params", *_IMAGE, "decoder_params"), "encoder", "decoder", "decoder_params", ("tokens_per_sample",)),
    "self-distillation": Recipe(
        sample_links.DISTILLED, main="student", other="teacher", other_params="params", other_tokens=("global_crops", "tokens_per_sample"), other_factor=2.0
    ),
    "contrastive": Recipe(sample_links.TOWERS, ("params", *_IMAGE, "text_params"), "images", "text", "text_params", ("text_tokens",)),
    "speech": Recipe(sample_links.SPOKEN, ("params", "audio_hours", "decoder_params"), "encoder", "decoder", "decoder_params", ("text_tokens",)),
}
"""Families whose samples have FLOP of their own, and how these are counted."""
_SHARED = {
    "video": ("latent_factor", "frozen_gmac_per_sample"),
    "masked-autoencoder": ("decoder_params", "frames"),
    "contrastive": ("frozen_gmac_per_sample", "frames"),
    "diffusion": ("frames",),
    "vision": ("frozen_gmac_per_sample",),
}
"""Fields of other families that a family may have too."""


_OF_TEXT = ("padding", "evaluation_tokens", "generated_tokens", "generation_ratio")
"""Fields about text that no sample of images or audio has."""
_GENERATIVE = ("diffusion", "video")
"""Families of which a transformer may see text beside an image, in one sequence."""


class SampleWork:
    """The FLOP of a sample of one plan.

    Attributes:
        family: The family, stated or implied.
        parts: The FLOP of a sample by part.
        links: The links that computed them.
        assumed: What was assumed.
    """

    def __init__(self, plan: "Plan", values: dict[str, Num | None]) -> None:
        self.plan = plan
        self.values = values
        self.assumed: list[Assumption] = []
        self.links: list[ComputedLink] = []
        self.parts: dict[str, Num] = {}
        self.family = plan.family or self._implied_family()

    def count(self) -> None:
        """Compute the FLOP of a sample.

        Raises:
            PlanError: the plan lacks a field, or has one of another family.
        """
        recipe = self._check()
        self._assume_rest()
        self._leave_out_tables()
        self._assume_seen(recipe)
        self._count_tokens()
        if trains_adapters(self.plan):
            self._count_adapters(recipe)
        else:
            self._walk(sample_links.LOCAL_TOKENS, recipe.link)
            self.parts[recipe.main] = self._value("flop_per_sample")
        if recipe.other:
            other: Num = recipe.other_factor * self._value(recipe.other_params)
            for name in recipe.other_tokens:
                other = other * self._value(name)
            self.parts[recipe.other] = other
            self.parts[recipe.main] = self.parts[recipe.main] - other
        self._add_attention(recipe)
        self._add_reference(recipe)
        self._add("teacher", sample_links.TEACHER)
        self._add("frozen", sample_links.FROZEN_ENCODERS)
        self._freeze(recipe)

    def _count_adapters(self, recipe: Recipe) -> None:
        """Count adapters on frozen weights, which take no gradients of their own."""
        if recipe.link is not sample_links.BY_TOKENS:
            raise PlanError(
                f"kind {self.plan.kind} is not known to {self.family}", hint="give flop_per_sample, and count 4 FLOP for each frozen parameter and token"
            )
        frozen = self._value("params" if self.values.get("active_params") is None else "active_params")
        self._default("trainable_params", LORA_SHARE * frozen, "not stated: adapters of 1 % of the model")
        self._walk(sample_links.BY_ADAPTERS)
        self.parts["frozen"] = 4.0 * frozen * self._value("tokens_per_sample")
        self.parts["adapters"] = self._value("flop_per_sample") - self.parts["frozen"]

    def _add_attention(self, recipe: Recipe) -> None:
        """Add the attention scores; a transformer of images has a usual shape where the plan does not state it."""
        if recipe.link is sample_links.SPOKEN:
            self._add("attention", sample_links.WINDOWED_ATTENTION)
            return
        self._assume_shape(recipe)
        if recipe.link in (sample_links.BY_TOKENS, sample_links.TOWERS):
            self._add("attention", sample_links.ATTENTION)
        else:
            self._walk(sample_links.MASKED_PAIRS if recipe.link is sample_links.MASKED else sample_links.DISTILLED_PAIRS)
            self._add("attention", sample_links.PAIRED_ATTENTION)
        if recipe.link is sample_links.MASKED:
            self._assume_decoder_shape()
            self._add("decoder_attention", sample_links.DECODER_ATTENTION)

    def _add_reference(self, recipe: Recipe) -> None:
        """Add the forward pass of the frozen model that preference tuning compares with."""
        kind = kind_of(self.plan.kind)
        if not kind.has_reference:
            return
        if kind.has_rollouts or recipe.link is not sample_links.BY_TOKENS:
            raise PlanError(f"kind {self.plan.kind} is not known to {self.family}", hint="give flop_per_sample, and count what is generated and compared in it")
        seen = self._value("params" if self.values.get("active_params") is None else "active_params")
        self._default("reference_params", seen, "not stated: a frozen copy of the model; 0 if computed beforehand")
        if any_of(median_of(self._value("reference_params")) > 0.0):
            self._add("reference", sample_links.REFERENCE)

    def _assume_shape(self, recipe: Recipe) -> None:
        """Take the usual width and depth of a transformer of so many parameters where the plan does not state them."""
        hidden, layers = self.values.get("hidden"), self.values.get("layers")
        params = self._value("params" if self.values.get("active_params") is None else "active_params")
        if recipe.link in (sample_links.TOWERS, sample_links.MASKED):
            params = params - self._value(recipe.other_params)
        if hidden is None:
            hidden = usual_width(params) if layers is None else width_of(params, layers)
            self._default("hidden", hidden, "not stated: the usual width of a transformer with so many parameters, for attention")
        if layers is None:
            self._default("layers", layers_of(params, hidden), "not stated: as many layers as the parameters and the width make, for attention")

    def _assume_decoder_shape(self) -> None:
        """Take the usual width of the decoder of a masked autoencoder, and its depth from its parameters; all patches attend to each other in it."""
        hidden, patch, frames = self._value("hidden"), self._value("patch_size"), self.values.get("frames_per_token")
        width = masked_decoder_width(hidden, is_video=self.plan.frames is not None)
        self._default("decoder_hidden", width, "not stated: the width of the decoder of MAE or VideoMAE, for attention")
        values = _CHANNELS * patch * patch * (1.0 if frames is None else frames)
        depth = masked_decoder_layers(self._value("decoder_params"), hidden=hidden, width=width, patch_values=values)
        self._default("decoder_layers", depth, "not stated: as many layers as the parameters of the decoder and its width make, for attention")

    def _leave_out_tables(self) -> None:
        """Take the table of words out of the parameters of a contrastive model: tokens are looked up in it, and nothing is multiplied."""
        if self.family != "contrastive":
            return
        self._default("vocab", CLIP_VOCAB, "not stated: the vocabulary of CLIP")
        table = looked_up_params(self._value("text_params"), vocab=self._value("vocab"))
        self.assumed.append(Assumption("embedding_params", table, "not counted: text is looked up in its table; of an encoder of 12 layers"))
        for name in ("params", "text_params"):
            self.values[name] = self._value(name) - table

    def _assume_seen(self, recipe: Recipe) -> None:
        """Take the usual share of the parameters of a diffusion transformer that each token passes through."""
        is_generative = self.family in _GENERATIVE and (self.family == "diffusion" or self.plan.latent_factor is not None)
        if recipe.link is not sample_links.BY_TOKENS or not is_generative or self.values.get("active_params") is not None:
            return
        params, layers, hidden = self._value("params"), self.values.get("layers"), self.values.get("hidden")
        if layers is not None and hidden is not None:
            self._default("active_params", seen_params(params, layers=layers, hidden=hidden), "not stated: what each token passes through, by the shape")
            return
        share = Uncertain.from_interval(*SEEN_SHARE[self.family], name="active_params")
        reason = "not stated: adaptive norms see one vector of a sample, and text may have parameters of its own; two thirds in DiT"
        self._default("active_params", params * share, reason)

    def _count_tokens(self) -> None:
        """Compute the tokens of a sample; of audio, a sample is a second."""
        if self.family == "speech":
            self._walk(sample_links.SECONDS)
            self.values["tokens_per_sample"] = self.values["frames_per_s"]
            return
        has_class_token = self.family not in _GENERATIVE and self.plan.frames is None and self.plan.latent_factor is None
        patches = sample_links.PATCHES if self.plan.frames is None or self.plan.latent_factor is None else sample_links.LATENT_CLIP
        self._walk(IMAGE_TOKENS if has_class_token else patches)
        if self.family in _GENERATIVE:
            self._walk(sample_links.WITH_TEXT)

    def _implied_family(self) -> str:
        is_audio = self.plan.audio_hours is not None
        family = "speech" if is_audio else next((family for name, family in OWN_FIELDS.items() if getattr(self.plan, name) is not None), "vision")
        self.assumed.append(Assumption("family", family, "not stated: the plan has fields of this family"))
        return family

    def _check(self) -> Recipe:
        """Return the recipe of the family, if the plan has all that it needs and nothing of another family."""
        allowed = {name for name, family in OWN_FIELDS.items() if family == self.family} | set(_SHARED.get(self.family, ()))
        foreign = next((name for name in OWN_FIELDS if getattr(self.plan, name) is not None and name not in allowed), "")
        if foreign:
            is_of_images = foreign == "decoder_params" and self.plan.audio_hours is None
            needed = "masked-autoencoder" if is_of_images else OWN_FIELDS[foreign]
            raise PlanError(f"{foreign} {_is_or_are(foreign)} not known to {self.family}", hint=f"leave it out, or give family {needed}")
        if self.plan.text_tokens is not None and self.family not in (*_GENERATIVE, "contrastive", "speech"):
            raise PlanError(f"text_tokens are not known to {self.family}", hint="leave them out, or give family contrastive, diffusion or video")
        recipe = RECIPES.get(self.family)
        if recipe is None:
            raise PlanError(f"image_size is not known to {self.family}", hint=FAMILIES[self.family].needs or "leave it out, or give family vision")
        of_text = next((name for name in _OF_TEXT if getattr(self.plan, name) is not None), "")
        if of_text:
            raise PlanError(f"{of_text} {_is_or_are(of_text)} not known to {self.family}", hint="count the images that it stands for in samples, or give flop")
        missing = [name for name in recipe.needed if self.values.get(name) is None]
        if missing:
            raise PlanError(f"{self.family} needs {' and '.join(missing)}", hint=FAMILIES[self.family].needs or f"give {' and '.join(missing)}")
        part = recipe.other_params
        if part not in ("", "params") and any_of(median_of(self._value(part)) >= median_of(self._value("params"))):
            raise PlanError(f"{part} leave no parameters for the {recipe.main}", hint=f"params counts the whole model, {part} a part of it")
        return recipe

    def _assume_rest(self) -> None:
        if self.family == "contrastive":
            self._default("text_tokens", CLIP_TEXT_TOKENS, "not stated: the context of CLIP's text encoder")
        if self.family == "masked-autoencoder":
            self._default("mask_ratio", MASK_RATIO, "not stated: three quarters of the patches are masked")
        if self.family == "self-distillation":
            for name, value in CROPS.items():
                self._default(name, value, "not stated: the crops of DINO")
        if self.plan.frames is not None:
            if self.plan.latent_factor is None:
                self._default("frames_per_token", FRAMES_PER_TOKEN, "not stated: tubelets of two frames")
            else:
                self._default("frames_per_token", LATENT_FRAMES_PER_TOKEN, "not stated: latent frames that stand for four")
        if self.family == "speech":
            self._default("frames_per_s", Uncertain.from_interval(25.0, 50.0, name="frames_per_s"), "not stated: 25 to 50 frames of audio a second")
            text = Uncertain.from_interval(*TEXT_TOKENS_PER_S, name="text_tokens")
            self._default("text_tokens", text, "not stated: 2.5 to 5 tokens of text for a second of speech")
        if self.family == "diffusion" and self.plan.frozen_gmac_per_sample is None:
            self.assumed.append(Assumption("frozen_gmac_per_sample", 0.0, "not stated: codes of frozen encoders are computed beforehand"))

    def _default(self, name: str, value: Num, reason: str) -> None:
        if self.values.get(name) is None:
            self.values[name] = value
            self.assumed.append(Assumption(name, value.median if isinstance(value, Uncertain) else value, reason))

    def _walk(self, *links: Link) -> None:
        self.links += [link for link in walk(links, self.values) if link[2] is not None]

    def _value(self, name: str) -> Num:
        value = self.values[name]
        assert value is not None, "the plan was checked for it"
        return value

    def _add(self, name: str, link: Link) -> None:
        """Refine the FLOP of a sample by *link*, if the plan has its inputs; the difference is the part *name*."""
        before = self._value("flop_per_sample")
        self._walk(link)
        if (after := self._value("flop_per_sample")) is not before:
            self.parts[name] = after - before

    def _freeze(self, recipe: Recipe) -> None:
        """Take away the weight gradients of frozen parameters."""
        trainable = None if trains_adapters(self.plan) else self.values.get("trainable_params")
        if trainable is not None and self.values.get("frozen_params") is None:
            self._default("frozen_params", self._value("params") - trainable, "all but trainable_params: gradients pass through it")
        frozen = self.values.get("frozen_params")
        if frozen is None:
            return
        if recipe.link is not sample_links.BY_TOKENS:
            name = "frozen_params" if trainable is None else "trainable_params"
            raise PlanError(f"{name} are not known to {self.family}", hint="give flop_per_sample, and count 4 FLOP for each frozen parameter and token")
        active = self.values.get("active_params")
        multiplied = frozen if active is None else multiplied_share(frozen, active=active, whole=self._value("params"))
        self.values["multiplied_frozen_params"] = multiplied
        self._walk(sample_links.FROZEN_PART)
        tokens = self._value("tokens_per_sample")
        self.parts["model"] = self.parts["model"] - 6.0 * multiplied * tokens
        self.parts["frozen"] = self.parts.get("frozen", 0.0) + 4.0 * multiplied * tokens


def _is_or_are(name: str) -> str:
    return "are" if name.endswith("s") else "is"
