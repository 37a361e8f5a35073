"""A plan: a training to estimate. Every field of it is declared here, once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from os import PathLike
from typing import Any, TypedDict

from traincarbon.database.records import BASES, PRECISIONS, PURCHASES
from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.families import FAMILIES
from traincarbon.estimation.fields import Check, Field, Number, Section, Use, check_number, check_text
from traincarbon.estimation.parse import parse_uncertain
from traincarbon.formatting import clean, shortened
from traincarbon.toml import to_toml
from traincarbon.uncertain import Num, Uncertain, any_of, median_of

_PARTS = (
    ("active_params", "params", "params counts all experts, active_params those that a token passes through"),
    ("trainable_params", "params", "params counts the whole model, trainable_params the part that is updated"),
    ("batch_tokens", "tokens", "tokens counts the whole training, batch_tokens one step"),
    ("seq_len", "batch_tokens", "a step has at least one sequence of seq_len: batch_tokens counts the tokens of all its sequences"),
)
"""Numbers that are part of another, and the hint for a part that is larger."""
_JOB = Use.HOURS | Use.STEP
_WORK, _SITE, _KNOWN, _PRICES, _SHAPE = Section


def _about(check: Check, label: str, section: Section, help: str, *, unit: str = "", choices: tuple[str, ...] = (), uses: Use = Use.NONE) -> dict[str, Field]:
    """Return the metadata of a field of a plan."""
    return {"field": Field(check, label, help, section, unit, choices, uses)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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
    params: Number = field(default=None, metadata=_about(Check.POSITIVE, "Parameters", _WORK, "Parameters of the model, all experts included."))
    tokens: Number = field(default=None, metadata=_about(Check.POSITIVE, "Tokens", _WORK, "Tokens seen in training, all epochs included."))
    hw: str | None = field(
        default=None, metadata=_about(Check.TEXT, "Hardware", _SITE, "Server, cloud instance or accelerator, by id or any unambiguous part of its name.")
    )
    active_params: Number = field(
        default=None,
        metadata=_about(Check.POSITIVE, "Active parameters per token", _WORK, "Parameters that each token passes through (mixture of experts).", uses=Use.STEP),
    )
    trainable_params: Number = field(
        default=None,
        metadata=_about(Check.POSITIVE, "Trainable parameters", _WORK, "Parameters that are updated, if not all are (LoRA).", uses=Use.SIZE | Use.HOURS),
    )
    servers: Number = field(default=None, metadata=_about(Check.COUNT, "Servers", _SITE, "Number of servers that train together."))
    accelerators: Number = field(
        default=None, metadata=_about(Check.COUNT, "Accelerators", _SITE, "Number of accelerators that train together; replaces `--servers`.")
    )
    accelerator_hours: Number = field(
        default=None, metadata=_about(Check.POSITIVE, "GPU-hours", _SITE, "Known accelerator-hours; replaces `--mfu`.", unit="h", uses=Use.PACE)
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
    layers: Number = field(default=None, metadata=_about(Check.COUNT, "Layers", _SHAPE, "Number of transformer layers.", uses=_JOB | Use.SIZE))
    hidden: Number = field(default=None, metadata=_about(Check.COUNT, "Width of the model", _SHAPE, "Width of the model.", uses=_JOB | Use.SIZE))
    heads: Number = field(default=None, metadata=_about(Check.COUNT, "Attention heads", _SHAPE, "Number of attention heads.", uses=_JOB | Use.SIZE))
    kv_heads: Number = field(
        default=None,
        metadata=_about(Check.COUNT, "Key and value heads", _SHAPE, "Number of key and value heads (grouped-query attention).", uses=_JOB | Use.SIZE),
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
    vocab: Number = field(default=None, metadata=_about(Check.COUNT, "Vocabulary size", _SHAPE, "Size of the vocabulary.", uses=_JOB | Use.SIZE))
    seq_len: Number = field(default=None, metadata=_about(Check.COUNT, "Sequence length", _SHAPE, "Context length in training.", uses=_JOB))
    batch_tokens: Number = field(default=None, metadata=_about(Check.POSITIVE, "Tokens per step", _SHAPE, "Tokens of one step.", uses=Use.SIZE))
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

    def __post_init__(self) -> None:
        shapes = set()
        for name, declared in FIELDS.items():
            value = getattr(self, name)
            if value is not None:
                checked = check_number(name, value, declared) if name in NUMBERS else check_text(name, value, declared)
                if checked is not value:
                    object.__setattr__(self, name, checked)
                if hasattr(checked, "shape"):
                    shapes.add(checked.shape)
        if len(shapes) > 1:
            raise PlanError(f"the arrays of the plan have different shapes: {sorted(shapes)}", hint="give arrays of one length")
        if self.mfu is not None and self.accelerator_hours is not None:
            raise PlanError("mfu and accelerator_hours exclude each other", hint="give one; the other is computed")
        if self.kv_heads is not None and self.heads is None:
            raise PlanError("kv_heads need heads", hint="give heads too")
        if self.kv_heads is not None and any_of(self.number("heads") % self.number("kv_heads") != 0.0):
            raise PlanError(
                f"heads {_show(self.heads)} do not divide by kv_heads {_show(self.kv_heads)}", hint="each key and value head serves the same number of heads"
            )
        for part, whole, hint in _PARTS:
            if getattr(self, part) is not None and getattr(self, whole) is not None and any_of(median_of(self.number(part)) > median_of(self.number(whole))):
                raise PlanError(
                    f"{part} {_show(getattr(self, part))} exceed{'' if part.endswith('s') else 's'} {whole} {_show(getattr(self, whole))}", hint=hint
                )

    def number(self, name: str) -> Num:
        """Return the number *name* as float, array or :class:`~traincarbon.uncertain.Uncertain`, None if it is not stated."""
        value = getattr(self, name)
        return parse_uncertain(value, name) if isinstance(value, str) and name in NUMBERS else value

    @property
    def is_moe(self) -> bool:
        """Whether the model is a mixture of experts: each token passes through a part of its parameters."""
        return self.active_params is not None and (hasattr(self.active_params, "shape") or any_of(self.active_params != self.params))

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
        if any(hasattr(getattr(self, name), "shape") for name in NUMBERS):
            raise PlanError("a plan of arrays is many plans and cannot be written as one file", hint="write one file for each")
        return to_toml(self.to_dict())

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Plan":
        """Return the plan with these *fields*.

        Raises:
            PlanError: a field does not exist.
        """
        for name in fields:
            if name not in FIELDS:
                from traincarbon.suggestions import did_you_mean

                raise PlanError(f"unknown key {name!r} in the plan", hint=did_you_mean(str(name), FIELDS))
        return cls(**fields)

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
        """Return the plan in a TOML *file*.

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
            return cls.from_toml(text)
        except CarbonError as error:
            raise type(error)(f"{clean(str(file))}: {error}", hint=error.hint) from error


class FixedFields(TypedDict, total=False):
    """The fields of a :class:`Plan` that hold for every combination where hardware, regions, prices and starts are compared."""

    name: str | None
    params: Number
    tokens: Number
    active_params: Number
    trainable_params: Number
    servers: Number
    accelerators: Number
    accelerator_hours: Number
    precision: str | None
    kind: str | None
    family: str | None
    layers: Number
    hidden: Number
    heads: Number
    kv_heads: Number
    ffn: Number
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


class PlanFields(FixedFields, total=False):
    """The fields of a :class:`Plan` as keyword arguments of :func:`traincarbon.estimate` and its siblings."""

    hw: str | None
    region: str | None
    start: str | None
    rent: str | None


FIELDS: dict[str, Field] = {each.name: each.metadata["field"] for each in fields(Plan)}
"""Every field of a plan, in the order in which it is shown; each is an option of the command line by the same name."""
NUMBERS = frozenset(name for name, declared in FIELDS.items() if declared.is_number)
CHOICES: dict[str, tuple[str, ...]] = {name: declared.choices for name, declared in FIELDS.items() if declared.check is Check.CHOICE}
"""Fields that are one of a few words, and these words."""


def fields_with(use: Use) -> tuple[str, ...]:
    """Return the names of the fields that have any part of *use*.

    Example:
        >>> fields_with(Use.DEGREE)
        ('tp', 'pp', 'dp')
    """
    return tuple(name for name, declared in FIELDS.items() if declared.uses & use)


def _show(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else shortened(str(value), most=40)


def _plain(value: Num) -> object:
    if isinstance(value, Uncertain):
        low, high = value.interval(0.9)
        return f"{low!r}..{high!r}"
    return value.tolist() if hasattr(value, "tolist") else value


_LINES = 'lines are like: params = 530e9, tokens = "1.4T", hw = "dgx-a100"'
