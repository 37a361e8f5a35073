"""The index of a store in SQLite: it makes lists of runs fast and is rebuilt from the journals whenever it is missing or wrong."""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

from traincarbon.errors import CarbonError
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.half_letters import as_asked
from traincarbon.ledger.imported_runs import ImportedJournal
from traincarbon.ledger.index_file import IN_MEMORY, connect, differing_runs, distrust, insert, is_at_fault, rows_of, set_aside, tested, writing
from traincarbon.ledger.index_folding import Folded, has_ended
from traincarbon.ledger.index_ids import ids_in, is_without, known_of, spelled_otherwise
from traincarbon.ledger.index_imported import Place, are_records_alone, marks_in, records_of, take_in, with_several
from traincarbon.ledger.index_kept import KeptAnswers
from traincarbon.ledger.index_progress import Progress, Tell
from traincarbon.ledger.index_scan import JournalFile, at_a_time, changes_in
from traincarbon.ledger.listed_runs import ACROSS_IN_SQLITE, AROUND_IN_SQLITE, IN_SQLITE, Questions, long_before, looked_twice, run_row
from traincarbon.ledger.process_summary import Process
from traincarbon.ledger.record import combine
from traincarbon.ledger.run import Run, timestamp
from traincarbon.quantities import Part

T = TypeVar("T")
_STEP_S = 30.0
"""How long new lines are taken in before they are written."""
_MOST_BOARDS = 64
"""Boards of one run for which other runs are looked up."""


class _Rows(NamedTuple):
    """Rows of the tables that journals make."""

    files: list[tuple[object, ...]]
    processes: list[tuple[object, ...]]


class Index:
    """The runs of a store. Every answer takes in new lines of the journals first.

    Args:
        store: The folder that holds ``journals``.
        file: The file of the index. If it can be neither read nor written, the index is built in memory.
        tell: Called with a line now and then while journals are read for longer than a second.
    """

    questions: Questions = IN_SQLITE._replace(page=IN_SQLITE.page.replace("{is_as_written}", tested("runs")))

    def __init__(self, store: str, file: str, *, tell: Tell | None = None) -> None:
        self.journals = os.path.join(store, "journals")
        self.file = file
        self._tell = tell
        self._progress: Progress | None = None
        self._kept = KeptAnswers()
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

    def add(self, imported: Iterable[ImportedJournal]) -> None:
        """Take in journals of records that were just written, without reading them.

        What fails is left to :meth:`refresh`, which finds these files like any others.
        """
        with suppress(sqlite3.DatabaseError), writing(self._connection):
            self._combine({run_id: {} for run_id in take_in(self._connection, imported)})

    def look_through(self, *, within_s: float = 0.0) -> None:
        """Look the whole file through, unless that was done within some time: where a run seems to be missing, and before something is deleted or sent."""
        if not self._connection.was_looked_through(within_s=within_s):
            distrust(self._connection)
            self._connection.close()
            self._connection = connect(self.file)
        self.refresh()

    def marks(self, among: Collection[str]) -> set[str]:
        """Return those marks that imported records have, see :class:`traincarbon.ledger.imported_runs.ImportedRun`."""
        self.refresh()
        return self._asked(lambda connection: marks_in(connection, among))

    def records(self, *, project: str = "", state: str = "", since: str = "", until: str = "", limit: int = 0) -> tuple[list[Run], int]:
        """Return the matching records, the latest first and at most *limit* (0: all), and the number of all matches."""
        self.refresh()
        where, values = self.questions.where({"project": project, "state": state, "since": since, "until": until})
        chosen = f"{where} ORDER BY started_at DESC, run_id LIMIT ?{len(values) + 1}"
        if limit:  # chosen first, so that a record that is not found leaves a gap
            chosen = f"run_id IN (SELECT run_id FROM runs WHERE {chosen}) ORDER BY started_at DESC, run_id"  # noqa: S608  no value in it

        def asked() -> tuple[list[Run], int]:
            ((total,),) = self.rows(self.questions.total.format(runs=self.questions.runs, where=where), *values)
            return self._records(chosen, *values, limit or -1), total

        return looked_twice(self, asked, is_whole=lambda found: len(found[0]) == min(limit or found[1], found[1]))

    def ids(self, prefix: str, *, limit: int = 0) -> list[str]:
        """Return the ids of runs that begin with *prefix*, the latest first and at most *limit* (0: all)."""
        self.refresh()
        return self._asked(lambda connection: ids_in(connection, prefix, limit=limit))

    def lacks(self, prefix: str) -> bool:
        """Return whether it is certain without a look at all runs that none has an id that begins with *prefix*, after :meth:`ids` gave none."""
        return self._asked(lambda connection: is_without(connection, prefix)) and not self.ids(prefix, limit=1)

    def known(self, ids: Sequence[str]) -> list[str]:
        """Return those of some *ids* that runs have."""
        return self._asked(lambda connection: known_of(connection, ids))

    def spelled_otherwise(self, id: str, *, limit: int) -> list[str]:
        """Return at most *limit* ids of runs that differ from *id* in upper and lower case alone."""
        return self._asked(lambda connection: spelled_otherwise(connection, id, limit=limit))

    def record(self, run_id: str) -> Run | None:
        """Return the record of the run with that exact id."""
        found = self._records("run_id = ?", run_id)
        return found[0] if found else None

    def records_of_boards(self, run: Run) -> list[Run]:
        """Return the records, *run* and others, that have one of its GPUs and ran, or run still, between its beginning and its end."""
        gpus = [f'"{use.device}"' for use in run.by_device if use.part == Part.GPU][:_MOST_BOARDS]
        if not gpus or not run.attempts:
            return []
        began, ended = timestamp(min(attempt.began_s for attempt in run.attempts)), timestamp(max(attempt.ended_s for attempt in run.attempts))
        of_boards = " OR ".join(f"instr(record, ?{at})" for at in range(4, len(gpus) + 4))
        return self._records(f"run_id IN ({AROUND_IN_SQLITE}) AND ({of_boards})", began, ended, long_before(began), *gpus)

    def records_around(self, begin: str, end: str, *, of_other_programs: bool = False) -> list[Run]:
        """Return the records of runs that ran, or run still, between two instants: all, or those that other programs made."""
        others = " AND instr(record, '\"source\": ')" if of_other_programs else ""  # the record of a tracked run has no such key
        return self._records(f"run_id IN ({AROUND_IN_SQLITE}){others}", begin, end, long_before(begin))

    def records_across(self, begin: str, end: str, *, long_s: float) -> list[Run]:
        """Return the records of runs that ran between two instants and crossed one of them, took long, or still run."""
        return self._records(f"run_id IN ({ACROSS_IN_SQLITE})", begin, end, long_s, long_before(begin))

    def files(self, run_id: str) -> list[str]:
        """Return the paths of the journals that hold lines of a run."""
        rows = self.rows("SELECT DISTINCT folder, name FROM processes WHERE run_id = ? ORDER BY folder, name", run_id)
        return [os.path.join(self.journals, folder, name) for folder, name in rows]

    def runs_in(self, file: str) -> list[str]:
        """Return the runs that a journal holds lines of."""
        folder, name = os.path.split(os.path.relpath(file, self.journals))
        rows = self.rows("SELECT DISTINCT run_id FROM processes WHERE folder = ? AND name = ? ORDER BY run_id", folder, name)
        return [run_id for (run_id,) in rows]

    def has_only_records(self, file: str) -> bool:
        """Return whether a journal holds imported records and nothing else."""
        folder, name = os.path.split(os.path.relpath(file, self.journals))
        return self._asked(lambda connection: are_records_alone(connection, folder=folder, name=name))

    def faults(self) -> list[str]:
        """Return the faults of the journals with file and position, up to 20 per file."""
        rows = self.rows(f"SELECT folder, faults, {tested('files')} FROM files WHERE faults != '[]' ORDER BY folder, name")  # noqa: S608  no value in it
        return [os.path.join(folder, fault) for folder, text, _ in rows for fault in json.loads(text)]

    def _records(self, chosen: str, *values: object) -> list[Run]:
        """Return the records of the runs that are chosen, each as it was written."""
        rows = self.rows(f"SELECT record, {tested('runs')} FROM runs WHERE {chosen}", *values)  # noqa: S608  no value in it
        return [Run.from_stored(json.loads(text)) for text, _ in rows]

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question. A file that turns out to be damaged is rebuilt first, in memory if that does not help."""
        return self._asked(lambda connection: connection.execute(question, [*map(as_asked, values)]).fetchall())

    def rows_kept(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what :meth:`rows` does, without asking again as long as nothing was written to the index."""
        return self._asked(lambda connection: self._kept.answer((question, values), lambda: self.rows(question, *values), connection=connection))

    def _asked(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        for attempt in range(3):
            try:
                return ask(self._connection)
            except sqlite3.DatabaseError as error:
                fault = error
                self._reconnect(error, in_memory=attempt > 0)
                self.refresh()
        raise CarbonError(f"the index of the runs cannot be read: {fault}", hint=f"delete {self.file}: it is made anew from the journals") from fault

    def _reconnect(self, error: sqlite3.DatabaseError, *, in_memory: bool = False) -> None:
        """Go on with a new file if the old one is wrong, else in memory."""
        on_disk = not in_memory and is_at_fault(error)
        if on_disk:
            distrust(self._connection)
        self._connection.close()
        if on_disk:
            with suppress(OSError):  # a read-only folder, for example
                set_aside(self.file)
        self._connection = connect(self.file if on_disk else IN_MEMORY)

    def _refresh(self) -> None:
        self._progress = None
        while not self._is_up_to_date():
            pass

    def _is_up_to_date(self) -> bool:
        """Take in what is new for some time, and return whether nothing is left: what was taken in stays if the command is killed in the next step."""
        before = self._version()
        changes = changes_in(self.journals, self._connection)
        if not any(changes) and not self._unsettled():
            return True
        with writing(self._connection):
            gone, changed, folders = (
                changes if self._version() == before else changes_in(self.journals, self._connection)
            )  # another command may have done it meanwhile
            touched = {run_id for file in gone for run_id in self._drop(file)} | set(self._unsettled())
            changed.sort()  # the rows of a table are ordered by folder
            self._progress = self._progress or Progress(self._tell, whole_b=sum(file.size for file in changed))
            until_s, is_whole = time.monotonic() + _STEP_S, True
            for files in at_a_time(changed):
                touched -= self._take_in(files, self._progress)
                if time.monotonic() >= until_s:
                    is_whole = False
                    break
            self._combine({run_id: {} for run_id in touched})
            if is_whole:
                self._settle(folders)
        return is_whole

    def _take_in(self, files: Sequence[JournalFile], progress: Progress) -> set[str]:
        """Read new and changed journals, and renew the records of their runs, which are returned."""
        rows = _Rows([], [])
        just_read: dict[str, dict[Place, Process]] = {}
        for file in files:
            self._read(file, rows, just_read, progress)
        insert(self._connection, "files", rows.files)
        insert(self._connection, "processes", rows.processes)
        self._combine(just_read)
        return set(just_read)

    def _version(self) -> int:
        """Return a number that changes when another connection writes to the file."""
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def _unsettled(self) -> list[str]:
        """Return the runs whose state can change without new lines."""
        return [run_id for (run_id,) in self._connection.execute("SELECT run_id FROM runs WHERE state = 'running'")]

    def _drop(self, file: tuple[str, str]) -> set[str]:
        touched = {run_id for (run_id,) in self._connection.execute("SELECT run_id FROM processes WHERE folder = ? AND name = ?", file)}
        self._connection.execute("DELETE FROM processes WHERE folder = ? AND name = ?", file)
        self._connection.execute("DELETE FROM files WHERE folder = ? AND name = ?", file)
        return touched

    def _read(self, file: JournalFile, rows: _Rows, just_read: dict[str, dict[Place, Process]], progress: Progress) -> None:
        """Fold in the new lines of a file, or all of its lines if it is a different file now; add its rows and the processes of its runs."""
        key = (file.folder, file.name)
        path = os.path.join(self.journals, *key)
        question = f"SELECT size, read_b, faults, {tested('files')} FROM files WHERE folder = ? AND name = ?"  # noqa: S608  no value in it
        known = self._connection.execute(question, key).fetchone()
        found = self._goes_on(key, read_b=known[1], faults=json.loads(known[2])) if known and known[0] < file.size else None
        touched = found.read(path, progress) if found else set()
        is_tangled = found is not None and any(tangled for _, tangled in found.summaries.values())
        if known and (found is None or is_tangled):
            touched |= self._drop(key)  # a file that does not merely go on is another one: what was known of it is no longer true
        if found is None or is_tangled:
            found = Folded.begun(path, size_b=0 if is_tangled else file.size)
            touched |= {run_id for run_id, _ in found.summaries} | found.read(path, progress)
        rows.files.append((*key, file.size, file.mtime_ns, found.read_b, json.dumps(found.faults)))
        for run_id in touched:
            just_read.setdefault(run_id, {})
        for (run_id, writer), (process, tangled) in found.summaries.items():
            if run_id in touched:
                record_b = found.records_b.get((run_id, writer))
                rows.processes.append((*key, run_id, writer, int(tangled), record_b, "" if has_ended(process) else json.dumps(process.to_stored())))
                if not tangled:
                    just_read[run_id][*key, writer] = process

    def _goes_on(self, key: tuple[str, str], *, read_b: int, faults: list[str]) -> Folded | None:
        """Return what is known of a file that has grown, None if the summary of a writer in it was not kept."""
        question = f"SELECT run_id, writer, tangled, summary, {tested('processes')} FROM processes WHERE folder = ? AND name = ?"  # noqa: S608  no value in it
        stored = self._connection.execute(question, key).fetchall()
        if not all(row[3] for row in stored):
            return None
        summaries = {(run_id, writer): (Process.from_stored(json.loads(text)), bool(tangled)) for run_id, writer, tangled, text, _ in stored}
        return Folded(summaries, [fault for fault in faults if not fault.endswith("cut off")], read_b)

    def _combine(self, just_read: Mapping[str, Mapping[Place, Process]]) -> None:
        """Renew the records of runs; with each come its processes that were just read."""
        rows = []
        several = with_several(self._connection, [run_id for run_id, known in just_read.items() if len(known) == 1])
        for run_id, known in just_read.items():
            processes = list(known.values()) if len(known) == 1 and run_id not in several else self._processes(run_id, known)
            try:
                record = combine(processes, now_s=time.time())
            except CarbonError:  # no line is left, or an imported record is invalid
                self._connection.execute("DELETE FROM runs WHERE run_id = ?", (run_id,))
                continue
            rows.append(run_row(record, is_settled=all(map(has_ended, processes))))
        insert(self._connection, "runs", rows if any(just_read.values()) else differing_runs(self._connection, rows))

    def _processes(self, run_id: str, known: Mapping[Place, Process]) -> Sequence[Process]:
        """Return the processes of a run, of which some are known."""
        question = f"SELECT folder, name, writer, tangled, summary, record_b, {tested('processes')} FROM processes WHERE run_id = ?"  # noqa: S608  no value in it
        everything = self._connection.execute(question, (run_id,)).fetchall()
        if len(everything) != self._connection.execute("SELECT count(*) FROM processes WHERE run_id = ?", (run_id,)).fetchone()[0]:
            raise sqlite3.DatabaseError("a row is missing")
        rows = [row[:5] for row in everything if row[5] is None]
        records = records_of(run_id, {row[:3]: row[5] for row in everything if row[5] is not None}, known, journals=self.journals)
        if any(row[3] for row in rows) or len({row[2] for row in rows}) < len(rows):  # a line may stand in several files: only the lines themselves tell
            return [*fold_files(sorted({os.path.join(self.journals, folder, name) for folder, name, *_ in rows}), run_id), *records]
        found = [known.get((folder, name, writer)) or self._stored(run_id, (folder, name, writer), summary) for folder, name, writer, _, summary in rows]
        return [*(process for process in found if process is not None), *records]

    def _stored(self, run_id: str, place: Place, summary: str) -> Process | None:
        """Return a process as it was kept. One that had ended is read again and kept from now on, as its run has others."""
        if summary:
            return Process.from_stored(json.loads(summary))
        folder, name, writer = place
        for process in fold_files([os.path.join(self.journals, folder, name)], run_id):
            if process.writer == writer:
                insert(self._connection, "processes", [(folder, name, run_id, writer, 0, None, json.dumps(process.to_stored()))])
                return process
        return None

    def _settle(self, folders: Mapping[str, int]) -> None:
        """Write when folders were read, and mark those whose runs have all ended: they change only by a new file, which changes the time of the folder."""
        times = {name: mtime_ns for name, mtime_ns, is_settled in rows_of(self._connection, "folders") if not is_settled} | dict(folders)
        question = "SELECT DISTINCT folder FROM processes WHERE run_id IN (SELECT run_id FROM runs WHERE NOT settled)"
        going_on = {folder for (folder,) in self._connection.execute(question)}
        settled = {name for name, mtime_ns in times.items() if mtime_ns > 0 and name not in going_on}
        insert(self._connection, "folders", [(name, times[name], int(name in settled)) for name in sorted(settled | set(folders))])
