"""Write a pack anew without some of its journals."""

import os
from collections.abc import Collection
from contextlib import suppress

from traincarbon.errors import CarbonError
from traincarbon.ledger.journal_lines import parse_line
from traincarbon.ledger.packs.generations import next_lines, remove_pack, settle
from traincarbon.ledger.packs.pack import lines_file, packed_in, summaries_in
from traincarbon.ledger.packs.pack_file import PackWriter
from traincarbon.ledger.packs.packages import pyarrow
from traincarbon.ledger.packs.synced_files import sync_folder, write_synced
from traincarbon.ledger.store_access import file_mode
from traincarbon.reading import open_regular


def without(file: str, journals: Collection[str]) -> None:
    """Take *journals* out of a pack; if nothing is left, the pack goes.

    A process that is killed at any instant leaves the pack with all of them or without, see :mod:`traincarbon.ledger.packs.generations`.

    Args:
        file: The summaries of the pack. The caller is alone, see :mod:`traincarbon.ledger.packs.lock`.
        journals: Folder and name of each.

    Raises:
        MissingExtraError: pyarrow is not installed; nothing was changed.
        CarbonError: it cannot be written.
    """
    folder = os.path.dirname(file)
    parts = _parts(file)
    try:
        settle(file)
        kept = _summaries_without(file, journals)
        if not kept:
            remove_pack(file)
            with suppress(OSError):
                os.rmdir(folder)
            return
        _write(parts, lines_file(file), kept, journals)
        os.replace(parts[0], next_lines(file, kept))
        sync_folder(folder)
        os.replace(parts[1], file)
        sync_folder(folder)
    except OSError as error:
        raise CarbonError(f"cannot take journals out of {file}: {error.strerror or error}", hint="is it yours, and the disk not full?") from error
    finally:
        _remove(parts)
        with suppress(OSError):  # the pack is gone, or the next process that changes it does this
            settle(file)
            sync_folder(folder)


def copied_without(file: str, lines: str, target: str, journals: Collection[str]) -> None:
    """Copy a pack without some of its *journals*.

    Args:
        file: Its summaries.
        lines: Its file of Parquet.
        target: The summaries of the new pack. The caller is alone, see :mod:`traincarbon.ledger.packs.lock`.
        journals: Folder and name of each that is left out; some others are left.

    Raises:
        MissingExtraError: pyarrow is not installed; nothing was written.
        OSError: it cannot be read or written.
    """
    parts = _parts(target)
    try:
        _write(parts, lines, _summaries_without(file, journals), journals)
        for part, place in zip(parts, (lines_file(target), target), strict=True):  # the summaries last: a pack without them is none
            os.replace(part, place)
            sync_folder(os.path.dirname(target))
    finally:
        _remove(parts)


def without_runs(file: str, runs: Collection[str]) -> None:
    """Take the journals of *runs* out of a pack, see :func:`without`."""
    without(file, {each.packed.journal for each in summaries_in(file, run_ids=runs)})


def _parts(file: str) -> tuple[str, str]:
    """Return where the lines and the summaries of a pack are written before they have their places."""
    folder, name = os.path.split(file)
    return os.path.join(folder, f".{lines_file(name)}.part"), os.path.join(folder, f".{name}.part")


def _write(parts: tuple[str, str], lines: str, summaries: bytes, journals: Collection[str]) -> None:
    _remove(parts)  # of a process that died
    _copy_lines(lines, parts[0], journals)
    write_synced(parts[1], summaries, mode=file_mode(os.path.dirname(parts[1])))


def _remove(parts: tuple[str, str]) -> None:
    for part in parts:
        with suppress(OSError):
            os.remove(part)


def _summaries_without(file: str, journals: Collection[str]) -> bytes:
    with open_regular(file) as stream:
        return b"".join(line for line in stream if not _is_of(line, journals))


def _is_of(line: bytes, journals: Collection[str]) -> bool:
    found, _ = parse_line(line)
    packed = None if found is None else packed_in(found)
    return packed is not None and packed.journal in journals


def _copy_lines(file: str, part: str, journals: Collection[str]) -> None:
    """Write what a file of Parquet holds without the lines of *journals*.

    Raises:
        OSError: it cannot be read or written.
    """
    arrow = pyarrow()
    from traincarbon.ledger.packs.arrow_arrays import from_texts  # with NumPy, which reading does without

    writer = PackWriter(part, mode=file_mode(os.path.dirname(part)))
    try:
        with arrow.parquet.ParquetFile(file) as whole:
            names = from_texts(sorted(journals))
            for number in range(whole.num_row_groups):
                table = whole.read_row_group(number, use_threads=False)
                kept = table.filter(arrow.compute.invert(arrow.compute.is_in(table["journal"], value_set=names)))
                if kept.num_rows:
                    writer.add(kept, size_b=kept.nbytes)
        writer.close()
    except arrow.ArrowException as error:
        raise OSError(None, f"it is damaged: {str(error).splitlines()[0][:200]}", file) from error
    finally:
        writer.discard()
