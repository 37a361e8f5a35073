"""What is asked: a training that somebody thinks of running, strict about what it is told."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.fields import FIELDS, NUMBERS, check_number, check_text
from traincarbon.estimation.parse import parse_uncertain
from traincarbon.formatting import clean, shortened
from traincarbon.toml import to_toml
from traincarbon.uncertain import Uncertain, any_of, median_of

if TYPE_CHECKING:
    from traincarbon.uncertain import Array

Number: TypeAlias = "float | str | Uncertain | Array | None"
"""A number of a plan: a float, text such as ``"1.4T"`` or ``"0.3..0.5"``, an :class:`~traincarbon.uncertain.Uncertain`, or an array for many plans."""

_PARTS = (
    ("active_params", "params", "params counts all experts, active_params those that a token visits"),
    ("trainable_params", "params", "params counts the whole model, trainable_params what is updated of it"),
    ("batch_tokens", "tokens", "tokens are those of the whole training, batch_tokens those of one step"),
    ("seq_len", "batch_tokens", "a step sees one sequence of seq_len at least: batch_tokens counts the tokens of all its sequences"),
)
"""Numbers that are part of another, and what to think of where they are larger."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A training to be estimated; a field that is None was not said and will be an assumption.

    Numbers may be given as float, as text with SI endings (``"1.4T"``), as an interval of 90 % (``"0.3..0.5"``,
    ``"0.4±0.05"``), as :class:`~traincarbon.uncertain.Uncertain`, or as a NumPy array for many plans at once.
    What each field means and its unit stand in :data:`FIELDS`.

    Raises:
        PlanError: a field is of the wrong kind, or fields contradict each other.
        OutOfRangeError: a number is outside what is possible.
        QuantityError: a text is no number.

    Example:
        >>> Plan(params="530B", tokens="270e9", hw="dgx-a100").params
        530000000000.0
    """

    name: str | None = None
    params: Any = None
    tokens: Any = None
    hw: str | None = None
    active_params: Any = None
    trainable_params: Any = None
    servers: Any = None
    accelerators: Any = None
    accelerator_hours: Any = None
    region: str | None = None
    start: str | None = None
    precision: str | None = None
    kind: str | None = None
    family: str | None = None
    layers: Any = None
    hidden: Any = None
    heads: Any = None
    kv_heads: Any = None
    ffn: Any = None
    vocab: Any = None
    seq_len: Any = None
    batch_tokens: Any = None
    recompute: str | None = None
    tp: Any = None
    pp: Any = None
    dp: Any = None
    mfu: Any = None
    goodput: Any = None
    pue: Any = None
    carbon_intensity: Any = None
    market_intensity: Any = None
    basis: str | None = None
    electricity_price: Any = None
    rent: str | None = None
    rent_price: Any = None
    purchase_price: Any = None
    service_life: Any = None
    utilisation: Any = None
    calibration: str | None = None

    def __post_init__(self) -> None:
        for name in FIELDS:
            value = getattr(self, name)
            if value is not None:
                checked = check_number(name, value) if name in NUMBERS else check_text(name, value)
                if checked is not value:
                    object.__setattr__(self, name, checked)
        shapes = {value.shape for name in NUMBERS if hasattr(value := getattr(self, name), "shape")}
        if len(shapes) > 1:
            raise PlanError(f"the arrays of the plan have different shapes: {sorted(shapes)}", hint="give arrays of one length")
        if self.mfu is not None and self.accelerator_hours is not None:
            raise PlanError("both mfu and accelerator_hours are given", hint="the one follows from the other: give one")
        if self.kv_heads is not None and self.heads is None:
            raise PlanError("kv_heads are given without heads", hint="give heads too")
        if self.kv_heads is not None and any_of(self.heads % self.kv_heads != 0.0):
            raise PlanError(f"heads {_show(self.heads)} do not divide by kv_heads {_show(self.kv_heads)}", hint="each key and value head serves as many heads")
        for part, whole, hint in _PARTS:
            if getattr(self, part) is not None and getattr(self, whole) is not None and any_of(median_of(self.number(part)) > median_of(self.number(whole))):
                raise PlanError(
                    f"{part} {_show(getattr(self, part))} exceed{'' if part.endswith('s') else 's'} {whole} {_show(getattr(self, whole))}", hint=hint
                )

    def number(self, name: str) -> Any:
        """Return the field *name*, a number as float, array or :class:`~traincarbon.uncertain.Uncertain`, or None where it was not said."""
        value = getattr(self, name)
        return parse_uncertain(value, name) if isinstance(value, str) and name in NUMBERS else value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plan) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that were said, in order, fit for JSON."""
        return {name: _plain(value) for name in FIELDS if (value := getattr(self, name)) is not None}

    def to_toml(self) -> str:
        """Return the plan as a TOML file that :meth:`from_toml` reads back.

        Raises:
            PlanError: the plan holds arrays: it is many plans.
        """
        if any(hasattr(getattr(self, name), "shape") for name in NUMBERS):
            raise PlanError("a plan of arrays is many plans and cannot be written as one file", hint="write each of them")
        return to_toml(self.to_dict())

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Plan":
        """Return the plan with these *fields*.

        Raises:
            PlanError: a field is unknown.
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
            raise PlanError(f"the plan is not TOML: {error}", hint="is it cut off, or a text without quotes? " + _LINES) from error
        return cls.from_dict(fields)

    @classmethod
    def read(cls, file: str | PathLike[str]) -> "Plan":
        """Return the plan in a TOML *file*.

        Raises:
            CarbonError: the file cannot be read or is no plan; the message names it.
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


def _show(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else shortened(str(value), most=40)


def _plain(value: Any) -> Any:
    if isinstance(value, Uncertain):
        low, high = value.interval(0.9)
        return f"{low!r}..{high!r}"
    return value.tolist() if hasattr(value, "tolist") else value


_LINES = 'lines are like: params = 530e9, tokens = "1.4T", hw = "dgx-a100"'
