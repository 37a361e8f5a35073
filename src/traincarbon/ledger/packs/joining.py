"""Join small journals of imported runs, so that a thousand of them share a file and a folder. Each record keeps its line, byte by byte."""

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.ledger.imported_runs import NODE, RECORDS_OF_A_JOURNAL
from traincarbon.ledger.index import Index
from traincarbon.ledger.journal_lines import RECORD, parse_line
from traincarbon.ledger.packs.compacted import Joined
from traincarbon.ledger.packs.elsewhere import Elsewhere, Key, elsewhere, key_of
from traincarbon.ledger.packs.pack import PART
from traincarbon.ledger.packs.resting import SMALL_B, Left, SmallImport, Stays
from traincarbon.ledger.packs.synced_files import sync_folder, write_synced
from traincarbon.ledger.store_access import PRIVATE, file_mode
from traincarbon.reading import open_regular

_PART = f".{NODE}-"
NONE = Joined(0, 0, 0)
_OLD_S = 3600.0
"""An empty folder as old as this is no longer about to get its journal. [s]"""


class _Stated(NamedTuple):
    """A line of an imported record: its bytes, and the record."""

    raw: bytes
    record: object


class _Read(NamedTuple):
    """A journal that was read, and its size and time of change then."""

    source: SmallImport
    lines: dict[Key, _Stated]


def groups_of(small: Iterable[SmallImport]) -> Iterator[list[SmallImport]]:
    """Yield journals that fit into one."""
    group, records, size_b = list[SmallImport](), 0, 0
    for each in small:
        if group and (records + each.records > RECORDS_OF_A_JOURNAL or size_b + each.size_b > SMALL_B):
            yield group
            group, records, size_b = [], 0, 0
        group.append(each)
        records, size_b = records + each.records, size_b + each.size_b
    if group:
        yield group


def some_groups(small: Iterable[SmallImport]) -> Iterator[list[SmallImport]]:
    """Yield the oldest journals that fit into one, and then others at random, so that what cannot be joined keeps back no others. A journal alone is none."""
    groups = [group for group in groups_of(small) if len(group) > 1]
    yield from groups[:1]
    if groups[1:]:
        yield random.choice(groups[1:])  # noqa: S311  no secret


def join_groups(
    index: Index, groups: Iterable[Sequence[SmallImport]], *, left: list[Left], done: Callable[[int], object], has_packed: bool = False, dry_run: bool = False
) -> Joined:
    """Join each of some groups, see :func:`join`. Where something was done already, as when the store *has_packed* others, what fails is said of the journals that stay.

    Raises:
        CarbonError: the disk is full, say, and nothing was done.
    """
    joined, failure = NONE, ""
    for group in groups:
        if failure:
            left += [Left(each.journal, Stays.IMPORTED) for each in group]
            continue
        try:
            found = join(index, group, left=left, done=done, dry_run=dry_run)
        except CarbonError as error:
            if not (has_packed or joined.journals):
                raise
            failure = str(error)
            left[:0] = [Left(each.journal, Stays.IMPORTED, failure) for each in group]  # first, as one of a kind is shown
        else:
            joined = Joined(joined.journals + found.journals, joined.files + found.files, joined.size_b + found.size_b)
    return joined


def join(index: Index, group: Sequence[SmallImport], *, left: list[Left], done: Callable[[int], object], dry_run: bool = False) -> Joined:
    """Join a group of journals, and remove each whose records stand in another one.

    A record that stands in two journals counts once, so a process that is killed at any instant loses and doubles nothing.

    Args:
        index: The index of the store. The caller is alone, see :mod:`traincarbon.ledger.packs.lock`.
        group: The journals.
        left: Takes those that stay.
        done: Called with the size of each that was read. [B]
        dry_run: Write and remove nothing.

    Raises:
        CarbonError: the disk is full, say; these journals are where they were.
    """
    found = [read for source in group if (read := _read(index.journals, source, left, done)) is not None]
    others = _elsewhere(index, found)
    odd = [each for each in found if not others.differing.isdisjoint(each.lines)]  # which of the two counts would depend on where they are
    left += [Left(each.source.journal, Stays.IMPORTED, "another journal has a different record of the same name") for each in odd]
    found = [each for each in found if each not in odd]
    new: dict[Key, _Stated] = {}
    for each in found:
        new |= {key: stated for key, stated in each.lines.items() if key not in others.held and key not in new}
    if len(found) < 2 and new:
        left += [Left(each.source.journal, Stays.IMPORTED) for each in found]
        return NONE
    if new and not dry_run:
        _write(index.journals, b"".join(stated.raw for stated in new.values()))
    removed = [each.source for each in found if dry_run or _remove(index.journals, each.source)]
    return Joined(len(removed), int(bool(new)), sum(each.size_b for each in removed))


def clear_unfinished(journals: str) -> None:
    """Remove what a process that died has left: a file that has no place yet, and the folder that waits for it. The caller is alone."""
    with suppress(OSError), os.scandir(journals) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.name.startswith(_PART) and entry.name.endswith(PART):
                    os.remove(entry.path)
                elif entry.name.startswith(f"{NODE}-") and abs(time.time() - entry.stat(follow_symlinks=False).st_mtime) > _OLD_S:
                    os.rmdir(entry.path)  # refused where something is in it


def _read(journals: str, source: SmallImport, left: list[Left], done: Callable[[int], object]) -> _Read | None:
    """Return the lines of a journal as they are in the index, None if it stays: it has changed, or has something else in it."""
    try:
        lines = _lines_of(source, source.path_in(journals))
    except OSError as error:
        left.append(Left(source.journal, Stays.IMPORTED, error.strerror or str(error)))
        return None
    done(source.size_b)
    return _Read(source, lines) if lines else None


def _lines_of(source: SmallImport, file: str) -> dict[Key, _Stated]:
    """Return the lines of a journal of records, none if it has changed since it was indexed: the next compaction has its turn.

    Raises:
        OSError: it cannot be read or removed, or has something else in it.
    """
    lines: dict[Key, _Stated] = {}
    if not os.access(os.path.dirname(file), os.W_OK):
        raise OSError(None, "no permission to remove it", file)
    with open_regular(file) as stream:
        if _state(os.fstat(stream.fileno())) != (source.size_b, source.mtime_ns):
            return {}
        for raw in stream:
            line, fault = parse_line(raw)
            if line is None or line["kind"] != RECORD or not raw.endswith(b"\n"):
                raise OSError(None, fault or "it has other lines too", file)
            stated = _Stated(raw, line.get("record"))
            if lines.setdefault(key_of(line), stated).record != stated.record:
                raise OSError(None, "it has two records of one name", file)
    return lines


def _elsewhere(index: Index, found: Sequence[_Read]) -> Elsewhere:
    """Return which records of a group other journals have too, and which two journals state differently, of the group or not."""
    known, differing = dict[Key, object](), set[Key]()
    for each in found:
        differing.update(key for key, stated in each.lines.items() if known.setdefault(key, stated.record) != stated.record)
    others = elsewhere(index, known, but={(each.source.folder, each.source.name) for each in found})
    return Elsewhere(others.held, others.differing | differing)


def _write(journals: str, content: bytes) -> None:
    """Write a new journal, which is read back before it has its place.

    Raises:
        CarbonError: the disk is full, say. No new file is left.
    """
    name = f"{NODE}-{os.getpid()}-{time.time_ns()}"
    folder, part = os.path.join(journals, name), os.path.join(journals, f".{name}{PART}")
    try:
        mode = file_mode(journals)
        write_synced(part, content, mode=mode)
        _check(part, content)
        os.mkdir(folder, PRIVATE if mode == 0o600 else 0o777)
        os.replace(part, os.path.join(folder, f"{name}.jsonl"))
        sync_folder(folder)
        sync_folder(journals)
    except OSError as error:
        message = f"cannot join journals of imported runs in {journals}: {error.strerror or error}"
        raise CarbonError(message, hint="is the store writable, and the disk not full? Journals that were not joined are where they were") from error
    finally:
        with suppress(OSError):
            os.remove(part)
        with suppress(OSError):
            os.rmdir(folder)  # where nothing came into it


def _check(part: str, content: bytes) -> None:
    """Read a new journal back.

    Raises:
        OSError: it is not what was written.
    """
    with open_regular(part) as stream:
        if stream.read() != content:
            raise OSError(None, "what was written does not read back", part)


def _remove(journals: str, source: SmallImport) -> bool:
    """Remove a journal whose records stand elsewhere, unless it has changed, and its folder if nothing else is in it."""
    file = source.path_in(journals)
    try:
        if _state(os.stat(file)) != (source.size_b, source.mtime_ns):
            return False
        os.remove(file)
    except OSError:  # it stays, and counts once
        return False
    with suppress(OSError):
        os.rmdir(os.path.dirname(file))
    return True


def _state(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns
