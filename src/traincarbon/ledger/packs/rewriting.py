"""Write a pack anew without some of its journals."""

import os
from collections.abc import Collection
from contextlib import suppress

from traincarbon.errors import CarbonError
from traincarbon.ledger.journal_lines import parse_line
from traincarbon.ledger.packs.pack import lines_file, packed_in, summaries_in
from traincarbon.ledger.packs.pack_file import PackWriter
from traincarbon.ledger.packs.packages import pyarrow
from traincarbon.ledger.packs.synced_files import sync_folder, write_synced
from traincarbon.ledger.store_access import file_mode
from traincarbon.reading import open_regular


def without(file: str, journals: Collection[str]) -> None:
    """Take *journals* out of a pack; if nothing is left, the pack goes.

    The summaries go first: a reader never finds a summary whose lines are gone.

    Args:
        file: The summaries of the pack.
        journals: Folder and name of each.

    Raises:
        MissingExtraError: pyarrow is not installed; nothing was changed.
        CarbonError: it cannot be written.
    """
    folder, name = os.path.split(file)
    parts = [os.path.join(folder, f".{each}.part") for each in (name, os.path.basename(lines_file(file)))]
    mode = file_mode(folder)
    try:
        with open_regular(file) as stream:
            kept = [line for line in stream if not _is_of(line, journals)]
        if not kept:
            os.remove(file)
            os.remove(lines_file(file))
            with suppress(OSError):
                os.rmdir(folder)
            return
        _copy_lines(lines_file(file), parts[1], journals)
        write_synced(parts[0], b"".join(kept), mode=mode)
        os.replace(parts[0], file)
        os.replace(parts[1], lines_file(file))
        sync_folder(folder)
    except OSError as error:
        raise CarbonError(f"cannot take journals out of {file}: {error.strerror or error}", hint="is it yours, and the disk not full?") from error
    finally:
        for part in parts:
            with suppress(OSError):
                os.remove(part)


def without_runs(file: str, runs: Collection[str]) -> None:
    """Take the journals of *runs* out of a pack, see :func:`without`."""
    without(file, {each.packed.journal for each in summaries_in(file, run_ids=runs)})


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
    writer = PackWriter(part, mode=file_mode(os.path.dirname(part)))
    try:
        with arrow.parquet.ParquetFile(file) as whole:
            names = arrow.array(sorted(journals), arrow.string())
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
