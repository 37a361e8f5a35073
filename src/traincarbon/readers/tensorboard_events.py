"""Import event files of TensorBoard, ``events.out.tfevents.*``: when a run began and ended, and its tokens.

A file is a sequence of records (length, checksum, content, checksum), each an ``Event`` of ``tensorboard/compat/proto/event.proto``.
"""

import re
import struct
from collections.abc import Iterator
from os import path
from typing import BinaryIO, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.readers.column_names import TOKENS, column_of
from traincarbon.readers.imported import UNKNOWN_END, BinaryFormat, Imported, ImportOptions, instant, record_of
from traincarbon.readers.protobuf import Field, message
from traincarbon.readers.table import Row

_WALL_TIME, _STEP, _VERSION, _SUMMARY = 1, 2, 3, 5
_VALUE, _TAG, _SIMPLE, _TENSOR = 1, 1, 2, 8
_FLOATS, _DOUBLES, _CONTENT, _TYPE = 5, 6, 4, 1
_DT_FLOAT, _DT_DOUBLE, _DT_INT32, _DT_INT64 = 1, 2, 3, 9
_SHAPES = {_DT_FLOAT: "<f", _DT_DOUBLE: "<d", _DT_INT32: "<i", _DT_INT64: "<q"}
_MARK = b"brain.Event:"
_LONGEST = 64 << 20
_HEAD = struct.Struct("<QI")
_NO_ENERGY = "TensorBoard's files state no energy"
_LEAST_S = 1.0
_HOST = re.compile(r"([A-Z][a-z]{2}\d\d_\d\d-\d\d-\d\d)_.+")
"""The name of a folder of PyTorch's SummaryWriter: a time and the name of the machine."""
_PARTS = ("train", "validation", "val", "test", "eval")
"""Folders of the parts of a run, as Keras makes them."""
_FROM_THE_START = 1.5
"""A counter whose first value is no more than this many times its mean increase began at 0."""


class _Counter(NamedTuple):
    """A scalar that was logged several times."""

    first: float
    last: float
    times: int


def is_tensorboard(beginning: bytes) -> bool:
    """Return whether a file with this beginning is an event file."""
    return _MARK in beginning[: _HEAD.size + 64]


def read(stream: BinaryIO, options: ImportOptions) -> Imported:
    """Return the run of a file: from its first event to the last one, with the tokens that were logged under one of their usual names.

    Raises:
        CarbonError: it is no event file.
    """
    left_out: list[str] = []
    scalars: dict[str, _Counter] = {}
    times_s: list[float] = []
    for event in _events(stream, left_out):
        time_s = next((each.double for each in event if each.number == _WALL_TIME), 0.0)
        if time_s > 0.0:
            times_s = [min(times_s[0], time_s), max(times_s[1], time_s)] if times_s else [time_s, time_s]
        for tag, value in _scalars_of(event):
            known = scalars.get(tag, _Counter(value, value, 0))
            scalars[tag] = _Counter(known.first, value, known.times + 1)
    if times_s and 0.0 < times_s[1] - times_s[0] < _LEAST_S:
        return Imported([], [*left_out, "its events lie within a second, so it holds results of a run, not its course"], [])
    if not times_s or times_s[1] <= times_s[0]:
        return Imported([], [*left_out, "it has no events after its beginning, so its duration is unknown"], [])
    try:
        began = instant(times_s[0])
        record = record_of(
            run_id=f"tensorboard-{_name(options)}-{began:%Y%m%dT%H%M%S}",
            state=UNKNOWN_END,
            began=began,
            duration_s=times_s[1] - times_s[0],
            hw=options.hw,
            tokens=_tokens(scalars),
            energy_j={},
            missing={"": _NO_ENERGY},
            versions={},
        )
    except (CarbonError, ValueError) as error:
        return Imported([], [*left_out, str(error)], [])
    return Imported([record], left_out, [])


def _tokens(scalars: dict[str, _Counter]) -> float | None:
    """Return the tokens of this run: the last value of a counter, without what an earlier run had counted before it was resumed."""
    tag = column_of(Row(0, {tag: str(counter.last) for tag, counter in scalars.items()}), TOKENS)
    if not tag:
        return None
    first, last, times = scalars[tag]
    if times < 2 or last <= first:
        return last if last > 0.0 else None
    increase = (last - first) / (times - 1)
    return last if first <= _FROM_THE_START * increase else last - first + increase


def _events(stream: BinaryIO, left_out: list[str]) -> Iterator[list[Field]]:
    """Yield the fields of each event.

    Raises:
        CarbonError: it is no event file.
    """
    number = 0
    while head := stream.read(_HEAD.size):
        number += 1
        length = _HEAD.unpack(head)[0] if len(head) == _HEAD.size else _LONGEST + 1
        content = stream.read(length) if length <= _LONGEST else b""
        if number == 1 and _MARK not in content[:64]:
            raise CarbonError("the file is no event file of TensorBoard", hint="leave out --format")
        if len(content) < length or len(stream.read(4)) < 4:
            left_out.append(f"event {number}: it is cut off, as the last one of the file")
            return
        try:
            yield list(message(content))
        except ValueError:
            left_out.append(f"event {number}: it cannot be read")


def _scalars_of(event: list[Field]) -> list[tuple[str, float]]:
    """Return the tag and the value of each scalar of an event, none if its summary cannot be read."""
    try:
        return [scalar for field in event if field.number == _SUMMARY for scalar in _scalars(field.content)]
    except ValueError:
        return []


def _scalars(summary: bytes) -> Iterator[tuple[str, float]]:
    """Yield the tag and the value of each scalar of a summary.

    Raises:
        ValueError: it is no message.
    """
    for value in message(summary):
        if value.number != _VALUE:
            continue
        fields = {field.number: field for field in message(value.content)}
        if _TAG not in fields:
            continue
        if _SIMPLE in fields:
            yield fields[_TAG].text, fields[_SIMPLE].single
        elif _TENSOR in fields and (scalar := _scalar(fields[_TENSOR].content)) is not None:
            yield fields[_TAG].text, scalar


def _scalar(tensor: bytes) -> float | None:
    """Return the number of a tensor with one number, None for any other."""
    fields = {field.number: field for field in message(tensor)}
    for number, shape in ((_FLOATS, "<f"), (_DOUBLES, "<d")):
        if number in fields and len(fields[number].content) == struct.calcsize(shape):
            return float(struct.unpack(shape, fields[number].content)[0])
    shape = _SHAPES.get(fields[_TYPE].integer, "") if _TYPE in fields else ""
    content = fields[_CONTENT].content if _CONTENT in fields else b""
    return float(struct.unpack(shape, content)[0]) if shape and len(content) == struct.calcsize(shape) else None


def _name(options: ImportOptions) -> str:
    """Return the name of the folder of a file without that of a machine; nothing names standard input."""
    if not options.path:
        return "log"
    parent, name = path.split(path.dirname(path.abspath(options.path)))
    name = f"{path.basename(parent)}-{name}" if name in _PARTS else name
    return _HOST.sub(r"\1", name)


FORMAT = BinaryFormat(
    "tensorboard",
    "event files of TensorBoard: `events.out.tfevents.*`",
    "duration, tokens if they were logged",
    "energy, state, hardware, parameters",
    "the folder of a file names its run; tokens are found by their usual names, such as `num_input_tokens_seen`",
    is_tensorboard,
    read,
    ("events.out.tfevents.*",),
)
