"""What a field of a plan may hold, and the check of a value that is given for it."""

import math
from enum import Flag, StrEnum, auto
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from traincarbon.database.row_checks import MOST_GCO2E_PER_KWH, is_date
from traincarbon.database.select import year_of
from traincarbon.errors import OutOfRangeError, PlanError, QuantityError
from traincarbon.estimation.parse import NoNumberError, is_interval, is_plain, parse_quantity, parse_uncertain, plain_interval
from traincarbon.uncertain import Num, Uncertain

if TYPE_CHECKING:
    from traincarbon.estimation.units import Measure
    from traincarbon.uncertain import Array

Number: TypeAlias = "float | str | Uncertain | Array | None"
"""A number of a plan: a float, text such as ``"1.4T"`` or ``"0.3..0.5"``, an :class:`~traincarbon.uncertain.Uncertain`, or an array for many plans."""


class Check(StrEnum):
    """How the value of a field is read and bounded."""

    TEXT = "text"
    DATE = "date"
    CHOICE = "choice"
    POSITIVE = "positive"
    COUNT = "count"
    SHARE = "share"
    REDUCTION = "reduction"
    PUE = "pue"
    INTENSITY = "intensity"
    PRICE = "price"
    FACTOR = "factor"
    AMOUNT = "amount"


class Section(StrEnum):
    """The sections of the help in which the fields stand."""

    WORK = "What is trained"
    SAMPLES = "Images, video and audio"
    TUNING = "Fine-tuning and reinforcement learning"
    SITE = "On what, where and when"
    KNOWN = "What you know better"
    PRICES = "Prices and years of service"
    SHAPE = "The model's shape, and how it is spread"


class Use(Flag):
    """What a field means to code that deals with several of them."""

    NONE = 0
    SIZE = auto()
    """It holds for a model of one size: a model of another size does not keep it."""
    DEGREE = auto()
    """A degree of parallelism."""
    LAYOUT = auto()
    """It says how the model is divided: another size or other hardware does not keep it."""
    HARDWARE = auto()
    """A price of the hardware: other hardware does not keep it."""
    PACE = auto()
    """A measurement, or a statement, of how fast the training goes."""
    HOURS = auto()
    """The expected hours of a job depend on it, besides hardware and size."""
    STEP = auto()
    """The expected time of a step depends on it, besides hardware, size, layout and batch."""
    RUN = auto()
    """The value of a measured run depends on it: ``carbon track`` has it as an option."""
    DATA = auto()
    """It says how much data there is: another number of tokens does not keep it."""


class Field(NamedTuple):
    """A field of a plan.

    Attributes:
        check: How its value is read and bounded.
        label: What a table or page calls it.
        help: What its option says, a sentence.
        section: Where its option stands.
        unit: Its unit, if a plain number could be taken for another.
        choices: What it may hold; of a text, the words that mean something special.
        uses: What it means to code that deals with several fields.
        nouns: What it counts, as a word that may follow the number.
        aliases: Other names that people use for it; each is an option too.
    """

    check: Check
    label: str
    help: str
    section: Section
    unit: str = ""
    choices: tuple[str, ...] = ()
    uses: Use = Use.NONE
    nouns: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether it holds a number."""
        return self.check not in (Check.TEXT, Check.DATE, Check.CHOICE)

    @property
    def measure(self) -> "Measure":
        """The units that its number may be written with."""
        from traincarbon.estimation.units import MEASURES, counted

        unit = self.unit or {Check.SHARE: "share", Check.REDUCTION: "share", Check.PUE: "ratio"}.get(self.check, "")
        return MEASURES[unit] if unit in MEASURES else counted(*self.nouns)


_DAY_WIDTH = len("2020-06-30")
_EARLIEST, _LATEST = 2000, 2100
MOST_COUNT = 1e12
"""No plan may count more, of whatever it counts."""
_MOST = 1e30
"""No quantity of a training comes near this; it keeps every product of the chain finite."""


def check_number(name: str, value: object, field: Field) -> Num:
    """Return *value* as a float, an array of them or an uncertain number; the text of an interval stays text.

    Args:
        name: What an error calls it.
        value: The value as stated.
        field: How it is read and bounded.

    Raises:
        PlanError: it is not a number.
        QuantityError: it is text that states no number.
        OutOfRangeError: it is outside the bounds of the field.
    """
    if isinstance(value, str):
        return _check_text_of_number(name, value, field)
    if isinstance(value, bool):
        raise PlanError(f"{name} is {value}", hint=f"{name} is a number")
    if isinstance(value, Uncertain):
        return _check_uncertain(name, value, field)
    if isinstance(value, (int, float)):
        try:
            number = float(value)
        except OverflowError:
            raise OutOfRangeError(f"{name} is too large", hint="the largest number that fits is about 1.8e308") from None
        _check_bounds(name, number, field)
        return number
    array: Num = value.to_numpy() if hasattr(value, "to_numpy") else value
    if getattr(array, "ndim", 1) == 0:
        return check_number(name, array.item(), field)
    if hasattr(array, "shape") and hasattr(array, "astype"):
        return _check_array(name, array, field)
    raise PlanError(f"{name} is {value!r}", hint=f"{name} is a number")


def _check_text_of_number(name: str, text: str, field: Field) -> Num:
    try:
        if is_interval(text):
            text = plain_interval(text, field.measure)
            stated: Num = parse_uncertain(text, name)
        else:
            stated = parse_quantity(text, None if is_plain(text) else field.measure)
    except (QuantityError, OutOfRangeError) as error:
        hint = _spelling_hint(field) if isinstance(error, NoNumberError) and not error.is_explained else ""
        raise type(error)(f"{name} is {error}", hint=hint or error.hint) from None
    checked = check_number(name, stated, field)
    return text if isinstance(stated, Uncertain) else checked


def _spelling_hint(field: Field) -> str:
    """Return how to write a number of *field*; empty if there is nothing special about it."""
    if field.check is Check.SHARE:
        return "write a share, as 0.4 or 40%, or an interval, as 0.3..0.5"
    if field.check is Check.PUE:
        return "write a ratio, as 1.1, or an interval, as 1.1..1.3"
    return f"write a plain number, in {field.unit}" if field.unit else ""


def _check_uncertain(name: str, value: Uncertain, field: Field) -> Uncertain:
    if field.check is Check.COUNT:
        raise PlanError(f"{name} is an interval", hint="it is a count: give a whole number")
    if hasattr(value.sigma, "shape") and not hasattr(value.median, "shape"):
        raise PlanError(f"{name} has an array of spreads", hint="give an array of medians too, or one spread")
    bounds = value.interval(0.9)
    low = value.median if field.check is Check.PUE else bounds[0]
    high = value.median if field.check is Check.SHARE else bounds[1]
    if hasattr(value.median, "shape"):
        _check_array(name, low, field)
        _check_array(name, high, field)
        return value
    _check_bounds(name, low, field)
    _check_bounds(name, high, field)
    return value


def _check_array(name: str, value: "Array", field: Field) -> "Array":
    if value.dtype.kind not in "iuf" or value.ndim != 1 or not value.size:
        raise PlanError(f"{name} is an array of {value.dtype} and shape {value.shape}", hint="give one row of real numbers, at least one")
    array: Array = value.astype(float)
    for extreme in (array.min(), array.max()):
        _check_bounds(name, float(extreme), field)
    if field.check is Check.COUNT and (array % 1.0).any():
        raise OutOfRangeError(f"{name} holds numbers that are not whole", hint="it must be whole numbers of at least 1")
    return array


def _check_bounds(name: str, value: float, field: Field) -> None:
    check = field.check
    if not math.isfinite(value):
        raise OutOfRangeError(f"{name} is {value}", hint="it must be a finite number")
    if value > _MOST or 0.0 < value < 1.0 / _MOST:
        raise OutOfRangeError(f"{name} is {value:g}", hint="is the exponent right?")
    if check is Check.POSITIVE:
        if value > 0.0:
            return
        hint = "it must be above 0"
    elif check is Check.COUNT:
        if 1.0 <= value <= MOST_COUNT and value == math.floor(value):
            return
        hint = f"it must be a whole number from 1 to {MOST_COUNT:g}"
    elif check is Check.SHARE:
        if 0.0 < value <= 1.0:
            return
        hint = f"it is a share: above 0 and at most 1{f'; did you mean {value / 100:g}?' if 1.0 < value <= 100.0 else ''}"
    elif check is Check.REDUCTION:
        if 0.0 <= value < 1.0:
            return
        hint = f"it is a share: at least 0 and below 1{f'; did you mean {value / 100:g}?' if 1.0 < value < 100.0 else ''}"
    elif check is Check.PUE:
        if 1.0 <= value <= 10.0:
            return
        hint = "facility energy over IT energy is at least 1, and 3 in the worst facilities"
    elif check is Check.INTENSITY:
        if value == 0.0 or 1.0 <= value <= MOST_GCO2E_PER_KWH:
            return
        hint = f"in grams per kWh, 0 to {MOST_GCO2E_PER_KWH:g}{f'; did you mean {value * 1000:g}?' if 0.0 < value < 1.0 else ''}"
    elif check is Check.FACTOR:
        if value >= 1.0:
            return
        hint = "it is a factor of at least 1: 1 for a run that succeeds at once, 3 for three runs' worth of work"
    else:
        if value >= 0.0:
            return
        hint = "it must be at least 0"
    raise OutOfRangeError(f"{name} is {value:g}", hint=hint)


def check_text(name: str, value: object, field: Field) -> str:
    """Return *value* as the text, the choice or the date that the field *name* holds.

    Raises:
        PlanError: it is not text, or not one that the field may hold.
    """
    text = _text_of_date(value) if field.check is Check.DATE and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise PlanError(f"{name} is {value!r}", hint=f"{name} is text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PlanError(f"{name} is {text!r}", hint="it must be text that UTF-8 can hold") from None
    if field.check is Check.DATE:
        return _check_date(name, text)
    chosen = text.strip().lower()
    if field.check is Check.TEXT:
        return chosen if chosen in field.choices else text
    if chosen not in field.choices:
        chosen = chosen.replace("-", "_")
    if chosen not in field.choices:
        from traincarbon.suggestions import one_of

        raise PlanError(f"{name} is {text!r}", hint=one_of(text, field.choices))
    return chosen


def _text_of_date(value: object) -> object:
    """Return a year or a day that a plan states without quotes as text; anything else as it is."""
    if isinstance(value, int):
        return str(value)
    return value.isoformat()[:_DAY_WIDTH] if hasattr(value, "isoformat") else value


def _check_date(name: str, text: str) -> str:
    date = text.strip()
    if is_date(date) and _EARLIEST <= year_of(date) <= _LATEST:
        return date
    hint = "write a year or a month, as 2020 or 2020-06"
    if is_date(date):
        hint = f"plans start in {_EARLIEST} to {_LATEST}; write a year or a month, as 2024 or 2024-06"
    raise PlanError(f"{name} is {text!r}", hint=hint)
