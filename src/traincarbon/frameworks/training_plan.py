"""The plan of a training that a framework runs: from the model, the batches and the machine to the fields of a plan, and the words about it."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.formatting import amount, counted, listed, median_and_interval
from traincarbon.frameworks.lengths import Lengths
from traincarbon.frameworks.model_facts import ModelFacts
from traincarbon.uncertain import Interval

_SHOWN = (("duration_s", "s"), ("facility_energy_kwh", "kWh"), ("total_kgco2e", "kg CO2e"), ("rent_usd", "$"))
"""Results that are said before the first step, with their units."""
WORK = {"tokens", "samples"}
"""Fields of which a plan needs one: the model tells none where the length of the data is not known."""


class Machine(NamedTuple):
    """What trains: the name that the driver reports, and how many of them over all nodes."""

    hw: str = ""
    accelerators: int = 1


class Work(NamedTuple):
    """What a training does; what is not known is None.

    Attributes:
        total_steps: Steps of the whole training.
        step_samples: Samples of one step, over all ranks.
        lengths: Tokens of a sample.
        precision: Number format of the matrix products, "" if it is not known.
    """

    total_steps: int | None = None
    step_samples: int | None = None
    lengths: Lengths | None = None
    precision: str = ""


def plan_fields(model: ModelFacts, work: Work, machine: Machine) -> dict[str, float | str]:
    """Return the fields of the plan, without those that are not known.

    Example:
        >>> gpt = ModelFacts("GPT2", 1e5, 1e5, {"params": 1e5, "layers": 2.0})
        >>> plan_fields(gpt, Work(60, 16, Lengths(64.0, 64.0, 64.0), "fp32"), Machine("A100", 2))["tokens"]
        61440.0
    """
    fields: dict[str, float | str] = {"name": model.name, **model.fields}
    if work.precision:
        fields["precision"] = work.precision
    if machine.hw:
        fields |= {"hw": machine.hw, "accelerators": float(machine.accelerators)}
    samples = work.total_steps * work.step_samples if work.total_steps and work.step_samples else None
    if samples and work.lengths is not None:
        least, mean, most = work.lengths
        fields["tokens"] = mean * samples if least == most else f"{least * samples:.10g}..{most * samples:.10g}"
        fields["seq_len"] = float(max(round(mean), 1))
        if least == most:
            fields["batch_tokens"] = mean * (work.step_samples or 1)
    elif samples and model.images:
        fields |= {"samples": float(samples), **model.images}
    return fields


def later(plan: Mapping[str, object]) -> list[str]:
    """Return what to say where the length of the data is not known before the first batch, nothing where it is.

    Example:
        >>> later({"params": 1e9}), later({"params": 1e9, "tokens": 1e12})
        (['the data does not state its length: the estimate comes with the first batch'], [])
    """
    return [] if WORK & plan.keys() else ["the data does not state its length: the estimate comes with the first batch"]


def described(model: ModelFacts, work: Work, machine: Machine) -> str:
    """Return a sentence on what is about to be trained.

    Example:
        >>> gpt = ModelFacts("GPT2", 124672.0, 124672.0, {"layers": 2.0, "hidden": 64.0, "heads": 2.0, "vocab": 256.0})
        >>> described(gpt, Work(60, 4, Lengths(16.0, 16.0, 16.0), "fp32"), Machine("", 2))
        'GPT2 has 125,000 parameters in 2 layers of width 64, with 2 heads and a vocabulary of 256; 60 steps of 4 samples with 16 tokens each, in fp32'
    """
    parts = [f"{model.name} has {'an unknown number of' if model.params is None else amount(model.params, 'count', digits=3)} parameters"]
    if model.params and model.trainable and model.trainable < model.params:
        parts[0] += f" ({model.trainable / model.params:.2%} of them trained)"
    shape = {name: int(value) for name in ("layers", "hidden", "heads", "vocab") if isinstance(value := model.fields.get(name), float)}
    if {"layers", "hidden"} <= shape.keys():
        with_ = [f"{shape['heads']} heads"] if "heads" in shape else []
        with_ += [f"a vocabulary of {shape['vocab']:,}"] if "vocab" in shape else []
        parts[0] += f" in {counted(shape['layers'], 'layer')} of width {shape['hidden']}" + (f", with {listed(with_)}" if with_ else "")
    if work.total_steps and work.step_samples:
        each = f" with {work.lengths.mean:,.6g} tokens each" if work.lengths is not None else ""
        parts.append(
            f"{counted(work.total_steps, 'step')} of {counted(work.step_samples, 'sample')}{each}" + (f", in {work.precision}" if work.precision else "")
        )
    elif work.total_steps:
        parts.append(counted(work.total_steps, "step"))
    if machine.hw:
        parts.append(f"{machine.accelerators} × {machine.hw}")
    return "; ".join(parts)


def expected(answer: Mapping[str, Interval | None]) -> str:
    """Return a sentence on what a training is expected to take, with the intervals.

    Example:
        >>> expected({"duration_s": Interval(40.0, 60.0, 90.0), "facility_energy_kwh": None})
        'estimate: 1.00 min (0.67 – 1.5)'
    """
    parts = []
    for name, unit in _SHOWN:
        interval = answer.get(name)
        if interval is not None:
            number, shown, bounds = median_and_interval(interval, unit)
            parts.append(f"{number} {shown}".strip() + (f" ({bounds})" if bounds else ""))
    return "estimate: " + (", ".join(parts) or "nothing is known of this training in advance")


def estimated(plan: Mapping[str, object], database: str | None = None) -> str:
    """Return a sentence on what a plan is expected to take.

    Args:
        plan: Its fields.
        database: A folder of facts that override the built-in ones.

    Raises:
        CarbonError: the fields are not those of a plan, or cannot be estimated.
    """
    from traincarbon.database.load import open_database
    from traincarbon.estimation.chain import estimate
    from traincarbon.estimation.plan import Plan

    answer = estimate(Plan.from_dict(plan), database=open_database(database))
    return expected({name: answer[name] for name in answer.values})
