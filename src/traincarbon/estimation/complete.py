"""Complete a plan: fields that follow from others, such as tokens from samples and epochs, or a count from ``8xH100``."""

from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import PlanError
from traincarbon.estimation.links import AUDIO_FRAMES, BY_SAMPLE, IMAGE_TOKENS, OCCUPIED_HOURS, SAMPLE_FLOP, SAMPLED_TOKENS
from traincarbon.estimation.fields import Use
from traincarbon.estimation.plan import NUMBERS, Plan, fields_with, shown
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
    found: dict[str, object] = {}
    assumed: list[Assumption] = []
    links: list[ComputedLink] = []
    values: dict[str, Num | None] = {name: plan.number(name) for name in NUMBERS if getattr(plan, name) is not None}
    hardware = None
    if plan.hw is not None and _may_hold_count(plan.hw.strip()):
        hardware = _count_hardware(plan, database, found)
    if plan.hours is not None or plan.days is not None:
        _count_hours(plan, hardware, database, found, values, links)
    if plan.samples is not None or plan.audio_hours is not None:
        _count_data(plan, found, values, links, assumed)
    if not found:
        return Completed(plan, links, assumed)
    stated = {name: getattr(plan, name) for name in plan.to_dict()}
    return Completed(Plan.from_dict({name: value for name, value in (stated | found).items() if value is not None}), links, assumed)


def _may_hold_count(hw: str) -> bool:
    """Say whether *hw* may be more than a name; most names need no closer look."""
    before = hw.rstrip("0123456789")
    is_slice = before.endswith("-") and hw[:1] in "vVtTgGcC"
    return hw[:1].isdigit() or hw.startswith("ml.") or any(sign in hw for sign in " ×*:(") or (before != hw and (is_slice or before[-1:] in ("x", "X")))


def _count_hardware(plan: Plan, database: Database, found: dict[str, object]) -> Product:
    """Take a count from the text of the hardware, and return the hardware."""
    hw = str(plan.hw).strip()
    if hw.isdigit() and int(hw) < _MOST_GPUS:
        raise PlanError(f"hw is {hw!r}", hint=f"name the hardware, such as a100; a number of GPUs is accelerators = {hw} (--gpus {hw}), or hw = {hw}xA100")
    from traincarbon.database.hardware_count import find_counted

    product, counted = find_counted(database, hw)
    if counted.count is None:
        if counted.name != plan.hw:
            found["hw"] = counted.name
        return product
    if counted.count < 1.0 or counted.count % 1.0:
        raise PlanError(f"hw is {hw!r}", hint="a slice of this TPU is named by its cores, two a chip: give an even number")
    found["hw"] = counted.name
    of_servers = product.is_server and not counted.counts_accelerators
    own, other = ("servers", "accelerators") if of_servers else ("accelerators", "servers")
    each = _each(product)
    for name, expected in ((own, counted.count), (other, counted.count * each if of_servers else counted.count / each)):
        stated = plan.number(name)
        if stated is not None and any_of(stated != expected):
            raise PlanError(f"hw is {hw!r}, and {name} is {shown(stated)}", hint=f"give the number once: in hw or as {name}")
    if getattr(plan, other) is None:
        found[own] = counted.count
    return product


def _each(product: Product) -> float:
    return (product.value("accelerator_count") or 1.0) if product.is_server else 1.0


def _count_hours(
    plan: Plan, hardware: Product | None, database: Database, found: dict[str, object], values: dict[str, Num | None], links: list[ComputedLink]
) -> None:
    """Compute the GPU-hours of a wall-clock time."""
    name = "hours" if plan.hours is not None else "days"
    if plan.days is not None:
        values["hours"] = plan.number("days") * H_PER_DAY
    n = found.get("accelerators", plan.number("accelerators"))
    servers = found.get("servers", plan.number("servers"))
    if n is None and servers is not None and plan.hw is not None:
        from traincarbon.database.hardware_count import find_counted

        n = servers * _each(hardware if hardware is not None else find_counted(database, plan.hw)[0])
    if n is None:
        hint = f"{name} are wall-clock time: add accelerators (--gpus 8) or servers; GPU-hours are accelerator_hours (--gpu-hours 500)"
        raise PlanError(f"{name} need a number of GPUs", hint=hint)
    values["accelerators"] = n
    _follow(plan, "accelerator_hours", (OCCUPIED_HOURS,), found, values, links)
    found.update(hours=None, days=None)


def _count_data(plan: Plan, found: dict[str, object], values: dict[str, Num | None], links: list[ComputedLink], assumed: list[Assumption]) -> None:
    """Compute the FLOP or the tokens of samples or hours of audio."""
    if plan.flop_per_sample is not None or plan.gmac_per_sample is not None:
        _follow(plan, "flop", (SAMPLE_FLOP, BY_SAMPLE), found, values, links)
    elif plan.audio_hours is not None:
        if plan.frames_per_s is None:
            values["frames_per_s"] = frames = Uncertain.from_interval(*FRAMES_PER_S, name="frames_per_s")
            assumed.append(Assumption("frames_per_s", frames.median, "not stated: 25 to 50 frames of audio a second"))
        _assume_family(plan, "speech", "audio_hours is stated", found, assumed)
        _follow(plan, "tokens", (AUDIO_FRAMES,), found, values, links)
    elif plan.image_size is not None or plan.seq_len is not None:
        if plan.image_size is not None:
            _assume_family(plan, "vision", "image_size is stated", found, assumed)
        _follow(plan, "tokens", (IMAGE_TOKENS, SAMPLED_TOKENS), found, values, links)
    elif plan.tokens is None and plan.flop is None and plan.accelerator_hours is None and "accelerator_hours" not in found:
        hint = "give seq_len for text, image_size and patch_size for a vision transformer, or gmac_per_sample for convolutions"
        raise PlanError("samples need the size of a sample", hint=hint)
    found.update(dict.fromkeys(name for name in fields_with(Use.DATA) if name != "flop"))


def _assume_family(plan: Plan, family: str, reason: str, found: dict[str, object], assumed: list[Assumption]) -> None:
    if plan.family is None:
        found["family"] = family
        assumed.append(Assumption("family", family, f"not stated: {reason}"))


def _follow(plan: Plan, name: str, through: tuple[Link, ...], found: dict[str, object], values: dict[str, Num | None], links: list[ComputedLink]) -> None:
    """Compute the field *name* by *through*; it must agree with the plan where the plan states it too."""
    stated = values.pop(name, None)
    computed = [link for link in walk(through, values) if link[2] is not None]
    links += computed
    value = values[name]
    if stated is not None and any_of(abs(median_of(value) / median_of(stated) - 1.0) > _SAME):
        inputs = " × ".join(f"{parameter} {shown(given)}" for parameter, given in computed[-1][1].items())
        raise PlanError(f"{name} is {shown(stated)}, but {inputs} is {shown(value)}", hint=f"leave out {name}, or what it follows from")
    found[name] = value
