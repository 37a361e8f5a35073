"""A plan: a training to estimate. Every field of it is declared here, once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from os import PathLike, path
from typing import Any, TypedDict, Unpack, cast

from traincarbon.database.records import BASES, PRECISIONS, PURCHASES
from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.contradictions import check_together
from traincarbon.estimation.families import FAMILIES
from traincarbon.estimation.fields import Check, Field, Number, Section, Use, check_number, check_text
from traincarbon.estimation.parse import parse_uncertain
from traincarbon.formatting import clean
from traincarbon.toml import to_toml
from traincarbon.uncertain import Num, Uncertain, any_of, median_of

_PARAMS, _TOKENS, _LAYERS = ("parameters", "parameter", "params", "param", "weights"), ("tokens", "token", "tok", "toks"), ("layers", "blocks")
_SAMPLES = ("samples", "sample", "images", "examples", "sequences", "records", "rows", "documents", "pairs", "imgs")
_GPUS = ("GPUs", "GPU", "accelerators", "accelerator", "TPUs", "TPU", "chips", "devices", "cards")
_SERVERS = ("servers", "server", "nodes", "node", "machines", "instances", "hosts")
_JOB = Use.HOURS | Use.STEP
_WORK, _SITE, _KNOWN, _PRICES, _SHAPE = Section


def _about(
    check: Check,
    label: str,
    section: Section,
    help: str,
    *,
    unit: str = "",
    choices: tuple[str, ...] = (),
    uses: Use = Use.NONE,
    nouns: tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
) -> dict[str, Field]:
    """Return the metadata of a field of a plan."""
    return {"field": Field(check, label, help, section, unit, choices, uses, nouns, aliases)}


@dataclass(init=False, frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A training to estimate; a field that is None is not stated, and the estimate assumes something for it.

    Numbers may be given as float, as text with SI endings (``"1.4T"``), as an interval of 90 % (``"0.3..0.5"``,
    ``"0.4±0.05"``), as :class:`~traincarbon.uncertain.Uncertain`, or as a NumPy array for many plans at once.
    :data:`FIELDS` has the meaning and the unit of each.

    Raises:
        PlanError: a field is of the wrong type, or fields contradict each other.
        OutOfRangeError: a number is outside the possible range.
        QuantityError: text is not a number.

    Example:
        >>> Plan(params="530B", tokens="270e9", hw="dgx-a100").params
        530000000000.0
    """

    name: str | None = field(default=None, metadata=_about(Check.TEXT, "Name", _WORK, "What to call the run."))
    model: str | None = field(
        default=None,
        metadata=_about(
            Check.TEXT,
            "Model",
            _WORK,
            "A known model, the path of a Hugging Face config.json, or `hub:ORG/NAME`; states parameters and shape.",
            uses=Use.SIZE,
        ),
    )
    params: Number = field(default=None, metadata=_about(Check.POSITIVE, "Parameters", _WORK, "Parameters of the model, all experts included.", nouns=_PARAMS))
    tokens: Number = field(default=None, metadata=_about(Check.POSITIVE, "Tokens", _WORK, "Tokens seen in training, all epochs included.", nouns=_TOKENS))
    samples: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE,
            "Samples",
            _WORK,
            "Samples of the data set, with `--seq-len`, `--image-size` or FLOP per sample; replaces `--tokens`.",
            uses=Use.DATA,
            nouns=_SAMPLES,
        ),
    )
    epochs: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE,
            "Epochs",
            _WORK,
            "Passes over the samples or hours of audio.",
            uses=Use.DATA,
            nouns=("epochs", "epoch", "passes"),
        ),
    )
    image_size: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE, "Image size", _WORK, "Side of an image; with `--patch-size` it gives the tokens of an image.", unit="px", uses=Use.DATA
        ),
    )
    patch_size: Number = field(
        default=None, metadata=_about(Check.POSITIVE, "Patch size", _WORK, "Side of a patch of a vision transformer.", unit="px", uses=Use.DATA)
    )
    audio_hours: Number = field(
        default=None,
        metadata=_about(Check.POSITIVE, "Hours of audio", _WORK, "Hours of audio in the data set; replaces `--tokens`.", unit="h", uses=Use.DATA),
    )
    frames_per_s: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE,
            "Frames a second",
            _WORK,
            "Frames that the encoder sees for a second of audio: 50 in Whisper.",
            uses=Use.DATA,
            nouns=("frames", "frames/s", "fps", "hz"),
        ),
    )
    flop: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE,
            "FLOP of the training",
            _WORK,
            "Known FLOP of the whole training; replaces `--params` and `--tokens`.",
            unit="FLOP",
            uses=Use.SIZE | Use.DATA,
            aliases=("flops",),
        ),
    )
    flop_per_sample: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE, "FLOP per sample", _WORK, "FLOP of one sample, forward and backward; with `--samples`.", unit="FLOP", uses=Use.SIZE | Use.DATA
        ),
    )
    gmac_per_sample: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE,
            "Multiply-adds per sample",
            _WORK,
            "Billions of multiply-adds of one sample's forward pass, 4.1 for ResNet-50; with `--samples`.",
            unit="GMAC",
            uses=Use.SIZE | Use.DATA,
        ),
    )
    attempts: Number = field(
        default=None,
        metadata=_about(
            Check.FACTOR,
            "Attempts",
            _WORK,
            "Runs' worth of work, failed ones and sweeps included; multiplies hours, energy and cost.",
            nouns=("attempts", "attempt", "runs", "run", "trials", "x", "times"),
        ),
    )
    hw: str | None = field(
        default=None,
        metadata=_about(
            Check.TEXT,
            "Hardware",
            _SITE,
            "Server, cloud instance or accelerator, by id or any unambiguous part of its name; a count may stand with it: 8xH100.",
            aliases=("hardware", "gpu"),
        ),
    )
    active_params: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE,
            "Active parameters per token",
            _WORK,
            "Parameters that each token passes through (mixture of experts).",
            uses=Use.STEP,
            nouns=_PARAMS,
        ),
    )
    trainable_params: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE, "Trainable parameters", _WORK, "Parameters that are updated, if not all are (LoRA).", uses=Use.SIZE | Use.HOURS, nouns=_PARAMS
        ),
    )
    frozen_params: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE, "Frozen parameters", _WORK, "Parameters that gradients pass through and that are not updated.", uses=Use.SIZE, nouns=_PARAMS
        ),
    )
    teacher_params: Number = field(
        default=None,
        metadata=_about(Check.POSITIVE, "Parameters of the teacher", _WORK, "Parameters of a teacher that sees every token (distillation).", nouns=_PARAMS),
    )
    servers: Number = field(
        default=None, metadata=_about(Check.COUNT, "Servers", _SITE, "Number of servers that train together.", nouns=_SERVERS, aliases=("nodes",))
    )
    accelerators: Number = field(
        default=None,
        metadata=_about(
            Check.COUNT, "Accelerators", _SITE, "Number of accelerators that train together; replaces `--servers`.", nouns=_GPUS, aliases=("gpus",)
        ),
    )
    accelerator_hours: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE,
            "GPU-hours",
            _SITE,
            "Known GPU-hours; replaces `--mfu`, and `--params` and `--tokens` are not needed.",
            unit="GPU-hours",
            uses=Use.PACE,
            aliases=("gpu_hours",),
        ),
    )
    hours: Number = field(
        default=None,
        metadata=_about(
            Check.POSITIVE, "Wall-clock hours", _SITE, "Known wall-clock time; with a number of GPUs it gives the GPU-hours.", unit="h", uses=Use.PACE
        ),
    )
    days: Number = field(
        default=None, metadata=_about(Check.POSITIVE, "Wall-clock days", _SITE, "Known wall-clock time in days, as `--hours`.", unit="days", uses=Use.PACE)
    )
    region: str | None = field(default=None, metadata=_about(Check.TEXT, "Region", _SITE, "Cloud region, country or state.", uses=Use.RUN))
    start: str | None = field(
        default=None,
        metadata=_about(Check.DATE, "Start", _SITE, "Start, YYYY or YYYY-MM; selects prices and intensities of that time.", uses=Use.STEP | Use.RUN),
    )
    precision: str | None = field(
        default=None, metadata=_about(Check.CHOICE, "Number format", _WORK, "Number format of the matrix products.", choices=PRECISIONS, uses=_JOB | Use.RUN)
    )
    kind: str | None = field(
        default=None,
        metadata=_about(
            Check.CHOICE,
            "Kind of training",
            _WORK,
            "Training from scratch, fine-tuning, or adapters on a frozen model.",
            choices=("pretrain", "finetune", "lora"),
            uses=_JOB,
        ),
    )
    family: str | None = field(default=None, metadata=_about(Check.CHOICE, "Model family", _WORK, "Kind of model.", choices=tuple(FAMILIES), uses=_JOB))
    layers: Number = field(default=None, metadata=_about(Check.COUNT, "Layers", _SHAPE, "Number of transformer layers.", uses=_JOB | Use.SIZE, nouns=_LAYERS))
    hidden: Number = field(default=None, metadata=_about(Check.COUNT, "Width of the model", _SHAPE, "Width of the model.", uses=_JOB | Use.SIZE))
    heads: Number = field(default=None, metadata=_about(Check.COUNT, "Attention heads", _SHAPE, "Number of attention heads.", uses=_JOB | Use.SIZE))
    kv_heads: Number = field(
        default=None,
        metadata=_about(Check.COUNT, "Key and value heads", _SHAPE, "Number of key and value heads (grouped-query attention).", uses=_JOB | Use.SIZE),
    )
    head_dim: Number = field(
        default=None,
        metadata=_about(Check.COUNT, "Width of a head", _SHAPE, "Width of an attention head, if it is not hidden over heads.", uses=_JOB | Use.SIZE),
    )
    ffn: Number = field(
        default=None,
        metadata=_about(
            Check.COUNT,
            "Width of the feed-forward layers",
            _SHAPE,
            "Inner width of the feed-forward layers; below four times hidden they count as gated (three matrices).",
            uses=_JOB | Use.SIZE,
        ),
    )
    ffn_matrices: Number = field(
        default=None,
        metadata=_about(
            Check.COUNT, "Matrices of a feed-forward layer", _SHAPE, "Matrices of a feed-forward layer: 2, or 3 if it is gated.", uses=_JOB | Use.SIZE
        ),
    )
    vocab: Number = field(default=None, metadata=_about(Check.COUNT, "Vocabulary size", _SHAPE, "Size of the vocabulary.", uses=_JOB | Use.SIZE))
    seq_len: Number = field(default=None, metadata=_about(Check.COUNT, "Sequence length", _SHAPE, "Context length in training.", uses=_JOB, nouns=_TOKENS))
    batch_tokens: Number = field(default=None, metadata=_about(Check.POSITIVE, "Tokens per step", _SHAPE, "Tokens of one step.", uses=Use.SIZE, nouns=_TOKENS))
    recompute: str | None = field(
        default=None,
        metadata=_about(
            Check.CHOICE,
            "Recomputation",
            _SHAPE,
            "Activations that the backward pass recomputes.",
            choices=("none", "selective", "full"),
            uses=Use.LAYOUT | Use.STEP,
        ),
    )
    tp: Number = field(default=None, metadata=_about(Check.COUNT, "Tensor parallelism", _SHAPE, "Degree of tensor parallelism.", uses=Use.LAYOUT | Use.DEGREE))
    pp: Number = field(
        default=None, metadata=_about(Check.COUNT, "Pipeline parallelism", _SHAPE, "Degree of pipeline parallelism.", uses=Use.LAYOUT | Use.DEGREE)
    )
    dp: Number = field(default=None, metadata=_about(Check.COUNT, "Data parallelism", _SHAPE, "Degree of data parallelism.", uses=Use.LAYOUT | Use.DEGREE))
    mfu: Number = field(
        default=None,
        metadata=_about(
            Check.SHARE, "Utilisation (MFU)", _KNOWN, "Model FLOP utilisation of the whole run; of its steps if goodput is given too.", uses=Use.PACE
        ),
    )
    goodput: Number = field(
        default=None,
        metadata=_about(Check.SHARE, "Share of time spent training (goodput)", _KNOWN, "Share of the wall-clock time that trains.", uses=Use.PACE | Use.STEP),
    )
    pue: Number = field(default=None, metadata=_about(Check.PUE, "PUE", _KNOWN, "Power usage effectiveness of the facility.", uses=Use.RUN))
    carbon_intensity: Number = field(
        default=None, metadata=_about(Check.INTENSITY, "Carbon intensity of the grid", _KNOWN, "Carbon intensity of the grid.", unit="g/kWh", uses=Use.RUN)
    )
    market_intensity: Number = field(
        default=None,
        metadata=_about(
            Check.INTENSITY, "Carbon intensity by contracts", _KNOWN, "Carbon intensity by energy contracts; adds market-based CO2e.", unit="g/kWh"
        ),
    )
    basis: str | None = field(
        default=None,
        metadata=_about(
            Check.CHOICE,
            "Basis of the carbon intensity",
            _KNOWN,
            "Whether carbon intensities count the whole life cycle of fuel and plant or direct emissions only.",
            choices=BASES,
            uses=Use.RUN,
        ),
    )
    electricity_price: Number = field(
        default=None, metadata=_about(Check.PRICE, "Price of electricity", _PRICES, "Price of electricity.", unit="$/kWh", uses=Use.RUN)
    )
    rent: str | None = field(
        default=None,
        metadata=_about(Check.CHOICE, "Rental terms", _PRICES, "Kind of price for rented hardware.", choices=PURCHASES),
    )
    rent_price: Number = field(
        default=None,
        metadata=_about(Check.PRICE, "Rent of an accelerator", _PRICES, "Rent of one accelerator for one hour.", unit="$/h", uses=Use.HARDWARE | Use.RUN),
    )
    purchase_price: Number = field(
        default=None, metadata=_about(Check.POSITIVE, "Price of a server", _PRICES, "Purchase price of one server.", unit="$", uses=Use.HARDWARE | Use.RUN)
    )
    service_life: Number = field(
        default=None, metadata=_about(Check.POSITIVE, "Service life", _PRICES, "Years that the hardware stays in service.", unit="years", uses=Use.RUN)
    )
    utilisation: Number = field(
        default=None,
        metadata=_about(Check.SHARE, "Share of its life in use", _PRICES, "Share of its service life in which the hardware is used.", uses=Use.RUN),
    )
    calibration: str | None = field(
        default=None, metadata=_about(Check.TEXT, "Calibration", _KNOWN, "A named calibration, or none.", choices=("none",), uses=Use.RUN)
    )

    def __init__(self, **stated: "Unpack[PlanFields]") -> None:  # not generated: that would cost 2 % of the start-up
        shapes = set()
        values = named(stated)
        for name, declared in FIELDS.items():
            value = values.get(name)
            if value is not None:
                value = check_number(name, value, declared) if name in NUMBERS else check_text(name, value, declared)
                if hasattr(median := median_of(value), "shape"):
                    shapes.add(median.shape)
            object.__setattr__(self, name, value)
        if len(shapes) > 1:
            raise PlanError(f"the arrays of the plan have different shapes: {sorted(shapes)}", hint="give arrays of one length")
        check_together(self)

    def number(self, name: str) -> Num:
        """Return the number *name* as float, array or :class:`~traincarbon.uncertain.Uncertain`, None if it is not stated."""
        value = getattr(self, name)
        return parse_uncertain(value, name) if isinstance(value, str) and name in NUMBERS else value

    @property
    def holds_arrays(self) -> bool:
        """Whether it is many plans: a number is an array."""
        return any(hasattr(median_of(getattr(self, name)), "shape") for name in NUMBERS)

    @property
    def is_moe(self) -> bool:
        """Whether the model is a mixture of experts: each token passes through a part of its parameters; of an array of plans, whether any is."""
        return self.active_params is not None and any_of(self.active_params != self.params)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Return the stated fields, in order, fit for JSON."""
        return {name: _plain(value) for name in FIELDS if (value := getattr(self, name)) is not None}

    def to_toml(self) -> str:
        """Return the plan as a TOML file that :meth:`from_toml` reads back.

        Raises:
            PlanError: the plan holds arrays: it is many plans.
        """
        if self.holds_arrays:
            raise PlanError("a plan of arrays is many plans and cannot be written as one file", hint="write one file for each")
        return to_toml(self.to_dict())

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Plan":
        """Return the plan with these *fields*.

        Raises:
            PlanError: a field does not exist, or is given under two names.
        """
        return cls(**cast("PlanFields", named(fields)))

    @classmethod
    def from_toml(cls, text: str) -> "Plan":
        """Return the plan that a TOML *text* states; a byte-order mark is ignored.

        Raises:
            PlanError: *text* is not TOML, is cut off, or has an unknown key.
        """
        try:
            fields = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
        except (ValueError, RecursionError) as error:
            raise PlanError(f"the plan is not TOML: {error}", hint="is it cut off, or text without quotes? " + _LINES) from error
        return cls.from_dict(fields)

    @classmethod
    def read(cls, file: str | PathLike[str]) -> "Plan":
        """Return the plan in a TOML *file*; the path of a model's configuration may be relative to it.

        Raises:
            CarbonError: the file cannot be read or is not a plan; the message names it.
        """
        try:
            with open(file, encoding="utf-8") as stream:
                text = stream.read()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise PlanError(f"cannot read {str(file)!r}: {reason}", hint="a plan is a TOML file in UTF-8") from error
        try:
            plan = cls.from_toml(text)
        except CarbonError as error:
            raise type(error)(f"{clean(str(file))}: {error}", hint=error.hint) from error
        beside = path.join(path.dirname(file), plan.model) if plan.model is not None else ""
        return replace(plan, model=beside) if beside and not path.exists(plan.model or "") and path.exists(beside) else plan


class FixedFields(TypedDict, total=False):
    """The fields of a :class:`Plan` that hold for every combination where hardware, regions, prices and starts are compared, and their aliases."""

    name: str | None
    model: str | None
    params: Number
    tokens: Number
    samples: Number
    epochs: Number
    image_size: Number
    patch_size: Number
    audio_hours: Number
    frames_per_s: Number
    flop: Number
    flop_per_sample: Number
    gmac_per_sample: Number
    attempts: Number
    active_params: Number
    trainable_params: Number
    frozen_params: Number
    teacher_params: Number
    servers: Number
    accelerators: Number
    accelerator_hours: Number
    hours: Number
    days: Number
    precision: str | None
    kind: str | None
    family: str | None
    layers: Number
    hidden: Number
    heads: Number
    kv_heads: Number
    head_dim: Number
    ffn: Number
    ffn_matrices: Number
    vocab: Number
    seq_len: Number
    batch_tokens: Number
    recompute: str | None
    tp: Number
    pp: Number
    dp: Number
    mfu: Number
    goodput: Number
    pue: Number
    carbon_intensity: Number
    market_intensity: Number
    basis: str | None
    electricity_price: Number
    rent_price: Number
    purchase_price: Number
    service_life: Number
    utilisation: Number
    calibration: str | None
    flops: Number
    nodes: Number
    gpus: Number
    gpu_hours: Number


class PlanFields(FixedFields, total=False):
    """The fields of a :class:`Plan` as keyword arguments of :func:`traincarbon.estimate` and its siblings, and their aliases."""

    hw: str | None
    region: str | None
    start: str | None
    rent: str | None
    hardware: str | None
    gpu: str | None


FIELDS: dict[str, Field] = {each.name: each.metadata["field"] for each in fields(Plan)}
"""Every field of a plan, in the order in which it is shown; each is an option of the command line by the same name."""
NUMBERS = frozenset(name for name, declared in FIELDS.items() if declared.is_number)
CHOICES: dict[str, tuple[str, ...]] = {name: declared.choices for name, declared in FIELDS.items() if declared.check is Check.CHOICE}
"""Fields that are one of a few words, and these words."""


ALIASES: dict[str, str] = {alias: name for name, declared in FIELDS.items() for alias in declared.aliases}
"""Other names of fields, to the field."""


def named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return *fields* by the names of a plan's fields, where some may be given by an alias.

    Raises:
        PlanError: a field does not exist, or is given under two names.

    Example:
        >>> named({"gpus": 8, "hardware": "a100"})
        {'accelerators': 8, 'hw': 'a100'}
    """
    found: dict[str, Any] = {}
    for given, value in fields.items():
        name = ALIASES.get(given, given)
        if name not in FIELDS:
            from traincarbon.suggestions import did_you_mean

            raise PlanError(f"unknown key {given!r} in the plan", hint=did_you_mean(str(given), FIELDS))
        if value is not None and found.get(name) is not None:
            alias = next(each for each in fields if ALIASES.get(each) == name)
            raise PlanError(f"{name} and {alias} are the same field", hint="give one of them")
        if found.get(name) is None:
            found[name] = value
    return found


def fields_with(use: Use) -> tuple[str, ...]:
    """Return the names of the fields that have any part of *use*.

    Example:
        >>> fields_with(Use.DEGREE)
        ('tp', 'pp', 'dp')
    """
    return tuple(name for name, declared in FIELDS.items() if declared.uses & use)


def _plain(value: Num) -> object:
    if isinstance(value, Uncertain):
        low, high = value.interval(0.9)
        if hasattr(low, "shape"):
            return [f"{least!r}..{most!r}" for least, most in zip(low.tolist(), high.tolist(), strict=True)]
        return f"{low!r}..{high!r}"
    return value.tolist() if hasattr(value, "tolist") else value


_LINES = 'lines are like: params = 530e9, tokens = "1.4T", hw = "dgx-a100"'
