"""The lines of a journal as they are read: one at a time, each checked, and those that cannot be used named with their place."""

import json
import os
from _blake2 import blake2b  # hashlib would load OpenSSL, 4 MiB that the process beside a training does not need
from collections.abc import Iterator, Mapping
from typing import BinaryIO, TypedDict, cast

from traincarbon.ledger.half_letters import without_halves
from traincarbon.reading import open_regular

SCHEMA = "traincarbon/journal/1"
_SEAL = b',"seal":"'
SEAL_LETTERS = 32
"""The length of a seal, in hexadecimal digits."""
_SUM = b',"sum":"'
_SUM_B = len(_SUM) + 8 + len(b'"}')
CHECKPOINT = "checkpoint"
"""The kind of a line that states the summary of all lines before it."""
RECORD = "record"
"""The kind of a line that holds the record of a run that was imported."""
CHECKPOINT_EVERY_B = 1 << 20
"""Bytes between two checkpoints, at least."""
PACKS = "month="
"""What the names of folders of packs begin with, see :mod:`traincarbon.ledger.packs`; no folder of a run has such a name."""
LONGEST_LINE_B = 1 << 20
"""A longer line is not from a journal and is skipped without being read into memory."""

_REQUIRED: dict[str, type | tuple[type, ...]] = {
    "run_id": str, "node": str, "writer": str, "kind": str, "process": int, "seq": int, "wall_s": (int, float), "mono_s": (int, float)
}  # fmt: skip
"""The fields of every line, with their types."""
_MOST = 1e15
"""Clocks and counts stay below this."""
_JSON = json.JSONDecoder(parse_constant=lambda _: None)
"""Made once, as journals have many lines. What is not a number is None."""


class Line(TypedDict):
    """A line of a journal as it was read: these fields are valid, all others come unchecked from the file."""

    schema: str
    run_id: str
    node: str
    writer: str
    kind: str
    process: int
    seq: int
    wall_s: float
    mono_s: float


class WholeLine(dict[str, object]):
    """A line of a journal of which its own checksum says that not a single bit has changed since it was written."""


def read_journal(file: str | os.PathLike[str]) -> tuple[list[Line], list[str]]:
    """Return the lines of a journal and one text for each line that cannot be used: cut off, corrupt, foreign or newer."""
    lines: list[Line] = []
    faults: list[str] = []
    for line, fault, _ in read_lines(file):
        if line is not None:
            lines.append(line)
        if fault:
            faults.append(fault)
    return lines, faults


def read_lines(file: str | os.PathLike[str], *, begin_b: int = 0) -> Iterator[tuple[Line | None, str, int]]:
    """Yield each line, its fault and the position up to which the file is read, with at most one line in memory.

    A last line without an end does not count as read, as it may still be being written.

    Args:
        file: The journal.
        begin_b: Where to begin, a position from an earlier reading.
    """
    name = os.path.basename(os.fspath(file))
    position_b = begin_b
    try:
        with open_regular(file) as stream:
            stream.seek(begin_b)
            for raw, length_b in _raw_lines(stream):
                line, fault = parse_line(raw)
                at = f"{name}, byte {position_b}"
                if raw.endswith(b"\n") or len(raw) > LONGEST_LINE_B:
                    position_b += length_b
                if line is not None or fault:
                    yield line, f"{at}: {fault}" if fault else "", position_b
    except OSError as error:
        yield None, f"{name}: {error.strerror or error}", position_b


def _raw_lines(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield bytes and length of each line. A line that is too long is cut."""
    while raw := stream.readline(LONGEST_LINE_B + 1):
        length_b, rest = len(raw), raw
        while len(rest) > LONGEST_LINE_B and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE_B + 1)
            length_b += len(rest)
        yield raw, length_b


def with_checksum(line: bytes) -> bytes:
    """Return a line of JSON with a checksum of its text as the last key, by which a reader knows that not a single bit has changed."""
    return line[:-1] + _SUM + _checksum(line) + b'"}'


def with_seal(line: bytes, *, after: str) -> tuple[bytes, str]:
    """Return a line of JSON with its seal as the last key, and the seal: a hash of the text of the line and of the seal *after* which it comes.

    So a change of one line breaks the chain of all later ones, see :mod:`traincarbon.ledger.verification`. The first line comes after "".
    """
    seal = seal_of(line, after=after)
    return line[:-1] + _SEAL + seal.encode("ascii") + b'"}', seal


def seal_of(text: bytes, *, after: str) -> str:
    """Return the seal of a line whose text without its seal is *text*."""
    return blake2b(after.encode("ascii") + text, digest_size=SEAL_LETTERS // 2).hexdigest()


def seal_begun(after: str) -> blake2b:
    """Return the hash of a seal before the text of its line."""
    return blake2b(after.encode("ascii"), digest_size=SEAL_LETTERS // 2)


def _checksum(text: bytes) -> bytes:
    return blake2b(text, digest_size=4).hexdigest().encode("ascii")


def parse_line(raw: bytes) -> tuple[Line | None, str]:
    """Return a line with its line end as it stands in a file, or why it cannot be used; neither if it is blank."""
    if len(raw) > LONGEST_LINE_B:
        return None, "too long for a line of a journal"
    if not raw.endswith(b"\n"):
        return None, "cut off"
    text = raw.strip(b" \t\r\n\0")
    if not text:
        return None, "" if not raw.strip() else "only NUL bytes"
    has_checksum = text[-_SUM_B : len(_SUM) - _SUM_B] == _SUM and text.endswith(b'"}')
    if has_checksum:
        text, stated = text[:-_SUM_B] + b"}", text[len(_SUM) - _SUM_B : -2]
        if stated != _checksum(text):
            return None, "damaged: its checksum is wrong"
    try:
        line = _JSON.decode(text.decode("utf-8"))
        if b"\\u" in text:  # halves of letters, which JSON can hold and UTF-8 cannot
            line = without_halves(line)
    except (ValueError, RecursionError):
        return None, "not JSON"
    if not isinstance(line, dict):
        return None, "not an object"
    if line.get("schema") != SCHEMA:
        return None, f"its schema is {str(line.get('schema'))[:60]!r}, not {SCHEMA!r}"
    if "writer" not in line:
        line["writer"] = f"{line.get('node')}-{line.get('process')}"
    fault = _fault_of(line)
    return (None, fault) if fault else (cast("Line", WholeLine(line) if has_checksum else line), "")


def _fault_of(line: Mapping[str, object]) -> str:
    """Return which required field of a line is missing or impossible, or "" if all are valid."""
    for name, kind in _REQUIRED.items():
        value = line.get(name)
        if not isinstance(value, kind) or not (value.strip() if isinstance(value, str) else _is_plausible(value)):
            return f"its {name} is {str(value)[:60]!r}"
    return ""


def _is_plausible(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _MOST
