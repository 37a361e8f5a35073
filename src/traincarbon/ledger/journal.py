"""The journal of a process: an append-only file of self-contained JSON lines, which survives a ``kill -9`` of its writer.

The writer runs beside a training and stays lean: it imports only json and modules that every Python has loaded.
"""

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from traincarbon.ledger.appended_file import Appended, AppendedFile
from traincarbon.ledger.journal_lines import CHECKPOINT, CHECKPOINT_EVERY_B, LONGEST_LINE_B, PACKS, SCHEMA, with_checksum, with_seal

if TYPE_CHECKING:
    from traincarbon.ledger.spare_store import SpareJournal

_HEAD_B = 1 << 16
"""The most notes that are written again into a file that begins anew."""
_KEPT_B = 1 << 20
"""The most that is kept in memory while the file cannot be written."""
_BOUNDS = ((2000, 1000), (200, 1000), (40, 100))
"""The characters of a text and the items of a list that a line keeps; the next pair applies if the line is still too long."""
_DEEPEST = 8
_MARKS_B = 100
"""Room for seal and checksum of a line."""
_TIMES_APART = 8
"""Checkpoints are so many times their own size apart."""


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
        opens: Makes what lines are written to, given the path.
        spare: Keeps the lines while the file cannot be written; without it they are kept in memory alone.
    """

    def __init__(
        self,
        file: str,
        *,
        run_id: str,
        node: str,
        process: int,
        life: str = "",
        opens: Callable[[str], Appended] = AppendedFile,
        spare: "SpareJournal | None" = None,
    ) -> None:
        self.file = file
        self.fault = ""
        """Why the latest line is still in memory; empty if all lines are in the file."""
        writer = os.path.basename(file).removesuffix(".jsonl")
        self._envelope = {"schema": SCHEMA, "run_id": run_id, "node": node, "process": process, "writer": writer, "life": life}
        self._seq = 0
        self._seal = ""
        """The seal of the latest line; checkpoints are sealed and not part of the chain, as one may be missing."""
        self._waiting: list[tuple[str, bytes]] = []
        self._shed = 0
        self._file = opens(file)
        self._spare = spare
        self._beginning: list[bytes] = []
        """The start and the notes of the run as they were written, for a file that has to begin anew."""
        self._closed = False
        self._due_b = CHECKPOINT_EVERY_B

    def write(self, kind: str, fields: Mapping[str, object]) -> bool:
        """Append a line of *kind*. Return False if it has to wait in memory or the journal is closed.

        Args:
            kind: ``start``, ``interval``, ``progress``, ``note`` or ``end``.
            fields: The content of the line. Values that JSON cannot hold become text, and infinite numbers become null.
        """
        if self._closed:
            return False
        if kind == "interval":
            self._state_checkpoint()
        self._waiting.append((kind, self._line(kind, fields)))
        if not self._flush():
            return False
        if self.fault:
            shed = f"; {self._shed} earlier lines were dropped, their energy is in the later ones" if self._shed else ""
            text = f"the journal could not be written for a while ({self.fault}), its lines were kept in memory{shed}"
            dropped = {"dropped": self._shed} if self._shed else {}
            self.fault, self._shed = "", 0
            self.write("note", {"text": text, **dropped})
        return True

    def unwritten(self) -> list[str]:
        """Return the lines that are still in memory, the oldest first."""
        return [line.decode("ascii") for _, line in self._waiting]

    def close(self) -> None:
        """Write the lines that are still in memory, if possible, and close the file. It is safe to call twice."""
        if not self._closed:
            self._flush()
            try:
                self._file.close()
            except OSError as error:  # a full network disk may report it only here
                self.fault = self.fault or error.strerror or str(error)
            self._closed = True

    @property
    def kept_in(self) -> str:
        """The store that holds the lines which this journal could not write, "" if it wrote all or no other place takes them."""
        return self._spare.store if self._spare is not None and self._waiting else ""

    def _state_checkpoint(self) -> None:
        """Write a checkpoint if one is due, so that a reader of a long journal can begin there. It is not worth keeping in memory."""
        end_b = self._file.end_b
        if self._waiting or end_b is None or end_b < self._due_b:
            return
        head, seal = self._head(CHECKPOINT), self._seal
        self._due_b = end_b + CHECKPOINT_EVERY_B

        def line() -> bytes | None:
            from traincarbon.ledger.checkpoint import checkpoint_fields  # only a long run needs it

            fields = checkpoint_fields(self.file, at_b=end_b) if os.stat(self.file).st_size == end_b else None
            text, _ = with_seal(json.dumps({**head, **(fields or {})}, separators=(",", ":")).encode("ascii"), after=seal)
            made = with_checksum(text) + b"\n"
            self._due_b = max(self._due_b, end_b + _TIMES_APART * len(made))
            return made if fields is not None else None

        with suppress(OSError):
            self._file.append_made(line)

    def _head(self, kind: str) -> dict[str, object]:
        """Return the fields with which the next line begins."""
        now = time.time()
        wall = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1e6):06d}Z"
        self._seq += 1
        return {**self._envelope, "seq": self._seq - 1, "kind": kind, "wall": wall, "wall_s": now, "mono_s": time.monotonic()}

    def _line(self, kind: str, fields: Mapping[str, object]) -> bytes:
        head = self._head(kind)
        for text, items in _BOUNDS:
            rest = {name: value for name, value in _plain_table(fields, text, items, 0).items() if name not in head}
            stated = json.dumps({**_plain_table(head, text, items, 0), **rest}, separators=(",", ":")).encode("ascii")
            if len(stated) <= LONGEST_LINE_B - _MARKS_B:
                break
        sealed, self._seal = with_seal(stated, after=self._seal)
        return with_checksum(sealed) + b"\n"

    def _flush(self) -> bool:
        while self._waiting:
            kind, line = self._waiting[0]
            try:
                self._file.append(line, head=self._beginning)
            except OSError as error:
                self.fault = error.strerror or str(error)
                if self._spare is not None:
                    self._spare.keep([waiting for _, waiting in self._waiting], head=self._beginning)
                self._bound()
                return False
            del self._waiting[0]
            self._remember(kind, line)
        if self._spare is not None:
            self._spare.discard()
        return True

    def _remember(self, kind: str, line: bytes) -> None:
        if kind == "start" or (kind == "note" and sum(map(len, self._beginning)) + len(line) <= _HEAD_B):
            self._beginning.append(line)

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


def new_journal(store: str, run_id: str) -> Journal:
    """Return the journal of this process in *store*. Nothing is written yet."""
    from traincarbon.ledger.store_folder import life, node_name

    node, process = node_name(store), os.getpid()
    return Journal(journal_path(store, run_id, node=node, process=process), run_id=run_id, node=node, process=process, life=life(process))


def journal_path(store: str, run_id: str, *, node: str, process: int) -> str:
    """Return the path of a new journal: ``journals/<run>/<node>-<pid>-<start ns>.jsonl``."""
    return os.path.join(run_folder(store, run_id), f"{node}-{process}-{time.time_ns()}.jsonl")


def run_journals(store: str, run_id: str, *, but: str = "") -> list[str]:
    """Return the journals of a run, by name.

    Args:
        store: The folder that holds the journals.
        run_id: The run.
        but: Name of a journal to leave out, such as one that is still being written.

    Raises:
        OSError: the folder cannot be read.
    """
    folder = run_folder(store, run_id)
    names = sorted(name for name in os.listdir(folder) if name.endswith(".jsonl") and name != but) if os.path.isdir(folder) else []
    return [os.path.join(folder, name) for name in names]


def run_packs(store: str, run_id: str) -> list[str]:
    """Return the packs that hold earlier journals of a run, see :mod:`traincarbon.ledger.packs`.

    Raises:
        OSError: a folder cannot be read.
    """
    folder = os.path.join(store, "journals")
    if not os.path.isdir(folder) or not any(name.startswith(PACKS) for name in os.listdir(folder)):
        return []
    from traincarbon.ledger.packs.lookup import packs_of  # few runs go on after they were packed

    return packs_of(store, run_id)


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


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogatepass"))


def _plain(value: object, text: int, items: int, depth: int) -> object:
    """Return *value* as JSON can hold it, limited in size and depth."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int)):
        return value if not isinstance(value, int) or -(2**63) <= value < 2**63 else float(value) if abs(value) < 10**300 else None
    if isinstance(value, str):  # most of the rest, and whether something is a mapping takes longer to tell
        return _cut(value, text)
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return _plain_table(value, text, items, depth)
    if isinstance(value, (list, tuple, set, frozenset)) and depth < _DEEPEST:
        parts = list(value)
        more = [f"… {len(parts) - items} more"] if len(parts) > items else []
        return [_plain(part, text, items, depth + 1) for part in parts[:items]] + more
    return _cut(str(value), text)


def _plain_table(table: Mapping[str, object], text: int, items: int, depth: int) -> dict[str, object]:
    return {_cut(str(name), text): _plain(part, text, items, depth + 1) for name, part in list(table.items())[:items]}


def _cut(value: str, most: int) -> str:
    return value if len(value) <= most else f"{value[: most - 1]}…"
