"""Make one pack: its file is written aside, read back, compared with the journals, and only then takes its place."""

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.packs.ahead import computed_ahead
from traincarbon.ledger.packs.batches import LARGE_B
from traincarbon.ledger.packs.compacted import Made, Packed
from traincarbon.ledger.packs.interval_table import IntervalTables
from traincarbon.ledger.packs.pack import LINES, MONTH, PART, SUMMARIES, PackedJournal, Summarised, summary_line
from traincarbon.ledger.packs.pack_file import PackWriter, contents
from traincarbon.ledger.packs.raw_lines import NotPackableError
from traincarbon.ledger.packs.resting import Left, Resting, Stays, path_of
from traincarbon.ledger.packs.synced_files import sync_folder, write_synced
from traincarbon.ledger.process_summary import Process
from traincarbon.ledger.store_access import file_mode, make_folder
from traincarbon.reading import open_regular

if TYPE_CHECKING:
    import pyarrow as pa

_ROUNDING = 1e-9
"""Share by which a sum of many numbers may differ from what it would be without rounding."""


def make_pack(journals: str, batch: Sequence[Resting], *, name: str, left: list[Left], done: Callable[[int], None]) -> Made | None:
    """Make a pack of some journals of a month, None if none of them can be packed. The journals stay where they are.

    Args:
        journals: The folder of all journals.
        batch: The journals.
        name: The name of its files.
        left: Takes those that cannot be packed.
        done: Called with the bytes that were read since the last call.

    Raises:
        CarbonError: the disk is full, say, or what was written does not give the journals back. No new file is left.
    """
    folder = os.path.join(journals, MONTH + batch[0].month)
    places = [os.path.join(folder, name + ending) for ending in (LINES, SUMMARIES)]
    parts = [os.path.join(folder, f".{name}{ending}{PART}") for ending in (LINES, SUMMARIES)]
    try:
        make_folder(folder)
        packed = _write_lines(parts[0], journals, batch, left=left, done=done)
        if not packed:
            return None
        _check(parts[0], packed)
        write_synced(parts[1], b"".join(each.line for each in packed), mode=file_mode(folder))
        for part, place in zip(parts, places, strict=True):  # the summaries last: a pack without them is none
            os.replace(part, place)
            sync_folder(folder)
        return Made(places[1], packed, sum(map(os.path.getsize, places)))
    except OSError as error:
        message = f"cannot pack journals in {folder}: {error.strerror or error}"
        raise CarbonError(message, hint="is the store writable, and the disk not full? All journals are where they were") from error
    finally:
        for part in parts:
            with suppress(OSError):
                os.remove(part)
        with suppress(OSError):
            os.rmdir(folder)  # where nothing came into it


def state_of(file: str) -> tuple[int, int]:
    """Return size and time of change of a file.

    Raises:
        OSError: it is gone.
    """
    found = os.stat(file)
    return found.st_size, found.st_mtime_ns


class _Prepared(NamedTuple):
    """A journal that is known to be right, and its lines as tables with the bytes of each."""

    packed: Packed
    tables: "list[tuple[pa.Table, int]]"


def _write_lines(part: str, journals: str, batch: Sequence[Resting], *, left: list[Left], done: Callable[[int], None]) -> tuple[Packed, ...]:
    packed: list[Packed] = []
    writer = PackWriter(part, mode=file_mode(os.path.dirname(part)))
    try:
        if batch[0].size_b >= LARGE_B:
            packed.append(_add_in_pieces(writer, journals, batch[0], done=done))
        else:
            for found in computed_ahead(partial(_prepared, journals), batch):
                if isinstance(found, Left):
                    left.append(found)
                    continue
                for table, size_b in found.tables:
                    writer.add(table, size_b=size_b)
                    done(size_b)
                packed.append(found.packed)
        writer.close()
    except NotPackableError as error:  # some of it was written, and it is alone
        left.append(Left(batch[0].journal, Stays.DIFFERENT, str(error)))
        return ()
    finally:
        writer.discard()
    return tuple(packed)


def _prepared(journals: str, source: Resting) -> _Prepared | Left:
    tables: list[tuple[pa.Table, int]] = []
    try:
        return _Prepared(_read(journals, source, take=lambda table, size_b: tables.append((table, size_b))), tables)
    except NotPackableError as error:
        return Left(source.journal, Stays.DIFFERENT, str(error))


def _add_in_pieces(writer: PackWriter, journals: str, source: Resting, *, done: Callable[[int], None]) -> Packed:
    def take(table: "pa.Table", size_b: int) -> None:
        writer.add(table, size_b=size_b)
        done(size_b)

    return _read(journals, source, take=take)


def _read(journals: str, source: Resting, *, take: "Callable[[pa.Table, int], None]") -> Packed:
    """Read a journal and give its lines away as tables.

    Raises:
        NotPackableError: a pack would not state it exactly.
    """
    file = path_of(journals, source)
    process = _summary(file, source)
    tables = IntervalTables(source.journal, process)
    found = hashlib.sha256()
    with open_regular(file) as stream:
        state = os.fstat(stream.fileno())
        for content, table in tables.tables(stream):
            found.update(content)
            take(table, len(content))
    packed = PackedJournal(source.journal, tables.size_b, tables.n_lines, found.hexdigest())
    line = summary_line(Summarised(packed, process))
    if line is None:
        raise NotPackableError("its summary cannot be stated in a line")
    if tables.size_b != state.st_size:
        raise NotPackableError("it changed while it was read")
    return Packed(source, packed, line, tables.energy_j, (state.st_size, state.st_mtime_ns))


def _summary(file: str, source: Resting) -> Process:
    found = fold_files([file], source.run_id)
    if len(found) != 1:
        raise NotPackableError("it is not of one process")
    return found[0]


def _check(part: str, packed: Sequence[Packed]) -> None:
    """Read a file of Parquet back and compare it with the journals that were put into it.

    Raises:
        OSError: it does not give them back to the last byte, or their energy is not theirs.
    """
    hashes = {each.packed.journal: hashlib.sha256() for each in packed}
    lines, energy_j = dict.fromkeys(hashes, 0), dict.fromkeys(hashes, 0.0)
    for part_of in contents(part):
        hashes[part_of.journal].update(part_of.content)
        lines[part_of.journal] += part_of.lines
        energy_j[part_of.journal] += part_of.energy_j
    for each in packed:
        name = each.packed.journal
        is_whole = (hashes[name].hexdigest(), lines[name]) == (each.packed.sha256, each.packed.lines)
        if not is_whole or abs(energy_j[name] - each.energy_j) > _ROUNDING * max(each.energy_j, 1.0):
            raise OSError(None, f"what was written does not give {name} back")
