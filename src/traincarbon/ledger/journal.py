"""The journal: one append-only file a process, one self-contained line a record; what a process wrote survives its ``kill -9``.

The writer runs beside a training and stays lean: it imports what every Python has loaded, and json.
"""

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

SCHEMA = "traincarbon/journal/1"
LONGEST_LINE_B = 1 << 20
"""A longer line is none of ours: it is skipped without being read into memory."""

_KEPT_B = 1 << 20
"""Most that waits in memory while the file cannot be written."""
_BOUNDS = ((2000, 1000), (200, 1000), (40, 100))
"""Characters of a text and items of a list that a line keeps; the next pair where the line is still too long."""
_DEEPEST = 8
_WANTED: dict[str, type | tuple[type, ...]] = {
    "run_id": str, "node": str, "writer": str, "kind": str, "process": int, "seq": int, "wall_s": (int, float), "mono_s": (int, float)
}  # fmt: skip
"""What every line says, and how."""
_MOST = 1e15
"""No clock and no count of ours goes so far."""


class Journal:
    """The writer: a line a record, each in one write to a file opened for appending.

    It never raises for want of room or of rights: what cannot be written waits in memory, bounded, and follows when it can, with one
    note that says so. Nothing has to be locked, as no other process writes to the file.

    Args:
        file: Path of the file; its folders are made with the first line.
        run_id: The run that the lines belong to.
        node: What stands for this machine in the store, see :func:`traincarbon.ledger.store_folder.node_name`.
        process: Id of the process that writes.
        life: What tells later whether that process still lives, see :func:`traincarbon.ledger.store_folder.life`.
    """

    def __init__(self, file: str, *, run_id: str, node: str, process: int, life: str = "") -> None:
        self.file = file
        self.fault = ""
        """Why the latest line had to stay in memory; empty when all lines are in the file."""
        writer = os.path.basename(file).removesuffix(".jsonl")
        self._envelope = {"schema": SCHEMA, "run_id": run_id, "node": node, "process": process, "writer": writer, "life": life}
        self._seq = 0
        self._waiting: list[tuple[str, bytes]] = []
        self._shed = 0
        self._descriptor = -1
        self._fresh = True
        self._closed = False

    def write(self, kind: str, fields: Mapping[str, Any]) -> bool:
        """Append a line of *kind*; return False when it had to stay in memory, or the journal is closed.

        Args:
            kind: ``start``, ``interval``, ``progress``, ``note`` or ``end``.
            fields: What the line states beside who wrote it and when; what JSON cannot hold becomes text, no number becomes null.
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
        """Return the lines that still wait in memory, the oldest first."""
        return [line.decode("ascii") for _, line in self._waiting]

    def close(self) -> None:
        """Write what still waits, if that is possible, and close the file; safe to call twice."""
        if not self._closed:
            self._flush()
            self._release()
            self._closed = True

    def _line(self, kind: str, fields: Mapping[str, Any]) -> bytes:
        now = time.time()
        wall = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1e6):06d}Z"
        head = {**self._envelope, "seq": self._seq, "kind": kind, "wall": wall, "wall_s": now, "mono_s": time.monotonic()}
        self._seq += 1
        for text, items in _BOUNDS:
            plain = {name: value for name, value in _plain(fields, text, items, 0).items() if name not in head}
            line = json.dumps({**_plain(head, text, items, 0), **plain}, separators=(",", ":")).encode("ascii") + b"\n"
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
        # after a line that was cut short, or that a killed writer may have cut, a new one begins on a line of its own
        data = line if self._fresh else b"\n" + line
        while data:
            written = os.write(self._descriptor, data)
            self._fresh = False
            data = data[written:]
        self._fresh = True

    def _bound(self) -> None:
        """Drop the oldest intervals, which later ones make dispensable as energy is cumulative, then the oldest notes; never start or end."""
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
            except OSError as error:  # a full network disk may say so only here; what was lost there, later lines make up for
                self.fault = self.fault or error.strerror or str(error)
            self._descriptor = -1


def new_journal(store: str, run_id: str) -> Journal:
    """Return the journal of this process in *store*: ``journals/<run>/<node>-<pid>-<start ns>.jsonl``; nothing is written yet."""
    from traincarbon.ledger.store_folder import life, node_name

    node, process = node_name(store), os.getpid()
    file = os.path.join(run_folder(store, run_id), f"{node}-{process}-{time.time_ns()}.jsonl")
    return Journal(file, run_id=run_id, node=node, process=process, life=life(process))


def run_folder(store: str, run_id: str) -> str:
    """Return the folder of a run's journals; an id that is no plain file name is escaped, so that none leads out of the store.

    Example:
        >>> run_folder("/s", "bert-3"), run_folder("/s", "../etc")
        ('/s/journals/bert-3', '/s/journals/%2E%2E%2Fetc-2e2f657463')
    """
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else _escaped(letter) for letter in run_id)
    if plain != run_id or len(plain) > 100 or not plain:
        folded = int.from_bytes(run_id.encode("utf-8", "surrogatepass"), "big") % (2**61 - 1)
        plain = f"{plain[:80]}-{folded % 16**10:010x}"
    return os.path.join(store, "journals", plain)


def read_journal(file: str | os.PathLike[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the lines of a journal and, one text each, what of it could not be used: cut off, corrupt, foreign or newer lines."""
    lines: list[dict[str, Any]] = []
    faults: list[str] = []
    for line, fault, _ in read_lines(file):
        if line is not None:
            lines.append(line)
        if fault:
            faults.append(fault)
    return lines, faults


def read_lines(file: str | os.PathLike[str], *, begin_b: int = 0) -> Iterator[tuple[dict[str, Any] | None, str, int]]:
    """Yield line, fault and the place in the file up to which all is read, never more than one line in memory.

    A line that lacks its end is not counted as read: it may be one that is being written.

    Args:
        file: The journal.
        begin_b: Where to begin, a place that an earlier reading gave.
    """
    name = os.path.basename(os.fspath(file))
    place_b = begin_b
    try:
        with open(file, "rb") as stream:
            stream.seek(begin_b)
            for raw, length_b in _raw_lines(stream):
                line, fault = _parse(raw)
                at = f"{name}, byte {place_b}"
                if raw.endswith(b"\n") or len(raw) > LONGEST_LINE_B:
                    place_b += length_b
                if line is not None or fault:
                    yield line, f"{at}: {fault}" if fault else "", place_b
    except OSError as error:
        yield None, f"{name}: {error.strerror or error}", place_b


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


def _plain(value: Any, text: int, items: int, depth: int) -> Any:
    """Return *value* as JSON can hold it, bounded in size and depth."""
    if value is None or isinstance(value, (bool, int)):
        return value if not isinstance(value, int) or -(2**63) <= value < 2**63 else float(value) if abs(value) < 10**300 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping) and depth < _DEEPEST:
        pairs = list(value.items())[:items]
        return {_cut(str(name), text): _plain(part, text, items, depth + 1) for name, part in pairs}
    if isinstance(value, (list, tuple, set, frozenset)) and depth < _DEEPEST:
        parts = list(value)
        more = [f"… {len(parts) - items} more"] if len(parts) > items else []
        return [_plain(part, text, items, depth + 1) for part in parts[:items]] + more
    return _cut(value if isinstance(value, str) else str(value), text)


def _cut(value: str, most: int) -> str:
    return value if len(value) <= most else f"{value[: most - 1]}…"


def _raw_lines(stream: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield bytes and length of each line; one that is too long comes without its rest."""
    while raw := stream.readline(LONGEST_LINE_B + 1):
        length_b, rest = len(raw), raw
        while len(rest) > LONGEST_LINE_B and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE_B + 1)
            length_b += len(rest)
        yield raw, length_b


def _parse(raw: bytes) -> tuple[dict[str, Any] | None, str]:
    if len(raw) > LONGEST_LINE_B:
        return None, "longer than a line of ours can be"
    if not raw.endswith(b"\n"):
        return None, "cut off"
    text = raw.strip(b" \t\r\n\0")
    if not text:
        return None, "" if not raw.strip() else "nothing but NUL bytes"
    try:
        line = json.loads(text.decode("utf-8"), parse_constant=lambda _: None)
        if b"\\u" in text:  # halves of letters, which JSON can hold and UTF-8 cannot
            line = json.loads(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None, "no JSON"
    if not isinstance(line, dict):
        return None, "no object"
    if line.get("schema") != SCHEMA:
        return None, f"its schema is {str(line.get('schema'))[:60]!r}, not {SCHEMA!r}"
    line.setdefault("writer", f"{line.get('node')}-{line.get('process')}")
    for name, kind in _WANTED.items():
        value = line.get(name)
        if not isinstance(value, kind) or not _says_something(value):
            return None, f"its {name} is {str(value)[:60]!r}"
    return line, ""


def _says_something(value: Any) -> bool:
    """Return whether a value is a text that is not blank, or a number that can be."""
    return bool(value.strip()) if isinstance(value, str) else not isinstance(value, bool) and abs(value) < _MOST
