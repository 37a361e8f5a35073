"""What an index knows of the journals of each run: whether they have changed, and the processes in them."""

import hashlib
import os
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.index import Index
from traincarbon.ledger.index_file import VERSION
from traincarbon.ledger.index_imported import records_of
from traincarbon.ledger.process_summary import Process

_EVERY_RUN = """
SELECT run_id, state, folder, name, size FROM processes JOIN files USING (folder, name) JOIN runs USING (run_id)
WHERE ?1 = '' OR run_id = ?1 ORDER BY run_id, folder, name
"""
_OF_A_RUN = "SELECT folder, name, writer, record_b FROM processes WHERE run_id = ?"


class Contents(NamedTuple):
    """A run in a store.

    Attributes:
        run_id: The run.
        digest: A digest of the sizes of its journals and its state, which differs once a line was added.
    """

    run_id: str
    digest: str


def contents_of(index: Index, run_id: str = "", *, mark: str = "") -> Iterator[Contents]:
    """Yield every run in a store by its id, or the one with that id; *mark* goes into the digest too."""
    for found_id, rows in groupby(index.rows(_EVERY_RUN, run_id), key=itemgetter(0)):
        stated = repr((VERSION, mark, [row[1:] for row in rows]))
        yield Contents(found_id, hashlib.blake2s(stated.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest())


def processes_of(index: Index, run_id: str) -> list[Process]:
    """Return the processes of a run, as its journals state them now."""
    rows = index.rows(_OF_A_RUN, run_id)
    files = sorted({os.path.join(index.journals, folder, name) for folder, name, _, record_b in rows if record_b is None})
    places_b = {(folder, name, writer): record_b for folder, name, writer, record_b in rows if record_b is not None}
    return [*fold_files(files, run_id), *records_of(run_id, places_b, {}, journals=index.journals)]
