"""Reading what another process, program or person wrote: parsed JSON or TOML as typed values, of which nothing is trusted.

The small functions read one value and return None where it is not of the kind that is asked for. :func:`decode` builds a whole
frozen dataclass (or ``NamedTuple``) from a table, field by field, and :func:`encode` writes it back.
"""

import math
import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from traincarbon.errors import CarbonError
from traincarbon.uncertain import Interval, Uncertain

T = TypeVar("T")
MOST = 1e300
"""No number of ours comes near this."""
_PLAIN = frozenset((bool, int, float, str))


def number(value: object) -> float | None:
    """Return *value* as a finite float, None where it is not a number; True is not one.

    Example:
        >>> number(3), number("3"), number(True), number(float("nan"))
        (3.0, None, None, None)
    """
    if isinstance(value, float):  # nearly all are, and journals of weeks have many millions
        return float(value) if -MOST <= value <= MOST else None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MOST:
        return None
    return float(value)


def amount(value: object) -> float | None:
    """Return *value* as a finite float that is not negative, else None."""
    if isinstance(value, float):
        return float(value) if 0.0 <= value <= MOST else None
    found = number(value)
    return None if found is None or found < 0.0 else found


def text(value: object) -> str | None:
    """Return *value* where it is text, else None."""
    return value if isinstance(value, str) else None


def table(value: object) -> Mapping[str, object]:
    """Return *value* where it is a table, else an empty one."""
    return value if isinstance(value, (dict, Mapping)) else {}  # the question about the class is the quicker one


def items(value: object) -> list[object]:
    """Return *value* as a list where it is one, else an empty one."""
    return list(value) if isinstance(value, (list, tuple)) else []


def interval(value: object) -> Interval | None:
    """Return the interval that a table with low, median and high states, None where it states none in that order.

    Example:
        >>> interval({"low": 1, "median": 2, "high": 3}), interval({"low": 3, "median": 2, "high": 1})
        (Interval(low=1.0, median=2.0, high=3.0), None)
    """
    if not isinstance(value, (dict, Mapping)):
        return None
    low, median, high = number(value.get("low")), number(value.get("median")), number(value.get("high"))
    if low is None or median is None or high is None or not low <= median <= high:
        return None
    return Interval(low, median, high)


def decode(cls: Callable[..., T], value: object, *, where: str = "") -> T:
    """Return an instance of *cls*, a dataclass or a ``NamedTuple``, from a table of its fields.

    Fields may be bool, int, float, str, an enum, ``Interval``, ``Uncertain``, another such class, ``X | None``, ``tuple[X, ...]``, ``Mapping[str, X]`` or ``object``.
    A field that is absent takes its default; a key that *cls* does not have is ignored, so that an older reader takes a newer file.

    Args:
        cls: What to build.
        value: A table, as ``json.loads`` returns it.
        where: What is read, for the message of an error.

    Raises:
        CarbonError: a value is of another kind, or one without a default is absent.
    """
    place = where or getattr(cls, "__name__", "")
    if not isinstance(value, Mapping):
        raise _wrong(place, value, "a table")
    found: dict[str, Any] = {}
    for name, (kind, is_required) in _fields_of(cls).items():
        if name in value:
            found[name] = _value(kind, value[name], f"{place}.{name}")
        elif is_required:
            raise CarbonError(f"{place} has no {name}", hint="it was cut short, or another program wrote it")
    return cls(**found)


def encode(value: Any) -> Any:
    """Return *value* fit for JSON: dataclasses and named tuples as tables, tuples as lists, arrays as lists, enums as their values."""
    kind = value.__class__
    if value is None or kind in _PLAIN:
        return value
    if kind is list or kind is tuple:
        return [encode(item) for item in value]
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return {name: encode(item) for name, item in zip(kind._fields, value, strict=True)}
    if isinstance(value, Enum):
        return value.value
    if kind is Uncertain:
        return {"median": encode(value.median), "spreads": encode(value.spreads)}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {key: encode(getattr(value, key)) for key in value.__dataclass_fields__}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value


@lru_cache(maxsize=64)
def _fields_of(cls: Any) -> dict[str, tuple[Any, bool]]:
    """Return the type of each field of *cls*, and whether it has to be stated."""
    hints = get_type_hints(cls)
    if hasattr(cls, "_fields"):
        return {name: (hints[name], name not in cls._field_defaults) for name in cls._fields}
    from dataclasses import MISSING, fields

    return {field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING) for field in fields(cls)}


def _value(kind: Any, value: object, place: str) -> Any:
    """Return *value* as *kind*."""
    if kind in _PLAIN and value is not None:  # most are, and to ask what a kind is made of takes longer
        return _scalar(kind, value, place)
    if value is None and types.NoneType not in get_args(kind) and kind not in (object, Any):
        raise _wrong(place, value, "a value")
    if kind is object or kind is Any:
        return value
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, place)
    if origin is tuple or origin is list:
        if not isinstance(value, (list, tuple)):
            raise _wrong(place, value, "a list")
        (item, *_) = get_args(kind)
        return origin(_value(item, each, f"{place}[{at}]") for at, each in enumerate(value))
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise _wrong(place, value, "a table")
        return {str(name): _value(get_args(kind)[1], each, f"{place}.{name}") for name, each in value.items()}
    if kind is Interval:
        found = interval(value)
        if found is None:
            raise _wrong(place, value, "an interval")
        return found
    if kind is Uncertain:
        return _uncertain(value, place)
    if issubclass(kind, Enum):
        return _member(kind, value, place)
    return decode(kind, value, where=place)


def _one_of(kinds: tuple[Any, ...], value: object, place: str) -> Any:
    if value is None:
        return None
    (first, *others) = [kind for kind in kinds if kind is not types.NoneType]
    for kind in others:
        try:
            return _value(kind, value, place)
        except CarbonError:
            continue
    return _value(first, value, place)


def _member(kind: type[Enum], value: object, place: str) -> Enum:
    try:
        return kind(value)
    except ValueError:
        raise _wrong(place, value, f"one of {', '.join(str(member.value) for member in kind)}") from None


def _uncertain(value: object, place: str) -> Uncertain:
    if not isinstance(value, Mapping):
        raise _wrong(place, value, "an uncertain number")
    spreads = _value(Mapping[str, float], value.get("spreads", {}), f"{place}.spreads")
    return Uncertain(_scalar(float, value.get("median"), f"{place}.median"), spreads)


def _scalar(kind: type, value: object, place: str) -> Any:
    if kind is float:
        found = number(value)
        if found is None or math.isnan(found):
            raise _wrong(place, value, "a number")
        return found
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _wrong(place, value, {bool: "true or false", int: "a whole number", str: "text"}[kind])
    return value


def _wrong(place: str, value: object, wanted: str) -> CarbonError:
    return CarbonError(f"{place} is {str(value)[:40]!r}, not {wanted}", hint="it was cut short, or another program wrote it")
