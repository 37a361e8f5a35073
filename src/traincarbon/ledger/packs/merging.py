"""Copy packs of another store: both files, the summaries last."""

import os
import shutil
import zlib
from contextlib import suppress
from itertools import chain, count

from traincarbon.errors import CarbonError, NotFoundError
from traincarbon.ledger.index import Index
from traincarbon.ledger.packs.generations import current_lines
from traincarbon.ledger.packs.lock import alone
from traincarbon.ledger.packs.lookup import journals_in_packs
from traincarbon.ledger.packs.pack import SUMMARIES, lines_file, summaries_in
from traincarbon.ledger.packs.rewriting import copied_without
from traincarbon.ledger.store_access import make_folder
from traincarbon.reading import open_regular


def copy_pack(file: str, index: Index) -> bool:
    """Copy a pack into the store of an index without the journals that its packs hold already. Return False if they hold all.

    Raises:
        NotFoundError: its lines are missing, or it is no pack.
        BusyError: another process changes the packs of the store.
        CarbonError: it cannot be copied.
    """
    found = list(summaries_in(file))
    if not found:
        raise NotFoundError(f"{file}: it is no pack, though its folder is named like one", hint="rename the folder")
    own = journals_in_packs(index, (each.process.run_id for each in found))
    known = {each.packed.journal for each in found if each.packed.journal in own and own[each.packed.journal].summarised.packed == each.packed}
    if len(known) == len(found):
        return False
    lines = current_lines(file)
    if not os.path.isfile(lines):
        raise NotFoundError(f"{file}: its lines are not there, {os.path.basename(lines_file(file))}", hint="copy both files of a pack")
    folder = os.path.join(index.journals, os.path.basename(os.path.dirname(file)))
    try:
        make_folder(index.journals)
        with alone(os.path.dirname(index.journals)):  # a compaction would remove what is not finished
            make_folder(folder)
            target = _free_name(file, folder)
            if known:
                copied_without(file, lines, target, known)
            else:
                for source, place in ((lines, lines_file(target)), (file, target)):
                    _copy(source, place)
    except OSError as error:
        raise CarbonError(f"cannot copy {file}: {error.strerror or error}", hint="is the store writable, and the disk not full?") from error
    return True


def _free_name(file: str, folder: str) -> str:
    """Return where a pack has its place in *folder*: no other pack is there, whatever is left of an earlier copy of this one."""
    name = os.path.basename(file).removesuffix(SUMMARIES)
    with open_regular(file) as stream:
        crc = f"{zlib.crc32(stream.read()):08x}"
    names = chain((name, f"{name}-{crc}"), (f"{name}-{crc}-{number}" for number in count(2)))
    return next(place for each in names if not os.path.lexists(place := os.path.join(folder, each + SUMMARIES)))


def _copy(source: str, place: str) -> None:
    part = os.path.join(os.path.dirname(place), f".{os.path.basename(place)}.part")
    try:
        shutil.copyfile(source, part)
        os.replace(part, place)
    finally:
        with suppress(OSError):
            os.remove(part)
