"""Pack the journals of a store that are at rest: what was packed is verified before a journal is removed, and a process that dies loses nothing."""

import os
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from traincarbon.ledger.index import Index
from traincarbon.ledger.index_progress import Progress, Tell
from traincarbon.ledger.packs.batches import batches
from traincarbon.ledger.packs.compacted import Compacted, Joined, Made, Month, OnPlan
from traincarbon.ledger.packs.joining import NONE, groups_of, join_groups, some_groups
from traincarbon.ledger.packs.leftovers import remove_leftovers
from traincarbon.ledger.packs.lock import alone
from traincarbon.ledger.packs.lookup import InPack, begins_with, copies_in_packs, is_within, longest
from traincarbon.ledger.packs.pack import lines_file
from traincarbon.ledger.packs.pack_making import make_pack, state_of
from traincarbon.ledger.packs.packages import pyarrow
from traincarbon.ledger.packs.resting import QUIET_S, Found, Left, Resting, SmallImport, Stays, find_resting, path_of
from traincarbon.ledger.packs.rewriting import without
from traincarbon.ledger.store_folder import node_name


def plan(store: str, index: Index, *, quiet_s: float = QUIET_S, tell: Tell | None = None) -> Compacted:
    """Return which journals would be packed and which would stay. Nothing is written."""
    found = find_resting(index, quiet_s=quiet_s)
    left = list(found.left)
    joined = _join(index, found.small, None, left=left, tell=tell, dry_run=True)
    return Compacted(store, True, _by_month(found), (), 0, 0, tuple(left), joined, 0.0)


def compact(
    store: str, index: Index, *, quiet_s: float = QUIET_S, most_b: int | None = None, tell: Tell | None = None, on_plan: OnPlan | None = None
) -> Compacted:
    """Pack the journals at rest and remove each once its pack gives it back.

    Args:
        store: The folder of the store.
        index: Its index.
        quiet_s: How long a journal without an end must not have changed. [s]
        most_b: Pack no more than this, but at least one journal, and join journals into one; None for no limit. [B]
        tell: Called with a line now and then.
        on_plan: Called with what will be packed, once no other process can change the packs.

    Raises:
        MissingExtraError: pyarrow is not installed.
        BusyError: another process changes the packs of the store.
        CarbonError: the disk is full, say; journals that were not packed by then are where they were.
    """
    pyarrow()
    began_s = time.monotonic()
    packs, removed = list[Made](), list[Resting]()
    with alone(store) as is_alone:
        if is_alone:
            remove_leftovers(index.journals)
        if on_plan is not None:
            on_plan(plan(store, index, quiet_s=quiet_s, tell=tell))
        found = find_resting(index, quiet_s=quiet_s)
        left = list(found.left)
        progress = Progress(tell, whole_b=sum(each.size_b for each in found.resting), doing="packing journals")
        for number, batch in enumerate(_groups(found.resting, most_b, done=(packs, removed))):
            copies = copies_in_packs(index, (each.run_id for each in batch))
            earlier = longest(copies)
            sorted_ = _sorted(index.journals, batch, earlier)
            left += [Left(each.journal, Stays.DIFFERENT, "a pack holds another journal of that name") for each in sorted_.differing]
            _drop_copies(index.journals, {name: each.file for name, each in earlier.items()}, sorted_.known, copies)
            gone = [each for each in sorted_.known if _remove(index.journals, each, (each.size_b, each.mtime_ns))]
            name = f"{node_name(store)}-{os.getpid()}-{time.time_ns() + number}"
            made = make_pack(index.journals, sorted_.new, name=name, left=left, done=progress.add) if sorted_.new else None
            if made is not None and _is_there(made):
                packs.append(made)
                kept = {each.packed.journal: made.file for each in made.journals}
                _drop_copies(index.journals, kept, sorted_.new, copies)  # while the journals are there, so that the next compaction does what a kill prevents
                gone += [each.source for each in made.journals if _remove(index.journals, each.source, each.state)]
            removed += gone
            _remove_folders(index.journals, batch)
        if is_alone:
            joined = _join(index, found.small, most_b, left=left, tell=tell, has_packed=bool(packs or removed))
        else:
            joined = NONE
            left += [Left(each.journal, Stays.IMPORTED, "without locks, a run that is forgotten meanwhile could come back") for each in found.small]
        if packs or removed or joined.journals:
            index.refresh()
    removed_b = sum(each.size_b for each in removed)
    return Compacted(store, False, _by_month(found), tuple(packs), len(removed), removed_b, tuple(left), joined, time.monotonic() - began_s)


def _join(
    index: Index, small: Sequence[SmallImport], most_b: int | None, *, left: list[Left], tell: Tell | None, has_packed: bool = False, dry_run: bool = False
) -> Joined:
    """Join all journals of imported runs that can be, or where only some work is to be done those that fit into one."""
    done = Progress(tell, whole_b=sum(each.size_b for each in small), doing="joining journals of imported runs").add
    if most_b is None:
        return join_groups(index, groups_of(small), left=left, done=done, has_packed=has_packed, dry_run=dry_run)
    tried = (join_groups(index, [group], left=left, done=done, has_packed=has_packed) for group in some_groups(small))
    return next((joined for joined in tried if joined.journals), NONE)


def _by_month(found: Found) -> tuple[Month, ...]:
    months = []
    for month, group in groupby(found.resting, key=attrgetter("month")):
        journals = list(group)
        months.append(Month(month, len({each.run_id for each in journals}), len(journals), sum(each.size_b for each in journals)))
    return tuple(months)


def _groups(resting: Sequence[Resting], most_b: int | None, *, done: tuple[Sized, Sized]) -> Iterator[list[Resting]]:
    """Yield the journals of each new pack: the oldest, and if none of them got *done*, others at random, so that what cannot be packed keeps back no others."""
    offered = 0
    for group in batches(resting, most_b=most_b):
        offered += len(group)
        yield group
    rest = resting[offered:]
    if rest and not any(map(len, done)):
        begin = random.randrange(len(rest))  # noqa: S311  no secret
        yield from batches((*rest[begin:], *rest[:begin]), most_b=most_b)


class _Sorted(NamedTuple):
    """The journals of a batch by what packs hold of them already."""

    new: list[Resting]
    known: list[Resting]
    """A pack gives them back: their removal was cut short, or they came back by a merge."""
    differing: list[Resting]
    """A pack holds another journal under their name."""


def _sorted(journals: str, batch: Iterable[Resting], earlier: Mapping[str, InPack]) -> _Sorted:
    found = _Sorted([], [], [])
    for each in batch:
        in_pack = earlier.get(each.journal)
        try:
            if in_pack is None or (begins_with(path_of(journals, each), in_pack) and each.size_b > in_pack.summarised.packed.size_b):
                found.new.append(each)
            elif is_within(path_of(journals, each), in_pack):
                found.known.append(each)
            else:
                found.differing.append(each)
        except OSError:  # the pack is damaged, or the journal cannot be read
            found.differing.append(each)
    return found


def _drop_copies(journals: str, kept: Mapping[str, str], batch: Iterable[Resting], copies: Mapping[str, Iterable[InPack]]) -> None:
    """Take journals out of all packs but the one that is kept for each, where they are the beginning of the journal: it has grown, or a kill left both."""
    by_file: dict[str, set[str]] = {}
    for each in batch:
        for copy in copies.get(each.journal, ()):
            with suppress(OSError):  # the journal is gone
                if copy.file != kept.get(each.journal, copy.file) and begins_with(path_of(journals, each), copy):
                    by_file.setdefault(copy.file, set()).add(each.journal)
    for file, names in by_file.items():
        without(file, names)


def _is_there(made: Made) -> bool:
    """Return whether a new pack is still there: an older version, on a system without locks, may have removed it."""
    return os.path.isfile(made.file) and os.path.isfile(lines_file(made.file))


def _remove(journals: str, each: Resting, state: tuple[int, int]) -> bool:
    """Remove a journal that a pack holds, unless it has changed since it was read."""
    file = path_of(journals, each)
    try:
        if state_of(file) != state:
            return False
        os.remove(file)
    except OSError:  # it stays, and counts once
        return False
    return True


def _remove_folders(journals: str, batch: Sequence[Resting]) -> None:
    for folder in {each.folder for each in batch}:
        with suppress(OSError):  # something else is in it
            os.rmdir(os.path.join(journals, folder))
