"""The fields of a plan: what each means, and what it may hold."""

import math
from typing import Any, NamedTuple

from traincarbon.errors import OutOfRangeError, PlanError, QuantityError
from traincarbon.estimation.parse import NoNumberError, is_interval, parse_quantity, parse_uncertain
from traincarbon.uncertain import Uncertain


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
    "ffn": Field("count", "", "Inner width of the feed-forward part; less than four times hidden is taken as gated (three matrices)."),
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

NUMBERS = frozenset(name for name, field in FIELDS.items() if field.check not in ("text", "choice", "date"))
_MOST_GCO2E_PER_KWH = 1500.0
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY_WIDTH = len("2020-06-30")
_MOST_COUNT = 1e12
_MOST = 1e30
"""No quantity of a training comes near this; it keeps every product of the chain finite."""


def check_number(name: str, value: Any, field: Field | None = None) -> Any:
    """Return *value* as the field *name* holds it: a float, an array of them, an uncertain one, or the text of an interval.

    Args:
        name: What to call the value in an error.
        value: The value as stated.
        field: How it is read and bounded, where *name* is not a field of a plan.

    Raises:
        PlanError: it is no number.
        QuantityError: it is a text that states none.
        OutOfRangeError: it is outside what the field may hold.
    """
    field = field or FIELDS[name]
    if isinstance(value, str):
        try:
            stated: Any = parse_uncertain(value, name) if is_interval(value) else parse_quantity(value)
        except (QuantityError, OutOfRangeError) as error:
            hint = _spelled(field, value) if isinstance(error, NoNumberError) else ""
            raise type(error)(f"{name} is {error}", hint=hint or error.hint) from None
        checked = check_number(name, stated, field)
        return value if isinstance(stated, Uncertain) else checked
    if isinstance(value, bool):
        raise PlanError(f"{name} is {value}", hint=f"{name} is a number")
    if isinstance(value, Uncertain):
        if field.check == "count":
            raise PlanError(f"{name} is an interval", hint="it is a count: give a whole number")
        if hasattr(value.sigma, "shape") or hasattr(value.median, "shape"):
            raise PlanError(f"{name} is an interval of arrays", hint="give an array or an interval")
        low, high = value.interval(0.9)
        _check_bounds(name, field, low if field.check != "pue" else value.median)
        _check_bounds(name, field, high if field.check != "share" else value.median)
        return value
    if isinstance(value, (int, float)):
        try:
            value = float(value)
        except OverflowError:
            raise OutOfRangeError(f"{name} is too large", hint="the largest number that fits is about 1.8e308") from None
        _check_bounds(name, field, value)
        return value
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if getattr(value, "ndim", 1) == 0:
        return check_number(name, value.item(), field)
    if hasattr(value, "shape") and hasattr(value, "astype"):
        return _check_array(name, field, value)
    raise PlanError(f"{name} is {value!r}", hint=f"{name} is a number")


def _spelled(field: Field, text: str) -> str:
    """Return how to write a number of *field* where *text* is not one; empty where there is nothing special about it."""
    if field.unit:
        return f"write a plain number, in {field.unit}"
    if field.check not in ("share", "pue"):
        return ""
    what = "a share, as 0.4" if field.check == "share" else "a ratio, as 1.1"
    if text.strip().endswith("%"):
        try:
            return f"write {what}; did you mean {parse_quantity(text.strip()[:-1]) / 100.0:g}?"
        except QuantityError:
            pass
    return f"write {what}, or an interval, as {'0.3..0.5' if field.check == 'share' else '1.1..1.3'}"


def _check_array(name: str, field: Field, value: Any) -> Any:
    if value.dtype.kind not in "iuf" or value.ndim != 1 or not value.size:
        raise PlanError(f"{name} is an array of {value.dtype} and shape {value.shape}", hint="give one row of real numbers, at least one")
    array = value.astype(float)
    for extreme in (array.min(), array.max()):
        _check_bounds(name, field, float(extreme))
    if field.check == "count" and (array % 1.0).any():
        raise OutOfRangeError(f"{name} holds numbers that are not whole", hint="it must be whole numbers of at least 1")
    return array


def _check_bounds(name: str, field: Field, value: float) -> None:
    check = field.check
    if not math.isfinite(value):
        raise OutOfRangeError(f"{name} is {value}", hint="it must be a finite number")
    if value > _MOST or 0.0 < value < 1.0 / _MOST:
        raise OutOfRangeError(f"{name} is {value:g}", hint="is the exponent right?")
    if check == "positive":
        if value > 0.0:
            return
        hint = "it must be above 0"
    elif check == "count":
        if 1.0 <= value <= _MOST_COUNT and value == math.floor(value):
            return
        hint = f"it must be a whole number from 1 to {_MOST_COUNT:g}"
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


def check_text(name: str, value: Any) -> str:
    """Return *value* as the field *name* holds it: a text, one of the field's choices, or a date.

    Raises:
        PlanError: it is no text, or none that the field may hold.
    """
    if name == "start" and not isinstance(value, bool):
        value = _text_of_date(value)
    if not isinstance(value, str):
        raise PlanError(f"{name} is {value!r}", hint=f"{name} is text")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise PlanError(f"{name} is {value!r}", hint="it must be text that UTF-8 can hold") from None
    if name == "start":
        return _check_date(value)
    if name == "calibration" and value.strip().lower() == "none":
        return "none"
    choices = CHOICES.get(name)
    if choices is None:
        return value
    chosen = value.strip().lower()
    if name == "rent":
        chosen = chosen.replace("-", "_")
    if chosen not in choices:
        raise PlanError(f"{name} is {value!r}", hint=f"it must be one of {', '.join(choices)}")
    return chosen


def _text_of_date(value: Any) -> Any:
    """Return a year or a day that stands in a plan without quotes as the text that it would be with them; anything else as it is."""
    if isinstance(value, int):
        return str(value)
    return value.isoformat()[:_DAY_WIDTH] if hasattr(value, "isoformat") else value


def _check_date(text: str) -> str:
    parts = text.strip().split("-")
    widths = [len(part) for part in parts]
    if widths in ([4], [4, 2], [4, 2, 2]) and all(part.isascii() and part.isdigit() for part in parts):
        year, month, day = (int(part) for part in [*parts, "1", "1"][:3])
        if 2000 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]:
            return text.strip()
    raise PlanError(f"start is {text!r}", hint="write a year or a month, as 2020 or 2020-06")
