"""A plan: a training to estimate."""

from collections.abc import Mapping
from os import PathLike, path
from typing import TYPE_CHECKING, Any, cast

from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.contradictions import check_together
from traincarbon.estimation.fields import Number, check_number, check_text
from traincarbon.estimation.parse import parse_uncertain
from traincarbon.estimation.plan_fields import FIELDS, NUMBERS, named
from traincarbon.formatting import clean
from traincarbon.reading import read_limited
from traincarbon.uncertain import Num, Uncertain, any_of, median_of

if TYPE_CHECKING:
    from typing import Unpack

    from traincarbon.estimation.plan_keywords import PlanFields


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

    # what is not stated is None of the class: a plan has many fields and states few of them
    name: str | None
    model: str | None
    params: Number
    tokens: Number
    samples: Number
    epochs: Number
    flop: Number
    flop_per_sample: Number
    gmac_per_sample: Number
    image_size: Number
    patch_size: Number
    images_per_sample: Number
    images: Number
    audio_hours: Number
    frames_per_s: Number
    latent_factor: Number
    frames: Number
    frames_per_token: Number
    text_tokens: Number
    text_params: Number
    decoder_params: Number
    mask_ratio: Number
    global_crops: Number
    local_crops: Number
    local_size: Number
    frozen_gmac_per_sample: Number
    seconds_per_sample: Number
    padding: Number
    evaluation_tokens: Number
    startup_hours: Number
    reference_params: Number
    generated_tokens: Number
    generation_ratio: Number
    attempts: Number
    hw: str | None
    active_params: Number
    trainable_params: Number
    frozen_params: Number
    teacher_params: Number
    servers: Number
    accelerators: Number
    accelerator_hours: Number
    hours: Number
    days: Number
    region: str | None
    start: str | None
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
    attention: str | None
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
    rent: str | None
    rent_from: str | None
    rent_price: Number
    discount: Number
    purchase_price: Number
    service_life: Number
    utilisation: Number
    calibration: str | None

    def __init__(self, **stated: "Unpack[PlanFields]") -> None:
        shapes = set()
        values = vars(self)
        for name, given in named(stated).items():
            if given is not None:
                values[name] = value = check_number(name, given, FIELDS[name]) if name in NUMBERS else check_text(name, given, FIELDS[name])
                if hasattr(median := median_of(value), "shape"):
                    shapes.add(median.shape)
        if len(shapes) > 1:
            raise PlanError(f"the arrays of the plan have different shapes: {sorted(shapes)}", hint="give arrays of one length")
        check_together(self)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a plan is frozen: cannot assign {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a plan is frozen: cannot delete {name}")

    def __repr__(self) -> str:
        return f"Plan({', '.join(f'{name}={value!r}' for name, value in self.stated().items())})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Plan.from_dict, (self.stated(),)

    def __replace__(self, **changes: "Unpack[PlanFields]") -> "Plan":
        return Plan.from_dict(self.stated() | named(changes))

    def stated(self) -> dict[str, Any]:
        """Return the stated fields, in order, as they were given."""
        values = vars(self)
        return {name: values[name] for name in FIELDS if name in values}

    def number(self, name: str) -> Num:
        """Return the number *name* as float, array or :class:`~traincarbon.uncertain.Uncertain`, None if it is not stated."""
        value = getattr(self, name)
        return parse_uncertain(value, name) if isinstance(value, str) and name in NUMBERS else value

    @property
    def holds_arrays(self) -> bool:
        """Whether it is many plans: a number is an array."""
        return any(hasattr(median_of(value), "shape") for value in vars(self).values())

    @property
    def is_moe(self) -> bool:
        """Whether the model is a mixture of experts: each token passes through a part of its parameters; of an array of plans, whether any is."""
        return self.active_params is not None and any_of(self.active_params != self.params)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Return the stated fields, in order, fit for JSON."""
        return {name: _plain(value) for name, value in self.stated().items()}

    def to_toml(self) -> str:
        """Return the plan as a TOML file that :meth:`from_toml` reads back.

        Raises:
            PlanError: the plan holds arrays: it is many plans.
        """
        if self.holds_arrays:
            raise PlanError("a plan of arrays is many plans and cannot be written as one file", hint="write one file for each")
        from traincarbon.toml import to_toml

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
        from traincarbon.toml import parse_toml

        try:
            fields = parse_toml(text)
        except ValueError as error:
            raise PlanError(f"the plan is not TOML: {error}", hint="is it cut off, or text without quotes? " + _LINES) from error
        return cls.from_dict(fields)

    @classmethod
    def read(cls, file: str | PathLike[str]) -> "Plan":
        """Return the plan in a TOML *file*; the path of a model's configuration may be relative to it.

        Raises:
            CarbonError: the file cannot be read or is not a plan; the message names it.
        """
        try:
            text = read_limited(file).decode("utf-8")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise PlanError(f"cannot read {str(file)!r}: {reason}", hint="a plan is a TOML file in UTF-8") from error
        try:
            plan = cls.from_toml(text)
        except CarbonError as error:
            raise type(error)(f"{clean(str(file))}: {error}", hint=error.hint) from error
        beside = path.join(path.dirname(file), plan.model) if plan.model is not None else ""
        return plan.__replace__(model=beside) if beside and not path.exists(plan.model or "") and path.exists(beside) else plan


for _name in FIELDS:
    setattr(Plan, _name, None)

_SAME_COUNT = {"accelerators": ("servers", "dp"), "servers": ("accelerators", "dp")}
"""Fields of a plan that a count replaces, as they state the same."""


def overridden(stated: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a plan *stated* with other *fields*, which override it; a number of servers and one of accelerators override each other.

    Example:
        >>> overridden({"servers": 280, "tokens": 1e12}, {"accelerators": 800})
        {'tokens': 1000000000000.0, 'accelerators': 800}
    """
    replaced = {name for field, value in fields.items() if value is not None for name in _SAME_COUNT.get(field, ()) if name not in fields}
    return {name: value for name, value in stated.items() if name not in replaced} | dict(fields)


def _plain(value: Num) -> object:
    if isinstance(value, Uncertain):
        low, high = value.interval(0.9)
        if hasattr(low, "shape"):
            return [f"{least!r}..{most!r}" for least, most in zip(low.tolist(), high.tolist(), strict=True)]
        return f"{low!r}..{high!r}"
    return value.tolist() if hasattr(value, "tolist") else value


_LINES = 'lines are like: params = 530e9, tokens = "1.4T", hw = "dgx-a100"'
