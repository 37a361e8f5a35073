"""The index of a store in SQLite: it makes lists of runs fast and is rebuilt from the journals whenever it is missing or wrong."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.ledger.checkpoint import advanced, latest_checkpoint
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.index_file import connect, insert, is_at_fault, seal, set_aside
from traincarbon.ledger.journal_lines import CHECKPOINT_EVERY_B, Line, read_lines
from traincarbon.ledger.process_summary import Process
from traincarbon.ledger.record import combine
from traincarbon.ledger.run import Run, timestamp
from traincarbon.quantities import Part

_FRESH_NS = 2_000_000_000
"""A folder that changed within this time may change again without a new time of change."""
_MOST_FAULTS = 20
_MOST_BOARDS = 64
"""Boards of one run for which other runs are looked up."""


class JournalFile(NamedTuple):
    """A journal of the store."""

    folder: str
    name: str
    size: int
    mtime_ns: int


class Index:
    """The runs of a store. Every answer takes in new lines of the journals first.

    Args:
        store: The folder that holds ``journals``.
        file: The file of the index. If it can be neither read nor written, the index is built in memory.
    """

    def __init__(self, store: str, file: str) -> None:
        self.journals = os.path.join(store, "journals")
        self.file = file
        self._connection = connect(file)

    def close(self) -> None:
        """Close the index. It is safe to call twice."""
        self._connection.close()

    def refresh(self) -> None:
        """Read the new lines of the journals. An index that cannot be trusted is rebuilt."""
        for attempt in range(3):
            try:
                self._refresh()
            except sqlite3.DatabaseError as error:
                self._reconnect(error, in_memory=attempt > 0)
            else:
                return
        raise CarbonError("the index of the runs cannot be built, neither on disk nor in memory", hint="is the disk full?")

    def records(self, *, project: str = "", state: str = "", since: str = "", limit: int = 0) -> tuple[list[Run], int]:
        """Return the matching records, the latest first and at most *limit* (0: all), and the number of all matches."""
        self.refresh()
        where = "(?1 = '' OR project = ?1) AND (?2 = '' OR state = ?2) AND started_at >= ?3"
        chosen = (project, state, since)
        ((total,),) = self._rows(f"SELECT count(*) FROM runs WHERE {where}", *chosen)  # noqa: S608  no value in it
        rows = self._rows(f"SELECT record FROM runs WHERE {where} ORDER BY started_at DESC, run_id LIMIT ?4", *chosen, limit or -1)  # noqa: S608  no value in it
        return [Run.from_stored(json.loads(text)) for (text,) in rows], total

    def ids(self, prefix: str) -> list[str]:
        """Return the ids of runs that begin with *prefix*, the latest first."""
        self.refresh()
        rows = self._rows("SELECT run_id FROM runs ORDER BY started_at DESC, run_id")
        return [run_id for (run_id,) in rows if run_id.startswith(prefix)]  # SQLite ends a text at its first NUL

    def record(self, run_id: str) -> Run | None:
        """Return the record of the run with that exact id."""
        rows = self._rows("SELECT record FROM runs WHERE run_id = ?", run_id)
        return Run.from_stored(json.loads(rows[0][0])) if rows else None

    def records_of_boards(self, run: Run) -> list[Run]:
        """Return the records, *run* and others, that have one of its GPUs and began before it ended."""
        gpus = [f'"{use.device}"' for use in run.by_device if use.part == Part.GPU][:_MOST_BOARDS]
        if not gpus or not run.attempts:
            return []
        end = timestamp(max(attempt.ended_s for attempt in run.attempts))
        where = " OR ".join(f"instr(record, ?{at})" for at in range(2, len(gpus) + 2))
        rows = self._rows(f"SELECT record FROM runs WHERE started_at <= ?1 AND ({where})", end, *gpus)  # noqa: S608  no value in it
        return [Run.from_stored(json.loads(text)) for (text,) in rows]

    def files(self, run_id: str) -> list[str]:
        """Return the paths of the journals that hold lines of a run."""
        rows = self._rows("SELECT DISTINCT folder, name FROM processes WHERE run_id = ? ORDER BY folder, name", run_id)
        return [os.path.join(self.journals, folder, name) for folder, name in rows]

    def runs_in(self, file: str) -> list[str]:
        """Return the runs that a journal holds lines of."""
        folder, name = os.path.split(os.path.relpath(file, self.journals))
        rows = self._rows("SELECT DISTINCT run_id FROM processes WHERE folder = ? AND name = ? ORDER BY run_id", folder, name)
        return [run_id for (run_id,) in rows]

    def faults(self) -> list[str]:
        """Return the faults of the journals with file and position, up to 20 per file."""
        rows = self._rows("SELECT folder, faults FROM files WHERE faults != '[]' ORDER BY folder, name")
        return [os.path.join(folder, fault) for folder, text in rows for fault in json.loads(text)]

    def _rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question. A file that was damaged since it was opened is rebuilt first."""
        try:
            return self._connection.execute(question, values).fetchall()
        except sqlite3.DatabaseError as error:
            self._reconnect(error)
            self.refresh()
            return self._connection.execute(question, values).fetchall()

    def _reconnect(self, error: sqlite3.DatabaseError, *, in_memory: bool = False) -> None:
        """Go on with a new file if the old one is wrong, else in memory."""
        self._connection.close()
        on_disk = not in_memory and is_at_fault(error)
        if on_disk:
            with suppress(OSError):  # a read-only folder, for example
                set_aside(self.file)
        self._connection = connect(self.file if on_disk else ":memory:")

    def _refresh(self) -> None:
        if not any(self._changes()) and not self._unsettled():
            return
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            gone, changed, folders = self._changes()  # again: another command may have done it meanwhile
            touched = {run_id for file in gone for run_id in self._drop(file)}
            whole: dict[str, Process] = {}
            for file in changed:
                touched |= self._read(file, whole)
            for name, mtime_ns in folders.items():
                insert(self._connection, "folders", (name, mtime_ns, 0))
            for run_id in touched | set(self._unsettled()):
                self._combine(run_id, whole.get(run_id))
            self._settle()

    def _unsettled(self) -> list[str]:
        """Return the runs whose state can change without new lines."""
        return [run_id for (run_id,) in self._connection.execute("SELECT run_id FROM runs WHERE state = 'running'")]

    def _changes(self) -> tuple[list[tuple[str, str]], list[JournalFile], dict[str, int]]:
        """Return the files that are gone, those that are new or changed, and the folders that were read."""
        settled = dict(self._connection.execute("SELECT name, mtime_ns FROM folders WHERE settled"))
        known: dict[str, dict[str, tuple[int, int]]] = {}
        for folder, name, size, mtime_ns in self._connection.execute("SELECT folder, name, size, mtime_ns FROM files"):
            known.setdefault(folder, {})[name] = (size, mtime_ns)
        recent_ns = time.time_ns() - _FRESH_NS
        gone: list[tuple[str, str]] = []
        changed: list[JournalFile] = []
        folders: dict[str, int] = {}
        for folder, mtime_ns in _folders(self.journals):
            before = known.pop(folder, {})
            if settled.get(folder) == mtime_ns:
                continue
            found = _files(os.path.join(self.journals, folder), folder)
            changed_here = [file for file in found if before.pop(file.name, None) != (file.size, file.mtime_ns)]
            gone += [(folder, name) for name in before]
            changed += changed_here
            if changed_here or before or mtime_ns < recent_ns:
                folders[folder] = mtime_ns if mtime_ns < recent_ns else 0
        gone += [(folder, name) for folder, names in known.items() for name in names]
        fresh = dict(self._connection.execute("SELECT name, mtime_ns FROM folders"))
        return gone, changed, {name: mtime_ns for name, mtime_ns in folders.items() if fresh.get(name) != mtime_ns}

    def _drop(self, file: tuple[str, str]) -> set[str]:
        touched = {run_id for (run_id,) in self._connection.execute("SELECT run_id FROM processes WHERE folder = ? AND name = ?", file)}
        self._connection.execute("DELETE FROM processes WHERE folder = ? AND name = ?", file)
        self._connection.execute("DELETE FROM files WHERE folder = ? AND name = ?", file)
        return touched

    def _read(self, file: JournalFile, whole: dict[str, Process]) -> set[str]:
        """Fold in the new lines of a file, or all of its lines if it is a different file now; take note of a run in *whole* that it alone holds."""
        key = (file.folder, file.name)
        row = self._connection.execute("SELECT size, read_b, faults FROM files WHERE folder = ? AND name = ?", key).fetchone()
        path = os.path.join(self.journals, *key)
        touched: set[str] = set()
        found = _Folded({}, [], 0)
        if row is not None and row[0] < file.size:
            stored = self._connection.execute("SELECT run_id, writer, tangled, summary FROM processes WHERE folder = ? AND name = ?", key)
            summaries = {(run_id, writer): (Process.from_stored(json.loads(text)), bool(tangled)) for run_id, writer, tangled, text in stored}
            found = _Folded(summaries, [fault for fault in json.loads(row[2]) if not fault.endswith("cut off")], row[1])
            touched = found.read(path)
            is_changed = any(tangled for _, tangled in found.summaries.values())
        else:
            checkpoint = latest_checkpoint(path) if file.size > CHECKPOINT_EVERY_B else None
            if checkpoint is not None:
                found = _Folded({(checkpoint.process.run_id, checkpoint.process.writer): (checkpoint.process, False)}, [], checkpoint.end_b)
            touched = {run_id for run_id, _ in found.summaries} | found.read(path)
            is_changed = row is not None
        if is_changed:  # a file that does not merely go on is another one: what was known of it is no longer true
            touched |= self._drop(key)
        if is_changed and row is not None and row[0] < file.size:
            found = _Folded({}, [], 0)
            touched |= found.read(path)
        insert(self._connection, "files", (*key, file.size, file.mtime_ns, found.read_b, json.dumps(found.faults)))
        for (run_id, writer), (process, tangled) in found.summaries.items():
            if run_id in touched:
                insert(self._connection, "processes", (*key, run_id, writer, tangled, json.dumps(process.to_stored())))
                if not tangled:
                    whole[run_id] = process
        return touched

    def _combine(self, run_id: str, only: Process | None = None) -> None:
        """Renew the record of a run; *only* is its process if it has one and that was just read."""
        rows = self._connection.execute("SELECT folder, name, writer, tangled, summary FROM processes WHERE run_id = ?", (run_id,)).fetchall()
        processes: Sequence[Process]
        if only is not None and [row[2] for row in rows] == [only.writer]:
            processes = [only]
        elif any(row[3] for row in rows) or len({row[2] for row in rows}) < len(rows):  # a line may stand in several files: only the lines themselves tell
            files = {os.path.join(self.journals, folder, name) for folder, name, *_ in rows}
            processes = fold_files(sorted(files), run_id)
        else:
            processes = [Process.from_stored(json.loads(row[4])) for row in rows]
        try:
            record = combine(processes, now_s=time.time())
        except CarbonError:  # no line is left, or an imported record is invalid
            self._connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
            return
        settled = all(process.end is not None or process.record is not None for process in processes)
        row = (run_id, record.started_at, record.project, record.state, settled, json.dumps(record.to_stored()))
        insert(self._connection, "runs", row)

    def _settle(self) -> None:
        """Mark the folders whose runs have all ended: they change only by a new file, which changes the time of the folder."""
        self._connection.execute("""UPDATE folders SET settled = mtime_ns > 0 AND NOT EXISTS (SELECT 1 FROM processes JOIN runs USING (run_id)
                                    WHERE processes.folder = folders.name AND NOT runs.settled) WHERE NOT settled""")
        seal(self._connection, "folders")


class _Folded:
    """What is known of the lines of a file so far.

    Args:
        summaries: Run and writer to the summary, and whether its lines do not come in order.
        faults: What cannot be read.
        read_b: Up to where the file was read.
    """

    def __init__(self, summaries: dict[tuple[str, str], tuple[Process, bool]], faults: list[str], read_b: int) -> None:
        self.summaries, self.faults, self.read_b = summaries, faults, read_b

    def read(self, path: str) -> set[str]:
        """Fold in the lines from there on; return their runs."""
        touched: set[str] = set()
        for line, fault, place_b in read_lines(path, begin_b=self.read_b):
            self.read_b = place_b
            if line is not None:
                touched.add(line["run_id"])
                _add(self.summaries, line)
            elif len(self.faults) < _MOST_FAULTS:
                self.faults.append(fault)
        return touched


def _add(summaries: dict[tuple[str, str], tuple[Process, bool]], line: Line) -> None:
    key = (line["run_id"], line["writer"])
    process, tangled = summaries.get(key) or (Process(line["run_id"], line["writer"], line["node"], line["process"]), False)
    tangled = tangled or line["seq"] <= process.seq or line["node"] != process.node
    summaries[key] = (process if tangled else advanced(process, line), tangled)


def _folders(journals: str) -> Iterator[tuple[str, int]]:
    try:
        with os.scandir(journals) as entries:
            for entry in entries:
                with suppress(OSError):  # gone since it was listed
                    if entry.is_dir(follow_symlinks=False):
                        yield entry.name, entry.stat(follow_symlinks=False).st_mtime_ns
    except (FileNotFoundError, PermissionError):  # the latter is a fault of the store, see unreadable_folders
        return


def _files(path: str, folder: str) -> list[JournalFile]:
    found = []
    with suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            if entry.name.endswith(".jsonl") and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    state = entry.stat(follow_symlinks=False)
                    found.append(JournalFile(folder, entry.name, state.st_size, state.st_mtime_ns))
    return found
