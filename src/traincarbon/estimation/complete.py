"""Complete a plan: fields that follow from others, such as tokens from samples and epochs, or a count from ``8xH100``."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import PlanError
from traincarbon.estimation.contradictions import contradicting_flop, shown
from traincarbon.estimation.families import CONVOLUTIONS, IMAGE, OWN_FIELDS, SOUND, USUAL, family_of
from traincarbon.estimation.fields import Use
from traincarbon.estimation.image_loading import loaded_images
from traincarbon.estimation.links import AUDIO_FRAMES, BY_SAMPLE, IMAGE_TOKENS, OCCUPIED_HOURS, SAMPLE_FLOP, SAMPLED_HOURS, SAMPLED_TOKENS
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import NUMBERS, fields_with
from traincarbon.estimation.walk import Assumption, ComputedLink, Link, walk
from traincarbon.quantities import H_PER_DAY
from traincarbon.uncertain import Num, Uncertain, any_of, median_of

FRAMES_PER_S = (25.0, 50.0)
"""Frames that encoders see for a second of audio: 40 ms each after subsampling by four, 20 ms as in Whisper. [1/s]"""
_SAME = 1e-3
"""Largest relative difference between a field and what follows from others."""
_SMALL_PATCH = 8.0
"""Side of a patch below which a transformer sees a latent image rather than pixels. [px]"""
_SIZES = {
    "": "give seq_len for text, image_size and patch_size for a vision transformer, or gmac_per_sample (or model, such as resnet-50) for convolutions",
    "vision": "give image_size and patch_size for a vision transformer, or gmac_per_sample (or model, such as resnet-50) for convolutions",
    "diffusion": "give image_size, patch_size and latent_factor for a transformer, or gmac_per_sample for a U-Net",
    "speech": "give audio_hours in place of samples, and frames_per_s, such as 50",
}
"""How to state the size of a sample, by family."""
_IN_FLOP = ("teacher_params", "frozen_params", "text_params", "decoder_params", "reference_params")
"""Fields that are in the FLOP of a sample and in nothing else."""
_KEPT = ("flop", "tokens", "images", "padding", "evaluation_tokens", "generated_tokens")
"""Fields about data that samples do not replace."""
_MOST_GPUS = 1000
"""A bare number below this is a count, and above it the name of a product."""


class Completed(NamedTuple):
    """A plan with the fields that follow from others in place of these.

    Attributes:
        plan: The plan.
        links: The links that computed its fields.
        assumed: What was assumed for them.
        parts: What the FLOP of a sample consist of, by part; empty where a sample is one.
        warnings: What is pointed out about the data.
    """

    plan: Plan
    links: list[ComputedLink]
    assumed: list[Assumption]
    parts: dict[str, Num]
    warnings: list[str]


def completed(plan: Plan, database: Database) -> Completed:
    """Return *plan* with a count taken from its hardware, GPU-hours from wall-clock time, and tokens or FLOP from samples.

    Raises:
        NotFoundError: the hardware is unknown.
        PlanError: fields contradict each other, or one is missing.
    """
    has_count = plan.hw is not None and _may_hold_count(plan.hw.strip())
    has_hours = plan.hours is not None or plan.days is not None
    has_data = plan.samples is not None or plan.audio_hours is not None
    if not (has_count or has_hours or has_data or plan.padding is not None):
        return Completed(plan, [], [], {}, [])
    work = _Completion(plan, database)
    if has_count and plan.hw is not None:
        work.count_hardware(plan.hw.strip())
    if has_hours:
        work.count_hours("hours" if plan.hours is not None else "days")
    if has_data:
        work.count_data()
    if plan.padding is not None:
        work.pad()
    if not work.found:
        return Completed(plan, [], [], {}, [])
    stated = {name: getattr(plan, name) for name in plan.to_dict()} | work.found
    return Completed(Plan.from_dict({name: value for name, value in stated.items() if value is not None}), work.links, work.assumed, work.parts, work.warnings)


def _may_hold_count(hw: str) -> bool:
    """Say whether *hw* may be more than a name; most names need no closer look."""
    before = hw.rstrip("0123456789")
    is_slice = before.endswith("-") and hw[:1] in "vVtTgGcC"
    return hw[:1].isdigit() or hw.startswith("ml.") or any(sign in hw for sign in " ×*:(") or (before != hw and (is_slice or before[-1:] in ("x", "X")))


class _Completion:
    """The work on one plan.

    Attributes:
        found: Fields that follow, and None for those that they replace.
        values: The numbers that links take.
    """

    def __init__(self, plan: Plan, database: Database) -> None:
        self.plan = plan
        self.database = database
        self.found: dict[str, object] = {}
        self.values: dict[str, Num | None] = {name: plan.number(name) for name in NUMBERS if getattr(plan, name) is not None}
        self.links: list[ComputedLink] = []
        self.assumed: list[Assumption] = []
        self.parts: dict[str, Num] = {}
        self.warnings: list[str] = []

    def count_hardware(self, hw: str) -> None:
        """Take a count from the text of the hardware."""
        from traincarbon.database.find_counted import find_counted

        if hw.isdigit() and int(hw) < _MOST_GPUS:
            raise PlanError(f"hw is {hw!r}", hint=f"name the hardware, such as a100; a number of GPUs is accelerators = {hw} (--gpus {hw}), or hw = {hw}xA100")
        product, counted = find_counted(self.database, hw)
        if counted.name != self.plan.hw:
            self.found["hw"] = counted.name
        if counted.number is None:
            return
        if counted.number < 1.0 or counted.number % 1.0:
            raise PlanError(f"hw is {hw!r}", hint="count at least one; a slice of this TPU is named by its cores, two a chip")
        each = accelerators_in(product)
        of_servers = product.is_server and not counted.counts_accelerators
        own, other = ("servers", "accelerators") if of_servers else ("accelerators", "servers")
        for name, expected in ((own, counted.number), (other, counted.number * each if of_servers else counted.number / each)):
            stated = self.plan.number(name)
            if stated is not None and any_of(stated != expected):
                raise PlanError(f"hw is {hw!r}, and {name} is {shown(stated)}", hint=f"give the number once: in hw or as {name}")
        if getattr(self.plan, other) is None:
            self.found[own] = self.values[own] = counted.number

    def count_hours(self, name: str) -> None:
        """Compute the GPU-hours of the wall-clock time *name*."""
        values = self.values
        if name == "days":
            values["hours"] = self.plan.number("days") * H_PER_DAY
        servers = values.get("servers")
        if values.get("accelerators") is None and servers is not None and self.plan.hw is not None:
            from traincarbon.database.find_counted import find_counted

            values["accelerators"] = servers * accelerators_in(find_counted(self.database, self.plan.hw)[0])
        if values.get("accelerators") is None:
            hint = f"{name} are wall-clock time: add accelerators (--gpus 8) or servers; GPU-hours are accelerator_hours (--gpu-hours 500)"
            raise PlanError(f"{name} need a number of GPUs", hint=hint)
        self._follow("accelerator_hours", OCCUPIED_HOURS)
        self.found.update(hours=None, days=None)

    def count_data(self) -> None:
        """Compute the FLOP, the tokens or the GPU-hours of samples or hours of audio."""
        plan = self.plan
        if plan.seconds_per_sample is not None:
            self._follow("accelerator_hours", SAMPLED_HOURS)
        if plan.flop_per_sample is not None or plan.gmac_per_sample is not None:
            self._count_seconds()
            self._count_multiply_adds()
        elif plan.model is not None and self._count_known(plan.model):
            pass
        elif _is_counted_by_sample(plan):
            self._count_sample()
        elif plan.audio_hours is not None:
            self._count_audio()
        elif family_of(plan.family).medium == SOUND and plan.model is not None:
            raise PlanError(f"samples of {plan.model} need hours of audio", hint=_SIZES["speech"])
        elif plan.image_size is not None or plan.seq_len is not None:
            if plan.image_size is not None:
                self._assume_family("vision", "image_size is stated")
            self._follow("tokens", IMAGE_TOKENS, SAMPLED_TOKENS)
        elif all(self.values.get(name) is None for name in ("tokens", "flop", "accelerator_hours")) and "accelerator_hours" not in self.found:
            raise PlanError("samples need the size of a sample", hint=family_of(plan.family).needs or _SIZES.get(plan.family or "", _SIZES[""]))
        self.found.update(dict.fromkeys(name for name in fields_with(Use.DATA) if name not in _KEPT))
        self.found["images"] = loaded_images(plan, self.values, str(self.found.get("family") or plan.family or ""))

    def pad(self) -> None:
        """Add the padding to the tokens of text."""
        from traincarbon.formulas.post_training import padded_tokens

        computed = walk((Link("tokens", padded_tokens, text_tokens="tokens", padding="padding"),), self.values)
        self.links += computed
        self.found |= {"tokens": self.values.get("tokens"), "padding": None}

    def _count_audio(self) -> None:
        if self.plan.frames_per_s is None:
            self.values["frames_per_s"] = frames = Uncertain.from_interval(*FRAMES_PER_S, name="frames_per_s")
            self.assumed.append(Assumption("frames_per_s", frames.median, "not stated: 25 to 50 frames of audio a second"))
        self.assumed.append(Assumption("decoder_params", 0.0, "not stated: all parameters see frames of audio, none sees text"))
        self.assumed.append(Assumption("front_end", 0.0, "not counted: convolutions before the encoder; to count them, give gmac_per_sample of a second"))
        self._assume_family("speech", "audio_hours is stated")
        self._follow("tokens", AUDIO_FRAMES)

    def _count_multiply_adds(self) -> None:
        """Compute the FLOP of samples of stated FLOP or multiply-adds."""
        from traincarbon.estimation.sample_families import guessed_family

        if self.plan.flop_per_sample is None:
            self._count_passes()
        guess = None if "family" in self.found else guessed_family(self.plan)
        if guess is not None:
            self.warnings.append(guess.warning)
            self._assume_family(guess.family or USUAL.name, "taken so by how the work of a sample is stated")
        self._warn_of_flop_per_sample()
        if self.plan.frozen_gmac_per_sample is not None:
            from traincarbon.estimation.sample_links import FROZEN_ENCODERS

            self.links += walk((FROZEN_ENCODERS,), self.values)
            frozen: Num = 2e9 * self.plan.number("frozen_gmac_per_sample")
            self.parts = self.parts or {"model": self.values["flop_per_sample"] - frozen}
            self.parts["frozen"] = self.parts.get("frozen", 0.0) + frozen
        self._follow("flop", BY_SAMPLE)

    def _count_sample(self) -> None:
        """Compute the FLOP of samples of which parts of the model see different tokens."""
        from traincarbon.estimation.sample_work import SampleWork

        self._warn_of_latents()
        work = SampleWork(self.plan, self.values)
        work.count()
        self.links += work.links
        self.assumed += work.assumed
        self.parts = work.parts
        self._follow("flop", BY_SAMPLE)
        self.found |= {"family": work.family, **dict.fromkeys(_IN_FLOP if work.family == "vision" else (*_IN_FLOP, "active_params"))}

    def _count_convolution(self, model: str) -> bool:
        """Compute the FLOP of images for a known convolution; return whether *model* is one."""
        from traincarbon.estimation.known_gmac import check_beside, unused
        from traincarbon.estimation.model.convolution import find_convolution

        known = find_convolution(self.database, model)
        if known is None:
            return False
        check_beside(self.plan, known.name, params=known.params, family=known.family)
        self.warnings += unused(self.plan)
        self.values |= {"reference_gmac": known.gmac, "attention_gmac": known.attention_gmac, "reference_size": known.image_size}
        if self.plan.image_size is None:
            self.values["image_size"] = known.image_size
            self.assumed.append(Assumption("image_size", known.image_size, f"not stated: the images that the multiply-adds of {known.name} are published for"))
        elif not known.attention_gmac and known.family not in (*CONVOLUTIONS, "diffusion") and any_of(median_of(self.values["image_size"]) != known.image_size):
            self.warnings.append(f"the multiply-adds of {known.name} are taken to grow with the number of pixels; full attention grows faster")
        self._follow("gmac_per_sample", known.scaling)
        self._count_passes()
        self._follow("flop", BY_SAMPLE)
        self.found["family"] = known.family
        return True

    def _count_passes(self) -> None:
        """Compute the FLOP of a sample from its multiply-adds, with the passes that the kind of training takes."""
        plan = self.plan
        if plan.kind in (None, "pretrain", "finetune") and plan.trainable_params is None and plan.reference_params is None:
            self._follow("flop_per_sample", SAMPLE_FLOP)
            return
        from traincarbon.estimation.known_gmac import passes

        found = passes(plan, self.values)
        self.assumed += found.assumed
        self._follow("flop_per_sample", *found.links)
        self.parts = {name: share * self.values["gmac_per_sample"] for name, share in found.shares.items()}
        self.found["reference_params"] = None

    def _count_seconds(self) -> None:
        """Count the seconds of audio; each is a sample."""
        if self.plan.audio_hours is not None:
            from traincarbon.estimation.sample_links import SECONDS

            self.links += walk((SECONDS,), self.values)
            self._assume_family("speech", "audio_hours is stated")

    def _count_known(self, model: str) -> bool:
        """Compute the FLOP of a convolution or an encoder of speech by name; return whether *model* is one."""
        if self.plan.audio_hours is not None:
            return self._count_speech_encoder(model)
        return family_of(self.plan.family).medium == IMAGE and self._count_convolution(model)

    def _count_speech_encoder(self, model: str) -> bool:
        """Compute the FLOP of audio for a known encoder of speech; return whether *model* is one."""
        from traincarbon.estimation.model.speech import find_speech_encoder

        known = find_speech_encoder(self.database, model)
        if known is None:
            return False
        self._count_seconds()
        self.values["gmac_per_sample"] = known.gmac_per_s
        self._count_passes()
        self._follow("flop", BY_SAMPLE)
        return True

    def _warn_of_flop_per_sample(self) -> None:
        """Warn of FLOP of a sample that contradict the parameters and the tokens of a sample by far."""
        plan = self.plan
        active = plan.number("params" if plan.active_params is None else "active_params")
        walk((IMAGE_TOKENS,), known := dict(self.values))
        tokens = plan.number("seq_len") if (of_image := known.get("tokens_per_sample")) is None else of_image
        if active is not None and tokens is not None and not family_of(plan.family).needs:
            expected = family_of(plan.family).training_flop(active_params=active, tokens=tokens)
            self.warnings += contradicting_flop("flop_per_sample", self.values["flop_per_sample"], expected)

    def _warn_of_latents(self) -> None:
        patch = self.values.get("patch_size")
        if self.plan.family == "diffusion" and self.plan.latent_factor is None and patch is not None and any_of(median_of(patch) < _SMALL_PATCH):
            self.warnings.append("patches of a few pixels: give latent_factor (8 in Stable Diffusion) if the model sees latent images")

    def _assume_family(self, family: str, reason: str) -> None:
        if self.plan.family is None:
            self.found["family"] = family
            self.assumed.append(Assumption("family", family, f"not stated: {reason}"))

    def _follow(self, name: str, *through: Link) -> None:
        """Compute the field *name* by *through*; it must agree with the plan where the plan states it too."""
        stated = self.values.pop(name, None)
        computed = [link for link in walk(through, self.values) if link[2] is not None]
        self.links += computed
        value = self.values[name]
        if stated is not None and any_of(abs(median_of(value) / median_of(stated) - 1.0) > _SAME):
            inputs = " × ".join(f"{parameter} {shown(given)}" for parameter, given in computed[-1][1].items())
            raise PlanError(f"{name} is {shown(stated)}, but {inputs} is {shown(value)}", hint=f"leave out {name}, or what it follows from")
        self.found[name] = value


def _is_counted_by_sample(plan: Plan) -> bool:
    """Say whether the samples of *plan* have parts, crops, latents or frames, or a transformer sees them as patches of images."""
    is_of_patches = plan.patch_size is not None and (plan.family is None or family_of(plan.family).medium == IMAGE)
    has_shape = plan.layers is not None and plan.hidden is not None
    if family_of(plan.family).is_by_sample or (plan.image_size is not None and (is_of_patches or has_shape)):
        return True
    return any(getattr(plan, name) is not None for name in OWN_FIELDS)


def accelerators_in(product: Product) -> float:
    """Return how many accelerators a server has; 1 for an accelerator."""
    return (product.value("accelerator_count") or 1.0) if product.is_server else 1.0
