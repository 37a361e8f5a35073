"""Which packs hold journals of a run, and whether they hold a certain one."""

import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from traincarbon.ledger.index import Index
from traincarbon.ledger.packs.generations import current_lines
from traincarbon.ledger.packs.pack import MONTH, SUMMARIES, Summarised, summaries_in
from traincarbon.ledger.packs.pack_file import contents
from traincarbon.ledger.store_folder import node_name
from traincarbon.reading import open_regular

_PACKS_OF_A_RUN = "SELECT DISTINCT folder, name FROM processes WHERE run_id = ?1 AND substr(folder, 1, ?2) = ?3"
_PACKS = "SELECT folder, name FROM files WHERE substr(folder, 1, ?1) = ?2"
_PIECE_B = 1 << 22


class InPack(NamedTuple):
    """A journal that a pack holds.

    Attributes:
        file: The summaries of the pack.
        summarised: The journal.
    """

    file: str
    summarised: Summarised


def journals_in_packs(index: Index, run_ids: Iterable[str]) -> dict[str, InPack]:
    """Return which journals of runs are in packs, by folder and name, as the index last saw them. Of one that several packs hold, it is the longest."""
    return longest(copies_in_packs(index, run_ids))


def longest(copies: Mapping[str, Iterable[InPack]]) -> dict[str, InPack]:
    """Return the longest copy of each journal."""
    return {journal: max(each, key=lambda copy: copy.summarised.packed.size_b) for journal, each in copies.items()}


def copies_in_packs(index: Index, run_ids: Iterable[str]) -> dict[str, list[InPack]]:
    """Return what :func:`journals_in_packs` does with all copies of each journal."""
    runs_of: dict[str, set[str]] = {}
    for run_id in set(run_ids):
        for folder, name in index.rows(_PACKS_OF_A_RUN, run_id, len(MONTH), MONTH):
            runs_of.setdefault(os.path.join(index.journals, folder, name), set()).add(run_id)
    found: dict[str, list[InPack]] = {}
    for file, ids in sorted(runs_of.items()):
        for each in summaries_in(file, run_ids=ids):
            found.setdefault(each.packed.journal, []).append(InPack(file, each))
    return found


def packs_of(store: str, run_id: str) -> list[str]:
    """Return the packs that hold journals of a run, without opening the index for writing; those that the index does not know yet are searched."""
    journals = os.path.join(store, "journals")
    files = [file for folder in _pack_folders(journals) for file in _summaries_in_folder(folder)]
    if not files:
        return []
    index = os.path.join(store, f"index-{node_name(store)}.sqlite")
    known, holding = set[str](), set[str]()
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{quote(index)}?mode=ro", uri=True)) as connection:
        # All packs first: one that is indexed meanwhile is then searched.
        every = {os.path.join(journals, *row) for row in connection.execute(_PACKS, (len(MONTH), MONTH))}
        known, holding = every, {os.path.join(journals, *row) for row in connection.execute(_PACKS_OF_A_RUN, (run_id, len(MONTH), MONTH))}
    return sorted(file for file in files if file in holding or (file not in known and any(True for _ in summaries_in(file, run_ids={run_id}))))


def begins_with(long: str, short: InPack) -> bool:
    """Return whether the file *long* begins with a journal as a pack gives it back."""
    return _hash_of_beginning(_pieces(long), short.summarised.packed.size_b) == short.summarised.packed.sha256


def is_within(file: str, known: InPack) -> bool:
    """Return whether the pack gives back a journal that begins with, or is, the *file*, and is undamaged."""
    size_b = os.path.getsize(file)
    packed = known.summarised.packed
    if size_b > packed.size_b:
        return False
    whole, beginning = sha256(), sha256()
    left_b = size_b
    for part in contents(current_lines(known.file), journal=packed.journal):
        whole.update(part.content)
        beginning.update(part.content[:left_b])
        left_b = max(left_b - len(part.content), 0)
    return whole.hexdigest() == packed.sha256 and beginning.hexdigest() == _hash_of_beginning(_pieces(file), size_b)


def is_in_pack(known: Mapping[str, InPack], journal: str, file: str) -> bool:
    """Return whether a pack says that it holds the *file* under the name *journal*, to the last byte."""
    found = known.get(journal)
    if found is None or found.summarised.packed.size_b != os.path.getsize(file):
        return False
    return _hash_of_beginning(_pieces(file), found.summarised.packed.size_b) == found.summarised.packed.sha256


def _pack_folders(journals: str) -> list[str]:
    try:
        with os.scandir(journals) as entries:
            return sorted(entry.path for entry in entries if entry.name.startswith(MONTH))
    except OSError:
        return []


def _summaries_in_folder(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.name.endswith(SUMMARIES)]
    except OSError:
        return []


def _pieces(file: str) -> Iterable[bytes]:
    with open_regular(file) as stream:
        while piece := stream.read(_PIECE_B):
            yield piece


def _hash_of_beginning(pieces: Iterable[bytes], size_b: int) -> str:
    found, left_b = sha256(), size_b
    for piece in pieces:
        found.update(piece[:left_b])
        left_b -= len(piece[:left_b])
        if not left_b:
            break
    return "" if left_b else found.hexdigest()
