"""Reading what another process, program or person wrote: parsed JSON or TOML as typed values, of which nothing is trusted.

The small functions read one value and return None where it is not of the kind that is asked for. :func:`decode` builds a whole
frozen dataclass (or ``NamedTuple``) from a table, field by field, and :func:`encode` writes it back.
"""

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
    try:
        found: T = _of_class(cls)(value)
    except _MisfitError as misfit:
        place = where or getattr(cls, "__name__", "")
        raise CarbonError(f"{place}{''.join(reversed(misfit.path))}{misfit.fault}", hint="it was cut short, or another program wrote it") from None
    return found


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


class _MisfitError(Exception):
    """A value is of another kind than its field. The path to it is completed on the way up, so that values that fit need none."""

    def __init__(self, fault: str, *path: str) -> None:
        super().__init__(fault)
        self.fault = fault
        self.path = [*path]


_Reader = Callable[[Any], Any]
"""Returns a value as one kind, or raises :class:`_MisfitError`."""


@lru_cache(maxsize=256)
def _of_class(cls: Any) -> _Reader:
    """Return what builds an instance of a class from a table of its fields."""
    plan: tuple[tuple[str, _Reader, bool], ...] | None = None

    def read(value: Any) -> Any:
        nonlocal plan
        if not isinstance(value, (dict, Mapping)):
            raise _wrong(value, "a table")
        if plan is None:  # made by the first value, as a class may have fields of its own kind, and whole, as another thread may read it
            plan = tuple((name, _reader(kind), is_required) for name, (kind, is_required) in _fields_of(cls).items())
        found: dict[str, Any] = {}
        name = ""
        try:
            for name, reader, is_required in plan:
                if name in value:
                    found[name] = reader(value[name])
                elif is_required:
                    break
            else:
                return cls(**found)
        except _MisfitError as misfit:
            misfit.path.append(f".{name}")
            raise
        raise _MisfitError(f" has no {name}")

    return read


def _fields_of(cls: Any) -> dict[str, tuple[Any, bool]]:
    """Return the type of each field of *cls*, and whether it has to be stated."""
    hints = get_type_hints(cls)
    if hasattr(cls, "_fields"):
        return {name: (hints[name], name not in cls._field_defaults) for name in cls._fields}
    from dataclasses import MISSING, fields

    return {field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING) for field in fields(cls)}


@lru_cache(maxsize=1024)
def _reader(kind: Any) -> _Reader:
    """Return what reads a value of a kind; it refuses None where the kind does not have it."""
    if kind is object or kind is Any:
        return lambda value: value
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _of_union(get_args(kind))
    return _present(_of_kind(kind, origin))


def _present(reader: _Reader) -> _Reader:
    def read(value: Any) -> Any:
        if value is None:
            raise _wrong(value, "a value")
        return reader(value)

    return read


def _of_kind(kind: Any, origin: Any) -> _Reader:
    if kind in _SCALARS:
        return _SCALARS[kind]
    if origin is tuple or origin is list:
        return _of_items(origin, _reader(get_args(kind)[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _of_table(_reader(get_args(kind)[1]))
    if kind is Interval:
        return _interval
    if kind is Uncertain:
        return _uncertain
    return _of_enum(kind) if issubclass(kind, Enum) else _of_class(kind)


def _of_items(origin: Callable[[list[Any]], Any], item: _Reader) -> _Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, (list, tuple)):
            raise _wrong(value, "a list")
        found: list[Any] = []
        try:
            for each in value:
                found.append(item(each))  # noqa: PERF401  its length is the place of what does not fit
        except _MisfitError as misfit:
            misfit.path.append(f"[{len(found)}]")
            raise
        return origin(found)

    return read


def _of_table(item: _Reader) -> _Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, (dict, Mapping)):
            raise _wrong(value, "a table")
        found: dict[str, Any] = {}
        name: object = ""
        try:
            for name, each in value.items():
                found[str(name)] = item(each)
        except _MisfitError as misfit:
            misfit.path.append(f".{name}")
            raise
        return found

    return read


def _of_union(kinds: tuple[Any, ...]) -> _Reader:
    """Return what reads one of several kinds: the first one last, as its fault is the one that is told."""
    has_none = types.NoneType in kinds
    first, *others = (_reader(kind) for kind in kinds if kind is not types.NoneType)

    def read(value: Any) -> Any:
        if value is None and has_none:
            return None
        for other in others:
            try:
                return other(value)
            except (_MisfitError, CarbonError):
                continue
        return first(value)

    return read


def _of_enum(kind: type[Enum]) -> _Reader:
    def read(value: Any) -> Enum:
        try:
            return kind(value)
        except ValueError:
            raise _wrong(value, f"one of {', '.join(str(member.value) for member in kind)}") from None

    return read


def _interval(value: Any) -> Interval:
    found = interval(value)
    if found is None:
        raise _wrong(value, "an interval")
    return found


def _uncertain(value: Any) -> Uncertain:
    if not isinstance(value, Mapping):
        raise _wrong(value, "an uncertain number")
    try:
        spreads = _reader(Mapping[str, float])(value.get("spreads", {}))
    except _MisfitError as misfit:
        misfit.path.append(".spreads")
        raise
    found = number(value.get("median"))
    if found is None:
        raise _wrong(value.get("median"), "a number", ".median")
    return Uncertain(found, spreads)


def _float(value: Any) -> float:
    found = number(value)
    if found is None:
        raise _wrong(value, "a number")
    return found


def _int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(value, "a whole number")
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, "true or false")
    return value


def _str(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(value, "text")
    return value


_SCALARS: Mapping[Any, _Reader] = {float: _float, int: _int, bool: _bool, str: _str}


def _wrong(value: object, wanted: str, *path: str) -> _MisfitError:
    return _MisfitError(f" is {str(value)[:40]!r}, not {wanted}", *path)
