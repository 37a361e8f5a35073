"""The journals of a run as files, byte by byte as they were written, wherever they are kept."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from traincarbon.errors import CarbonError
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.packs.generations import current_lines
from traincarbon.ledger.packs.pack import Summarised, is_pack, is_same, lines_file, summaries_in
from traincarbon.ledger.packs.pack_file import contents
from traincarbon.ledger.packs.packages import pyarrow


class JournalAsWritten(NamedTuple):
    """A journal of a run.

    Attributes:
        name: Its name.
        file: Where it can be read now.
        fault: What is wrong with the pack that it is from, empty if nothing is.
    """

    name: str
    file: str
    fault: str = ""


@contextmanager
def as_written(files: Iterable[str], run_id: str) -> Iterator[list[JournalAsWritten]]:
    """Give the journals of a run as files; those of packs are files in a temporary folder meanwhile.

    Args:
        files: The journals and packs that hold lines of the run.
        run_id: The run.

    Raises:
        MissingExtraError: some are in packs, and pyarrow is not installed.
        CarbonError: there is no room for them in the folder for temporary files.
    """
    found = [JournalAsWritten(os.path.basename(file), file) for file in files if not is_pack(file)]
    packed = [(file, each) for file in files if is_pack(file) for each in summaries_in(file, run_ids={run_id})]
    if not packed:
        yield found
        return
    pyarrow()
    names = {each.file for each in found}
    folder = tempfile.mkdtemp(prefix="traincarbon-")
    try:
        for number, (file, each) in enumerate(packed):
            if not any(name.endswith(os.path.join(os.sep, *each.packed.place)) for name in names):  # else it was not removed yet
                lines = current_lines(file)
                journal = _unpacked(file, each, os.path.join(folder, str(number)), lines)
                if journal.fault and not os.path.isfile(lines):  # another process gave the file its place meanwhile
                    journal = _unpacked(file, each, os.path.join(folder, f"{number}-again"), current_lines(file))
                found.append(journal)
        yield sorted(found)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def size_as_written_b(files: Iterable[str], run_id: str) -> int:
    """Return the size of the journals of a run that are there, those in packs too. [B]."""
    return sum(sum(each.packed.size_b for each in summaries_in(file, run_ids={run_id})) if is_pack(file) else size_b(file) for file in files)


def size_b(file: str) -> int:
    """Return the size of a file, 0 where it is not there."""
    try:
        return os.path.getsize(file)
    except OSError:
        return 0


def _unpacked(file: str, each: Summarised, folder: str, lines: str) -> JournalAsWritten:
    _, name = each.packed.place
    place = os.path.join(folder, os.path.basename(name))
    found, pack, fault = hashlib.sha256(), os.path.basename(lines_file(file)), ""
    with _new_file(place) as write:
        try:
            for part in contents(lines, journal=each.packed.journal):
                found.update(part.content)
                write(part.content)
        except OSError as error:
            fault = f"{name}: it cannot be read from {pack}: {error.strerror or error}"
    if not fault and found.hexdigest() != each.packed.sha256:
        fault = f"{name}: what {pack} gives back is not what was packed: its hash differs"
    if not fault:
        again = fold_files([place], each.process.run_id)
        if len(again) != 1 or not is_same(again[0], each.process):
            fault = f"{name}: the summary in {os.path.basename(file)} is not that of its lines"
    return JournalAsWritten(name, place, fault)


@contextmanager
def _new_file(place: str) -> Iterator[Callable[[bytes], None]]:
    """Give what writes to a new file in a new folder.

    Raises:
        CarbonError: it cannot be written.
    """

    def write(content: bytes) -> None:
        try:
            stream.write(content)
        except OSError as error:
            raise _cannot_unpack(place, error) from error

    try:
        os.mkdir(os.path.dirname(place))
        stream = open(place, "wb", buffering=0)  # noqa: SIM115  it is closed below
    except OSError as error:
        raise _cannot_unpack(place, error) from error
    with stream:
        yield write


def _cannot_unpack(place: str, error: OSError) -> CarbonError:
    return CarbonError(f"cannot unpack a journal into {place}: {error.strerror or error}", hint="choose a folder with room: TMPDIR=DIR")
