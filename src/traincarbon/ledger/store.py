"""The ledger of a store: list, read, merge, import and delete its runs."""

import os
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from typing import NamedTuple

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.forgetting import remove, remove_lines
from traincarbon.ledger.imported_runs import add_records, checked
from traincarbon.ledger.index import Index
from traincarbon.ledger.index_file import IN_MEMORY
from traincarbon.ledger.index_progress import Progress, Tell
from traincarbon.ledger.journal import run_folder
from traincarbon.ledger.journal_lines import RECORD, read_lines
from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.listed_runs import DOUBT_S, SOUND_S
from traincarbon.ledger.packs.elsewhere import has_records_of
from traincarbon.ledger.packs.lock import alone
from traincarbon.ledger.packs.lookup import InPack, is_in_pack, journals_in_packs, packs_of
from traincarbon.ledger.packs.merging import copy_pack
from traincarbon.ledger.packs.pack import is_pack, summaries_in
from traincarbon.ledger.packs.rewriting import without_runs
from traincarbon.ledger.patience import check_answers
from traincarbon.ledger.run import Run
from traincarbon.ledger.store_access import unreadable_folders
from traincarbon.ledger.store_folder import node_name, store_folder
from traincarbon.reading import open_regular

_PIECE_B = 1 << 20


class Merged(NamedTuple):
    """The result of merging other stores into this one."""

    runs: int
    copied: int
    unchanged: int
    faults: tuple[str, ...]


class Ledger(LedgerReader):
    """The runs of a store.

    Args:
        store: The folder of journals and index; by default ``$CARBON_STORE`` or the user's data folder.
        progress: Called with a line now and then while journals are read for longer than a second.

    Raises:
        CarbonError: the store does not answer, as on a file server that is down, or is not a folder.
    """

    def __init__(self, store: str | os.PathLike[str] | None = None, *, progress: Tell | None = None) -> None:
        self.store = store_folder(store)
        self._progress = progress
        check_answers(self.store)
        if os.path.exists(self.store) and not os.path.isdir(self.store):
            raise CarbonError(f"the store {self.store!r} is not a folder", hint="choose another: --store DIR")
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """The index, opened when first used. Each machine has its own, as SQLite cannot share a file between machines.

        As long as nothing was recorded it is in memory: a question makes no store.
        """
        if self._index is not None and self._index.file == IN_MEMORY and not _is_empty(self.store):
            self.close()
        if self._index is None:
            file = IN_MEMORY if _is_empty(self.store) else os.path.join(self.store, f"index-{node_name(self.store)}.sqlite")
            self._index = Index(self.store, file, tell=self._progress)
        return self._index

    @property
    def has_journals(self) -> bool:
        """Whether anything was ever recorded in the store."""
        return os.path.isdir(os.path.join(self.store, "journals"))

    def close(self) -> None:
        """Close the index. It is safe to call twice."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def each_run(self) -> Iterator[Run]:
        """Yield all runs, the latest first, one by one: the records of a store may be larger than memory."""
        self.index.look_through(within_s=SOUND_S)
        for run_id in self.index.ids(""):
            record = self.index.record(run_id)
            if record is not None:  # it was deleted in the meantime
                yield record

    def faults(self) -> list[str]:
        """Return the faults of the journals with file and position, and the folders whose runs cannot be listed."""
        return [*super().faults(), *unreadable_folders(self.store)]

    def forget(self, *ids: str, dry_run: bool = True) -> list[str]:
        """Delete the journals of runs, or with *dry_run* only return their names. Of a journal of imported runs, only the lines of these are deleted.

        Raises:
            NotFoundError: there is no such run.
            AmbiguousError: several ids begin with it.
            BusyError: another process changes the packs of the store.
            CarbonError: one still runs, shares a file with another run, or a file cannot be deleted.
        """
        if not dry_run:
            self.index.look_through(within_s=DOUBT_S)  # a run that is not seen would lose lines of its own, or be taken for another
        runs = dict.fromkeys(map(self.full_id, ids))
        for run_id in runs:
            if self.found(run_id).state == "running":
                raise CarbonError(f"run {run_id[:60]!r} is running", hint="stop it first, or wait until it ends")
        with nullcontext() if dry_run else alone(self.store):  # a pack that is just being made would keep them
            if not dry_run:
                self.index.refresh()
            files = sorted({file for run_id in runs for file in self.index.files(run_id)})
            others = {file: [other for other in self.index.runs_in(file) if other not in runs] for file in files}
            for file in files:
                if others[file] and not is_pack(file) and not self.index.has_only_records(file):
                    raise CarbonError(f"{file} also holds run {others[file][0][:60]!r}", hint="split the file first, or delete it by hand")
            if not dry_run:
                for file in filter(is_pack, files):
                    without_runs(file, runs.keys())
                journals = [file for file in files if not is_pack(file)]
                remove(file for file in journals if not others[file])
                for file in journals:
                    if others[file]:
                        remove_lines(file, runs.keys())
                self.index.refresh()
        return files

    def merge(self, folders: Iterable[str | os.PathLike[str]]) -> Merged:
        """Copy the journals of other stores or folders into this one. Journals that are already here are not copied again.

        Raises:
            NotFoundError: a folder does not exist.
            BusyError: another process changes the packs of the store; what was copied by then stays.
            CarbonError: a file cannot be copied.
        """
        runs: set[str] = set()
        faults: list[str] = []
        copied = unchanged = 0
        own = os.path.realpath(os.path.join(self.store, "journals"))
        for folder in folders:
            if self.has_journals:
                self.index.refresh()
            check_answers(os.fspath(folder))
            if not os.path.isdir(folder):
                raise NotFoundError(f"no folder {os.fspath(folder)!r}", hint="give a store or a folder with journals")
            files = {file: _size_b(file) for file in _journals(os.fspath(folder), own)}
            progress = Progress(self._progress, whole_b=sum(files.values()), doing="merging journals")
            for file, size_b in files.items():
                found, is_imported, fault = _read_through(file)
                if not found:
                    faults.append(fault)
                    continue
                runs |= found
                if is_imported and self.has_journals and has_records_of(self.index, file):  # joined with others, say
                    unchanged += 1
                    progress.add(size_b)
                    continue
                known = {} if is_pack(file) else journals_in_packs(self.index, found)
                if is_pack(file) or is_in_pack(known, _name_in(self.store, file, found), file):
                    try:
                        is_new = is_pack(file) and copy_pack(file, self.index)
                    except NotFoundError as error:
                        faults.append(str(error))
                        continue
                    copied, unchanged = copied + is_new, unchanged + (not is_new)
                    continue
                try:
                    target = _target(file, _folder_of(self.store, file, found))
                except OSError as error:
                    faults.append(f"{file}: it cannot be compared with what the store has under its name: {error.strerror or error}")
                    continue
                copied, unchanged = (copied + 1, unchanged) if target else (copied, unchanged + 1)
                if target:
                    _copy(file, target, progress)
                else:
                    progress.add(size_b)
        return Merged(len(runs), copied, unchanged, tuple(faults))

    def add(self, records: Sequence[Run], *, dry_run: bool = False, are_as_read: bool = False) -> list[str]:
        """Add records from elsewhere to the store as journals of a line each and return the ids of the new ones. With *dry_run* nothing is written.

        If a run has journals of its own, these win. *are_as_read* says that each comes from :meth:`Run.from_dict`, which is quicker.

        Raises:
            CarbonError: the store cannot be written.
        """
        known = self.index.marks if self.has_journals else None
        added = add_records(self.store, records, known=known, dry_run=dry_run)
        if added.journals:
            self.index.add(added.journals if are_as_read else list(map(checked, added.journals)))
        return added.ids


def _is_empty(store: str) -> bool:
    """Return whether a store has no journals yet."""
    try:
        with os.scandir(os.path.join(store, "journals")) as entries:
            return next(entries, None) is None
    except FileNotFoundError:
        return True
    except OSError:  # what cannot be listed is a fault, which the index tells
        return False


def has_journal(store: str, file: str) -> bool:
    """Return whether *store* has all lines of the journal *file* of another store."""
    runs = _read_through(file).runs
    if not runs or not _target(file, _folder_of(store, file, runs)):
        return True
    packed = {each.packed.journal: InPack(pack, each) for pack in packs_of(store, min(runs)) for each in summaries_in(pack, run_ids={min(runs)})}
    return is_in_pack(packed, _name_in(store, file, runs), file)


def _name_in(store: str, file: str, runs: Collection[str]) -> str:
    """Return folder and name that a journal has in *store*."""
    return f"{os.path.basename(_folder_of(store, file, runs))}/{os.path.basename(file)}"


def _folder_of(store: str, file: str, runs: Collection[str]) -> str:
    """Return the folder of a journal in *store*: that of its run, or one of its own if it holds several, as records that were imported together."""
    return run_folder(store, min(runs)) if len(runs) == 1 else run_folder(store, os.path.basename(file).removesuffix(".jsonl"))


def _journals(folder: str, own: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if os.path.realpath(os.path.join(parent, name)) != own)
        if os.path.realpath(parent) != own:
            yield from (os.path.join(parent, name) for name in sorted(names) if name.endswith(".jsonl"))


def _size_b(file: str) -> int:
    try:
        return os.path.getsize(file)
    except OSError:  # what cannot be read is said when it is its turn
        return 0


class _ReadThrough(NamedTuple):
    """What is in a file: its runs, whether it holds imported records and nothing else, and the reason why there is nothing."""

    runs: set[str]
    is_imported: bool
    fault: str


def _read_through(file: str) -> _ReadThrough:
    """Return what is in a journal or pack: of a journal that was not imported the run of its first valid line."""
    runs: set[str] = set()
    is_imported = not is_pack(file)
    for line, _, _ in read_lines(file):
        is_imported = is_imported and line is not None and line["kind"] == RECORD
        if line is not None:
            runs.add(line["run_id"])
            if line["kind"] != RECORD and not is_pack(file):
                break
    if not runs:
        return _ReadThrough(runs, False, f"{file}: {'it is not a journal' if os.access(file, os.R_OK) else 'no permission to read it'}")
    return _ReadThrough(runs, is_imported, "")


def _target(file: str, folder: str) -> str:
    """Return the file to copy a journal to: its own name unless another journal has it, and "" if its lines are already here."""
    name = os.path.basename(file)
    target = os.path.join(folder, name)
    if not os.path.exists(target) or _begins_with(file, target):
        return "" if os.path.exists(target) and os.path.getsize(file) == os.path.getsize(target) else target
    if _begins_with(target, file):
        return ""
    with open_regular(file) as stream:
        other = os.path.join(folder, f"{name.removesuffix('.jsonl')}-{zlib.crc32(stream.read()):08x}.jsonl")
    return "" if os.path.exists(other) else other


def _begins_with(file: str, beginning: str) -> bool:
    """Return whether the content of *file* begins with that of *beginning*."""
    with open_regular(file) as whole, open_regular(beginning) as part:
        while piece := part.read(1 << 16):
            if whole.read(len(piece)) != piece:
                return False
    return True


def _copy(file: str, target: str, progress: Progress) -> None:
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open_regular(file) as stream, open(f"{target}.part", "wb") as copy:
            while piece := stream.read(_PIECE_B):
                copy.write(piece)
                progress.add(len(piece))
        os.replace(f"{target}.part", target)
    except OSError as error:
        with suppress(OSError):
            os.remove(f"{target}.part")
        raise CarbonError(f"cannot copy {file}: {error.strerror or error}", hint="is the store writable, and the disk not full?") from error
