"""Checkpoints in a journal: now and then the writer states the summary of all that it has written, so that a reader can begin there."""

import json
import math
import os
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from traincarbon.decode import decode, encode, number
from traincarbon.errors import CarbonError
from traincarbon.ledger.journal_lines import CHECKPOINT, CHECKPOINT_EVERY_B, LONGEST_LINE_B, PACKS, Line, WholeLine, parse_line, read_lines
from traincarbon.ledger.process_summary import Process
from traincarbon.reading import open_regular

_LARGEST_B = LONGEST_LINE_B // 2
_WINDOWS_B = (1 << 21, 1 << 23)
"""How far from the end of a file a checkpoint is looked for."""


class Checkpoint(NamedTuple):
    """A checkpoint that was read."""

    process: Process
    """The summary of the writer, including this line."""
    end_b: int
    """Where the line ends in the file: a reader goes on there."""


def checkpoint_fields(file: str | os.PathLike[str], *, at_b: int) -> dict[str, object] | None:
    """Return the fields of a checkpoint that its writer is about to append to *file*, None if the lines cannot be summed up.

    Args:
        file: A journal that holds nothing but the lines of its writer.
        at_b: The place of the new line, by which a reader knows that no other lines stand before it.
    """
    earlier = latest_checkpoint(file)
    process, begin_b = (None, 0) if earlier is None else earlier
    for line, _, _ in read_lines(file, begin_b=begin_b):
        if line is not None:
            process = process or Process(line["run_id"], line["writer"], line["node"], line["process"])
            process.add(line)
    stated = None if process is None else stated_fields(process, seq=process.seq)
    return None if stated is None else {"at_b": at_b, **stated}


def stated_fields(process: Process, *, seq: int) -> dict[str, object] | None:
    """Return the fields of a line that state the summary of a process up to its line *seq*, None if it is too long for a line."""
    summary = {**_summarised(process), "seq": seq}
    text = _text(summary)
    return {"crc": zlib.crc32(text), "summary": summary} if len(text) < _LARGEST_B else None


def latest_checkpoint(file: str | os.PathLike[str]) -> Checkpoint | None:
    """Return the latest checkpoint of a journal, None if there is none near its end or other lines may stand before it, as in a pack."""
    if os.path.basename(os.path.dirname(file)).startswith(PACKS):
        return None
    try:
        with open_regular(file) as stream:
            size_b = os.fstat(stream.fileno()).st_size
            for window_b in _WINDOWS_B if size_b > CHECKPOINT_EVERY_B else ():
                begin_b = max(size_b - window_b, 0)
                stream.seek(begin_b)
                found = _last_in(stream.read(window_b), begin_b)
                if found is not None or begin_b == 0:
                    return found
    except OSError:
        pass
    return None


def advanced(process: Process, line: Line) -> Process:
    """Return *process* with the next line of its writer folded in. A checkpoint replaces the lines before it, also those that were lost."""
    if line["kind"] == CHECKPOINT:
        process = _stated_by(line) or process
    process.add(line)
    return process


def _last_in(data: bytes, begin_b: int) -> Checkpoint | None:
    """Return the last checkpoint in *data*, which begins at *begin_b* of the file."""
    end = len(data)
    while (at := data.rfind(f'"kind":"{CHECKPOINT}"'.encode(), 0, end)) >= 0:
        first, past = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at) + 1
        line, _ = parse_line(data[first:past]) if past else (None, "")
        stated = _stated_by(line) if line is not None and line.get("at_b") == begin_b + first else None
        if line is not None and stated is not None:
            stated.add(line)
            return Checkpoint(stated, begin_b + past)
        end = at
    return None


def _stated_by(line: Line) -> Process | None:
    """Return the summary that a checkpoint states, None if it is damaged or of another writer."""
    summary = line.get("summary")
    if not isinstance(summary, Mapping):
        return None
    if not isinstance(line, WholeLine) and zlib.crc32(_text(summary)) != number(line.get("crc")):
        return None
    try:
        process = decode(Process, summary)
    except CarbonError:
        return None
    if "hours" not in summary:  # it was written before they were kept
        process.hours = None
    is_own = (process.run_id, process.node, process.writer) == (line["run_id"], line["node"], line["writer"])
    return process if is_own and process.seq < line["seq"] else None


def _summarised(process: Process) -> dict[str, Any]:
    """Return a summary as JSON can hold it. A number that is not finite, as that of something that has not happened yet, is left out."""
    stated: dict[str, Any] = encode(process)
    return {name: value for name, value in stated.items() if not (isinstance(value, float) and not math.isfinite(value))}


def _text(summary: Mapping[str, object]) -> bytes:
    return json.dumps(summary, sort_keys=True, separators=(",", ":")).encode("ascii")
