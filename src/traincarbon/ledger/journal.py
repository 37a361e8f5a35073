"""The journal of a process: an append-only file of self-contained JSON lines, which survives a ``kill -9`` of its writer.

The writer runs beside a training and stays lean: it imports only json and modules that every Python has loaded.
"""

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from typing import BinaryIO, TypedDict, cast

SCHEMA = "traincarbon/journal/1"
LONGEST_LINE_B = 1 << 20
"""A longer line is not from a journal and is skipped without being read into memory."""

_KEPT_B = 1 << 20
"""The most that is kept in memory while the file cannot be written."""
_BOUNDS = ((2000, 1000), (200, 1000), (40, 100))
"""The characters of a text and the items of a list that a line keeps; the next pair applies if the line is still too long."""
_DEEPEST = 8
_REQUIRED: dict[str, type | tuple[type, ...]] = {
    "run_id": str, "node": str, "writer": str, "kind": str, "process": int, "seq": int, "wall_s": (int, float), "mono_s": (int, float)
}  # fmt: skip
"""The fields of every line, with their types."""
_MOST = 1e15
"""Clocks and counts stay below this."""


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


class Journal:
    """The writer: one line per record, appended in a single write.

    It never raises if the disk is full or the file cannot be written. Such lines wait in memory, up to a limit, and are written
    as soon as possible, with one note about it. No lock is needed, as no other process writes to the file.

    Args:
        file: Path of the file; its folder is made with the first line.
        run_id: The run that the lines belong to.
        node: Name of this machine in the store, see :func:`traincarbon.ledger.store_folder.node_name`.
        process: Id of the process that writes.
        life: Tells later whether that process is still alive, see :func:`traincarbon.ledger.store_folder.life`.
    """

    def __init__(self, file: str, *, run_id: str, node: str, process: int, life: str = "") -> None:
        self.file = file
        self.fault = ""
        """Why the latest line is still in memory; empty if all lines are in the file."""
        writer = os.path.basename(file).removesuffix(".jsonl")
        self._envelope = {"schema": SCHEMA, "run_id": run_id, "node": node, "process": process, "writer": writer, "life": life}
        self._seq = 0
        self._waiting: list[tuple[str, bytes]] = []
        self._shed = 0
        self._descriptor = -1
        self._fresh = True
        self._closed = False

    def write(self, kind: str, fields: Mapping[str, object]) -> bool:
        """Append a line of *kind*. Return False if it has to wait in memory or the journal is closed.

        Args:
            kind: ``start``, ``interval``, ``progress``, ``note`` or ``end``.
            fields: The content of the line. Values that JSON cannot hold become text, and infinite numbers become null.
        """
        if self._closed:
            return False
        self._waiting.append((kind, self._line(kind, fields)))
        if not self._flush():
            return False
        if self.fault:
            shed = f"; {self._shed} earlier lines were dropped, their energy is in the later ones" if self._shed else ""
            text = f"the journal could not be written for a while ({self.fault}), its lines were kept in memory{shed}"
            self.fault, self._shed = "", 0
            self.write("note", {"text": text})
        return True

    def unwritten(self) -> list[str]:
        """Return the lines that are still in memory, the oldest first."""
        return [line.decode("ascii") for _, line in self._waiting]

    def close(self) -> None:
        """Write the lines that are still in memory, if possible, and close the file. It is safe to call twice."""
        if not self._closed:
            self._flush()
            self._release()
            self._closed = True

    def _line(self, kind: str, fields: Mapping[str, object]) -> bytes:
        now = time.time()
        wall = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1e6):06d}Z"
        head = {**self._envelope, "seq": self._seq, "kind": kind, "wall": wall, "wall_s": now, "mono_s": time.monotonic()}
        self._seq += 1
        for text, items in _BOUNDS:
            rest = {name: value for name, value in _plain_table(fields, text, items, 0).items() if name not in head}
            line = json.dumps({**_plain_table(head, text, items, 0), **rest}, separators=(",", ":")).encode("ascii") + b"\n"
            if len(line) <= LONGEST_LINE_B:
                break
        return line

    def _flush(self) -> bool:
        while self._waiting:
            try:
                self._put(self._waiting[0][1])
            except OSError as error:
                self.fault = error.strerror or str(error)
                self._release()
                self._bound()
                return False
            del self._waiting[0]
        return True

    def _put(self, line: bytes) -> None:
        if self._descriptor < 0:
            self._descriptor, self._fresh = _open(self.file)
        # the line before may be cut off, by a full disk or a killed writer
        data = line if self._fresh else b"\n" + line
        while data:
            written = os.write(self._descriptor, data)
            self._fresh = False
            data = data[written:]
        self._fresh = True

    def _bound(self) -> None:
        """Drop the oldest intervals, as energy is cumulative, then the oldest notes, but never a start or an end."""
        size_b = sum(len(line) for _, line in self._waiting)
        for kinds in (("interval", "progress"), ("note",)):
            kept = []
            for place, (kind, line) in enumerate(self._waiting):
                if size_b > _KEPT_B and kind in kinds and place < len(self._waiting) - 1:
                    size_b -= len(line)
                    self._shed += 1
                else:
                    kept.append((kind, line))
            self._waiting = kept

    def _release(self) -> None:
        if self._descriptor >= 0:
            try:
                os.close(self._descriptor)
            except OSError as error:  # a full network disk may report it only here; later lines hold what was lost
                self.fault = self.fault or error.strerror or str(error)
            self._descriptor = -1


def new_journal(store: str, run_id: str) -> Journal:
    """Return the journal of this process in *store*: ``journals/<run>/<node>-<pid>-<start ns>.jsonl``. Nothing is written yet."""
    from traincarbon.ledger.store_folder import life, node_name

    node, process = node_name(store), os.getpid()
    file = os.path.join(run_folder(store, run_id), f"{node}-{process}-{time.time_ns()}.jsonl")
    return Journal(file, run_id=run_id, node=node, process=process, life=life(process))


def run_folder(store: str, run_id: str) -> str:
    """Return the folder of a run's journals. An id that is not a plain file name is escaped, so that no id leads out of the store.

    Example:
        >>> run_folder("/s", "bert-3"), run_folder("/s", "../etc")
        ('/s/journals/bert-3', '/s/journals/%2E%2E%2Fetc-2e2f657463')
    """
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else _escaped(letter) for letter in run_id)
    if plain != run_id or len(plain) > 100 or not plain:
        folded = int.from_bytes(run_id.encode("utf-8", "surrogatepass"), "big") % (2**61 - 1)
        plain = f"{plain[:80]}-{folded % 16**10:010x}"
    return os.path.join(store, "journals", plain)


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
        with open(file, "rb") as stream:
            stream.seek(begin_b)
            for raw, length_b in _raw_lines(stream):
                line, fault = _parse(raw)
                at = f"{name}, byte {position_b}"
                if raw.endswith(b"\n") or len(raw) > LONGEST_LINE_B:
                    position_b += length_b
                if line is not None or fault:
                    yield line, f"{at}: {fault}" if fault else "", position_b
    except OSError as error:
        yield None, f"{name}: {error.strerror or error}", position_b


def _open(file: str) -> tuple[int, bool]:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        descriptor = os.open(file, flags, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(file) or ".", exist_ok=True)
        descriptor = os.open(file, flags, 0o666)
    return descriptor, os.fstat(descriptor).st_size == 0


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


def _plain(value: object, text: int, items: int, depth: int) -> object:
    """Return *value* as JSON can hold it, limited in size and depth."""
    if value is None or isinstance(value, (bool, int)):
        return value if not isinstance(value, int) or -(2**63) <= value < 2**63 else float(value) if abs(value) < 10**300 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return _plain_table(value, text, items, depth)
    if isinstance(value, (list, tuple, set, frozenset)) and depth < _DEEPEST:
        parts = list(value)
        more = [f"… {len(parts) - items} more"] if len(parts) > items else []
        return [_plain(part, text, items, depth + 1) for part in parts[:items]] + more
    return _cut(value if isinstance(value, str) else str(value), text)


def _plain_table(table: Mapping[str, object], text: int, items: int, depth: int) -> dict[str, object]:
    return {_cut(str(name), text): _plain(part, text, items, depth + 1) for name, part in list(table.items())[:items]}


def _cut(value: str, most: int) -> str:
    return value if len(value) <= most else f"{value[: most - 1]}…"


def _raw_lines(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield bytes and length of each line. A line that is too long is cut."""
    while raw := stream.readline(LONGEST_LINE_B + 1):
        length_b, rest = len(raw), raw
        while len(rest) > LONGEST_LINE_B and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE_B + 1)
            length_b += len(rest)
        yield raw, length_b


def _parse(raw: bytes) -> tuple[Line | None, str]:
    if len(raw) > LONGEST_LINE_B:
        return None, "too long for a line of a journal"
    if not raw.endswith(b"\n"):
        return None, "cut off"
    text = raw.strip(b" \t\r\n\0")
    if not text:
        return None, "" if not raw.strip() else "only NUL bytes"
    try:
        line = json.loads(text.decode("utf-8"), parse_constant=lambda _: None)
        if b"\\u" in text:  # halves of letters, which JSON can hold and UTF-8 cannot
            line = json.loads(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None, "not JSON"
    if not isinstance(line, dict):
        return None, "not an object"
    if line.get("schema") != SCHEMA:
        return None, f"its schema is {str(line.get('schema'))[:60]!r}, not {SCHEMA!r}"
    line.setdefault("writer", f"{line.get('node')}-{line.get('process')}")
    fault = _fault_of(line)
    return (None, fault) if fault else (cast("Line", line), "")


def _fault_of(line: Mapping[str, object]) -> str:
    """Return which required field of a line is missing or impossible, or "" if all are valid."""
    for name, kind in _REQUIRED.items():
        value = line.get(name)
        if not isinstance(value, kind) or not _says_something(value):
            return f"its {name} is {str(value)[:60]!r}"
    return ""


def _says_something(value: object) -> bool:
    """Return whether a value is text that is not blank or a plausible number."""
    return bool(value.strip()) if isinstance(value, str) else isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _MOST
