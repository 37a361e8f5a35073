"""Complete a plan: fields that follow from others, such as tokens from samples and epochs, or a count from ``8xH100``."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import PlanError
from traincarbon.estimation.contradictions import shown
from traincarbon.estimation.fields import Use
from traincarbon.estimation.links import AUDIO_FRAMES, BY_SAMPLE, IMAGE_TOKENS, OCCUPIED_HOURS, SAMPLE_FLOP, SAMPLED_TOKENS
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import NUMBERS, fields_with
from traincarbon.estimation.walk import Assumption, ComputedLink, Link, walk
from traincarbon.quantities import H_PER_DAY
from traincarbon.uncertain import Num, Uncertain, any_of, median_of

FRAMES_PER_S = (25.0, 50.0)
"""Frames that encoders see for a second of audio: 40 ms each after subsampling by four, 20 ms as in Whisper. [1/s]"""
_SAME = 1e-3
"""Largest relative difference between a field and what follows from others."""
_MOST_GPUS = 1000
"""A bare number below this is a count, and above it the name of a product."""


class Completed(NamedTuple):
    """A plan with the fields that follow from others in place of these.

    Attributes:
        plan: The plan.
        links: The links that computed its fields.
        assumed: What was assumed for them.
    """

    plan: Plan
    links: list[ComputedLink]
    assumed: list[Assumption]


def completed(plan: Plan, database: Database) -> Completed:
    """Return *plan* with a count taken from its hardware, GPU-hours from wall-clock time, and tokens or FLOP from samples.

    Raises:
        NotFoundError: the hardware is unknown.
        PlanError: fields contradict each other, or one is missing.
    """
    has_count = plan.hw is not None and _may_hold_count(plan.hw.strip())
    has_hours = plan.hours is not None or plan.days is not None
    has_data = plan.samples is not None or plan.audio_hours is not None
    if not (has_count or has_hours or has_data):
        return Completed(plan, [], [])
    work = _Completion(plan, database)
    if has_count and plan.hw is not None:
        work.count_hardware(plan.hw.strip())
    if has_hours:
        work.count_hours("hours" if plan.hours is not None else "days")
    if has_data:
        work.count_data()
    if not work.found:
        return Completed(plan, [], [])
    stated = {name: getattr(plan, name) for name in plan.to_dict()} | work.found
    return Completed(Plan.from_dict({name: value for name, value in stated.items() if value is not None}), work.links, work.assumed)


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
        """Compute the FLOP or the tokens of samples or hours of audio."""
        plan = self.plan
        if plan.flop_per_sample is not None or plan.gmac_per_sample is not None:
            self._follow("flop", SAMPLE_FLOP, BY_SAMPLE)
        elif plan.audio_hours is not None:
            if plan.frames_per_s is None:
                self.values["frames_per_s"] = frames = Uncertain.from_interval(*FRAMES_PER_S, name="frames_per_s")
                self.assumed.append(Assumption("frames_per_s", frames.median, "not stated: 25 to 50 frames of audio a second"))
            self._assume_family("speech", "audio_hours is stated")
            self._follow("tokens", AUDIO_FRAMES)
        elif plan.image_size is not None or plan.seq_len is not None:
            if plan.image_size is not None:
                self._assume_family("vision", "image_size is stated")
            self._follow("tokens", IMAGE_TOKENS, SAMPLED_TOKENS)
        elif all(self.values.get(name) is None for name in ("tokens", "flop", "accelerator_hours")):
            hint = "give seq_len for text, image_size and patch_size for a vision transformer, or gmac_per_sample for convolutions"
            raise PlanError("samples need the size of a sample", hint=hint)
        self.found.update(dict.fromkeys(name for name in fields_with(Use.DATA) if name != "flop"))

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


def accelerators_in(product: Product) -> float:
    """Return how many accelerators a server has; 1 for an accelerator."""
    return (product.value("accelerator_count") or 1.0) if product.is_server else 1.0
