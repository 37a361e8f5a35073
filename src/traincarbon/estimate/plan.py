"""What is asked: a training that somebody thinks of running, strict about what it is told."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from os import PathLike
from typing import Any, NamedTuple

from traincarbon.errors import OutOfRangeError, PlanError, QuantityError
from traincarbon.uncertain import Uncertain
from traincarbon.units import parse_quantity


class Field(NamedTuple):
    """How a field of a plan is read and bounded."""

    check: str
    unit: str
    help: str


CHOICES = {
    "precision": ("fp32", "tf32", "fp16", "bf16", "fp8", "fp4"),
    "kind": ("pretrain", "finetune", "lora"),
    "family": ("decoder", "encoder", "encoder-decoder", "vision", "diffusion", "speech", "multimodal"),
    "recompute": ("none", "selective", "full"),
    "rent": ("on_demand", "spot", "reserved_1y", "reserved_3y"),
    "basis": ("lifecycle", "direct"),
}

FIELDS: dict[str, Field] = {
    "name": Field("text", "", "What to call the run."),
    "params": Field("positive", "", "Parameters of the model, experts included."),
    "tokens": Field("positive", "", "Tokens seen in training, epochs included."),
    "hw": Field("text", "", "Server, cloud instance or accelerator: an id or a name like it."),
    "active_params": Field("positive", "", "Parameters that each token passes through (mixture of experts)."),
    "trainable_params": Field("positive", "", "Parameters that are updated, where not all are (LoRA)."),
    "servers": Field("count", "", "Servers at work together."),
    "accelerators": Field("count", "", "Accelerators at work together, in place of servers."),
    "accelerator_hours": Field("positive", "h", "Accelerator-hours, where they are known: in place of a utilisation."),
    "region": Field("text", "", "Cloud region, country or state."),
    "start": Field("date", "", "When it starts, YYYY or YYYY-MM: takes the facts of that time."),
    "precision": Field("choice", "", "Number format of the matrix products."),
    "kind": Field("choice", "", "Training from scratch, fine-tuning, or adapters on a frozen model."),
    "family": Field("choice", "", "What kind of model it is."),
    "layers": Field("count", "", "Transformer layers."),
    "hidden": Field("count", "", "Width of the model."),
    "heads": Field("count", "", "Attention heads."),
    "kv_heads": Field("count", "", "Key and value heads (grouped-query attention)."),
    "ffn": Field("count", "", "Inner width of the feed-forward part; three times hidden or less is taken as gated."),
    "vocab": Field("count", "", "Size of the vocabulary."),
    "seq_len": Field("count", "", "Context length in training."),
    "batch_tokens": Field("positive", "", "Tokens of one step."),
    "recompute": Field("choice", "", "Activations computed again in the backward pass."),
    "tp": Field("count", "", "Tensor-parallel degree."),
    "pp": Field("count", "", "Pipeline-parallel degree."),
    "dp": Field("count", "", "Data-parallel degree."),
    "mfu": Field("share", "", "Model FLOP utilisation, end to end; with goodput, that of the steps."),
    "goodput": Field("share", "", "Share of the wall-clock that trains."),
    "pue": Field("pue", "", "Power usage effectiveness of the facility."),
    "carbon_intensity": Field("intensity", "g/kWh", "Carbon intensity of the grid."),
    "market_intensity": Field("intensity", "g/kWh", "Intensity by the energy contracts held: adds the market-based figure."),
    "basis": Field("choice", "", "Whether grid intensities count the fuel's and plant's lifecycle or the stacks only."),
    "electricity_price": Field("price", "$/kWh", "Price of electricity."),
    "rent": Field("choice", "", "Which price of renting."),
    "rent_price": Field("price", "$/h", "Rent of one accelerator for an hour."),
    "purchase_price": Field("positive", "$", "Purchase price of one server."),
    "service_life": Field("positive", "years", "Years that hardware stays in service."),
    "utilisation": Field("share", "", "Share of its service life in which the hardware is used."),
    "calibration": Field("text", "", "A named calibration, or none."),
}
"""Every field of a plan, in the order in which it is shown; each is an option of the command line by the same name."""

_NUMBERS = frozenset(name for name, field in FIELDS.items() if field.check not in ("text", "choice", "date"))
_MOST_GCO2E_PER_KWH = 1500.0


@dataclass(frozen=True, slots=True, kw_only=True)
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
                checked = _check_number(name, value) if name in _NUMBERS else _check_text(name, value)
                if checked is not value:
                    object.__setattr__(self, name, checked)
        active, whole = self.active_params, self.params
        if active is not None and whole is not None and _any_above(self.number("active_params"), self.number("params")):
            raise PlanError(
                f"active_params {_show(active)} exceed params {_show(whole)}", hint="params counts all experts, active_params those that a token visits"
            )

    def number(self, name: str) -> Any:
        """Return the field *name* as float, array or :class:`~traincarbon.uncertain.Uncertain`, or None where it was not said."""
        value = getattr(self, name)
        return parse_uncertain(value, name) if isinstance(value, str) else value

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that were said, in order, fit for JSON."""
        return {name: _plain(value) for name in FIELDS if (value := getattr(self, name)) is not None}

    def to_toml(self) -> str:
        """Return the plan as a TOML file that :meth:`from_toml` reads back."""
        return "".join(f"{name} = {_toml_value(value)}\n" for name, value in self.to_dict().items())

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Plan":
        """Return the plan with these *fields*.

        Raises:
            PlanError: a field is unknown.
        """
        for name in fields:
            if name not in FIELDS:
                from difflib import get_close_matches

                close = get_close_matches(str(name).replace("-", "_"), FIELDS, n=1)
                hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(FIELDS)}"
                raise PlanError(f"unknown key {name!r} in the plan", hint=hint)
        return cls(**fields)

    @classmethod
    def from_toml(cls, text: str) -> "Plan":
        """Return the plan that a TOML *text* states; a byte-order mark is ignored.

        Raises:
            PlanError: *text* is not TOML, is cut off, or has an unknown key.
        """
        try:
            fields = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
        except tomllib.TOMLDecodeError as error:
            raise PlanError(f"the plan is not TOML: {error}", hint="is the file cut off? a line is like: params = 530e9") from error
        return cls.from_dict(fields)

    @classmethod
    def read(cls, file: str | PathLike[str]) -> "Plan":
        """Return the plan in a TOML *file*.

        Raises:
            PlanError: the file cannot be read or is no plan.
        """
        try:
            with open(file, encoding="utf-8") as stream:
                text = stream.read()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise PlanError(f"cannot read {str(file)!r}: {reason}", hint="a plan is a TOML file in UTF-8") from error
        return cls.from_toml(text)


def is_interval(text: str) -> bool:
    """Say whether *text* states an interval, ``0.3..0.5`` or ``0.4±0.05``, rather than a number."""
    return ".." in text or "±" in text or "+-" in text


@lru_cache(maxsize=1024)
def parse_uncertain(text: str, name: str) -> Uncertain:
    """Return the interval of 90 % that *text* states, its spread called *name*.

    ``0.3..0.5`` gives the bounds; ``0.4±0.05`` (or ``0.4+-0.05``) the median and the half-width.

    Raises:
        QuantityError: a part is no number.
        OutOfRangeError: the bounds are not positive or in the wrong order.

    Example:
        >>> low, high = parse_uncertain("0.3..0.5", "mfu").interval(0.9)
        >>> round(low, 3), round(high, 3)
        (0.3, 0.5)
    """
    if ".." in text:
        low, _, high = text.partition("..")
        return Uncertain.from_interval(parse_quantity(low), parse_quantity(high), name=name)
    middle, _, half = text.replace("+-", "±").partition("±")
    median, width = parse_quantity(middle), parse_quantity(half)
    if not 0.0 <= width < median:
        raise OutOfRangeError(f"{name} is {text!r}", hint="the half-width after ± must be below the number before it")
    relative = 1.0 + width / median
    return Uncertain(median, Uncertain.from_interval(1.0 / relative, relative, name=name).spreads)


def _check_number(name: str, value: Any) -> Any:
    if isinstance(value, str):
        try:
            stated: Any = parse_uncertain(value, name) if is_interval(value) else parse_quantity(value)
        except QuantityError as error:
            raise QuantityError(f"{name} is {error}", hint=error.hint) from None
        checked = _check_number(name, stated)
        return value if isinstance(stated, Uncertain) else checked
    if isinstance(value, bool):
        raise PlanError(f"{name} is {value}", hint=f"{name} is a number")
    if isinstance(value, Uncertain):
        low, high = value.interval(0.9)
        _check_bounds(name, low if FIELDS[name].check != "pue" else value.median)
        _check_bounds(name, high if FIELDS[name].check != "share" else value.median)
        return value
    if isinstance(value, (int, float)):
        try:
            value = float(value)
        except OverflowError:
            raise OutOfRangeError(f"{name} is too large", hint="the largest number that fits is about 1.8e308") from None
        _check_bounds(name, value)
        return value
    if hasattr(value, "shape") and hasattr(value, "astype"):
        array = value.astype(float)
        if array.size:
            for extreme in (array.min(), array.max()):
                _check_bounds(name, float(extreme))
            if FIELDS[name].check == "count" and (array % 1.0).any():
                raise OutOfRangeError(f"{name} holds numbers that are not whole", hint="it must be whole numbers of at least 1")
        return array
    raise PlanError(f"{name} is {value!r}", hint=f"{name} is a number")


def _check_bounds(name: str, value: float) -> None:
    check = FIELDS[name].check
    if not math.isfinite(value):
        raise OutOfRangeError(f"{name} is {value}", hint="it must be a finite number")
    if check == "positive":
        if value > 0.0:
            return
        hint = "it must be above 0"
    elif check == "count":
        if value >= 1.0 and value == math.floor(value):
            return
        hint = "it must be a whole number of at least 1"
    elif check == "share":
        if 0.0 < value <= 1.0:
            return
        hint = f"it is a share: above 0 and at most 1{f'; did you mean {value / 100:g}?' if 1.0 < value <= 100.0 else ''}"
    elif check == "pue":
        if 1.0 <= value <= 10.0:
            return
        hint = "facility over IT energy is at least 1, and 3 in the worst of rooms"
    elif check == "intensity":
        if value == 0.0 or 1.0 <= value <= _MOST_GCO2E_PER_KWH:
            return
        hint = f"in grams per kWh, 0 to {_MOST_GCO2E_PER_KWH:g}{f'; did you mean {value * 1000:g}?' if 0.0 < value < 1.0 else ''}"
    else:
        if value >= 0.0:
            return
        hint = "it must be at least 0"
    raise OutOfRangeError(f"{name} is {value:g}", hint=hint)


def _check_text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise PlanError(f"{name} is {value!r}", hint=f"{name} is text")
    if name == "start":
        return _check_date(value)
    choices = CHOICES.get(name)
    if choices is None:
        return value
    chosen = value.strip().lower()
    if name == "rent":
        chosen = chosen.replace("-", "_")
    if chosen not in choices:
        raise PlanError(f"{name} is {value!r}", hint=f"it must be one of {', '.join(choices)}")
    return chosen


def _check_date(text: str) -> str:
    parts = text.strip().split("-")
    widths = [len(part) for part in parts]
    if widths in ([4], [4, 2], [4, 2, 2]) and all(part.isascii() and part.isdigit() for part in parts):
        year, month, day = (int(part) for part in [*parts, "1", "1"][:3])
        if 2000 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31:
            return text.strip()
    raise PlanError(f"start is {text!r}", hint="write a year or a month, as 2020 or 2020-06")


def _any_above(left: Any, right: Any) -> bool:
    left = left.median if isinstance(left, Uncertain) else left
    right = right.median if isinstance(right, Uncertain) else right
    above = left > right
    return above if isinstance(above, bool) else bool(above.any())


def _show(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Uncertain):
        low, high = value.interval(0.9)
        return f"{low!r}..{high!r}"
    return value.tolist() if hasattr(value, "tolist") else value


def _toml_value(value: Any) -> str:
    if isinstance(value, str):
        escaped = "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c) for c in value)
        return f'"{escaped}"'
    if isinstance(value, list):
        return f"[{', '.join(_toml_value(item) for item in value)}]"
    return repr(value)


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
