"""A pack: ``journals/month=2026-11/NAME.parquet`` with all lines of some journals, and ``NAME.jsonl`` beside it with a summary of each."""

import json
import os
import time
from collections.abc import Container, Iterator, Mapping
from typing import NamedTuple

from traincarbon.decode import decode
from traincarbon.errors import CarbonError
from traincarbon.ledger.checkpoint import advanced, stated_fields
from traincarbon.ledger.journal_lines import CHECKPOINT, PACKS, SCHEMA, Line, parse_line, read_lines, with_checksum
from traincarbon.ledger.process_summary import Process

MONTH = PACKS
SUMMARIES, LINES = ".jsonl", ".parquet"
PART = ".part"
"""The end of the name of a file that is not finished."""
UNKNOWN_MONTH = "unknown"
KEY = "packed"
"""The key of a line of summaries that says where the lines are."""


class PackedJournal(NamedTuple):
    """A journal in a pack.

    Attributes:
        journal: Its folder and name in the store, with a slash between.
        size_b: Its size. [B]
        lines: Its lines, those that cannot be read too.
        sha256: The hash of its content.
    """

    journal: str
    size_b: int
    lines: int
    sha256: str

    @property
    def place(self) -> tuple[str, str]:
        """Folder and name of the journal."""
        folder, _, name = self.journal.partition("/")
        return folder, name


class Summarised(NamedTuple):
    """A journal in a pack, and what its lines say together."""

    packed: PackedJournal
    process: Process


def is_pack(file: str | os.PathLike[str]) -> bool:
    """Return whether a path is that of the summaries of a pack.

    Example:
        >>> is_pack("/s/journals/month=2026-11/n1-5.jsonl"), is_pack("/s/journals/bert-3/n1-5.jsonl")
        (True, False)
    """
    folder, name = os.path.split(os.fspath(file))
    return name.endswith(SUMMARIES) and os.path.basename(folder).startswith(MONTH)


def lines_file(file: str) -> str:
    """Return the file of Parquet beside the summaries of a pack."""
    return file.removesuffix(SUMMARIES) + LINES


def month_of(started_at: str) -> str:
    """Return the month of a time in ISO 8601.

    Example:
        >>> month_of("2026-11-30T11:00:00Z"), month_of("")
        ('2026-11', 'unknown')
    """
    year, _, rest = started_at.partition("-")
    return f"{year}-{rest[:2]}" if len(year) == 4 and (year + rest[:2]).isdecimal() and len(rest[:2]) == 2 else UNKNOWN_MONTH


def summary_line(each: Summarised) -> bytes | None:
    """Return the line that says what a journal in a pack holds, None if a reader could not tell the same from it.

    It has the number of the last line of the journal: where both are read, they count once, and later lines of the same writer go on from it.
    """
    process = each.process
    fields = stated_fields(process, seq=process.seq - 1)
    if fields is None:
        return None
    known = {"run_id": process.run_id, "node": process.node, "process": process.process, "writer": process.writer, "life": process.life}
    times = {"wall": _wall(process.last_wall_s), "wall_s": process.last_wall_s, "mono_s": process.last_mono_s}
    stated = {"schema": SCHEMA, **known, "seq": process.seq, "kind": CHECKPOINT, **times, KEY: each.packed._asdict(), **fields}
    text = with_checksum(json.dumps(stated, separators=(",", ":")).encode("ascii")) + b"\n"
    line, _ = parse_line(text)
    return text if line is not None and is_same(_folded(line), process) else None


def summaries_in(file: str | os.PathLike[str], *, run_ids: Container[str] | None = None) -> Iterator[Summarised]:
    """Yield the journals in a pack with their summaries: those of some runs, or all."""
    for line, _, _ in read_lines(file):
        if line is not None and (run_ids is None or line["run_id"] in run_ids):
            packed = packed_in(line)
            if packed is not None:
                yield Summarised(packed, _folded(line))


def packed_in(line: Mapping[str, object]) -> PackedJournal | None:
    """Return which journal a line of summaries is of, None if it is another line."""
    try:
        return decode(PackedJournal, line[KEY]) if isinstance(line.get(KEY), Mapping) else None
    except CarbonError:
        return None


def _folded(line: Line) -> Process:
    return advanced(Process(line["run_id"], line["writer"], line["node"], line["process"]), line)


def is_same(one: Process, other: Process) -> bool:
    """Return whether two summaries say the same, to the last digit; 5 is 5.0."""
    first, second = one.to_stored(), other.to_stored()
    return first == second or json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)  # NaN equals itself only as text


def _wall(wall_s: float) -> str:
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(wall_s))
    except (OverflowError, ValueError, OSError):  # a time that no calendar has
        return ""
