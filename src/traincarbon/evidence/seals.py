"""The seals of the journals of runs in a store."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from traincarbon.ledger.index_progress import Progress, Tell
from traincarbon.ledger.journal import run_journals
from traincarbon.ledger.packs.unpacking import JournalAsWritten, as_written, size_as_written_b
from traincarbon.ledger.store import Ledger
from traincarbon.ledger.verification import Seal, Verified, verify_journals

VERIFYING = "verifying journals"
_WORST_FIRST = (Seal.UNREADABLE, Seal.CHANGED, Seal.UNSEALED, Seal.INTACT)


class SealedRun(NamedTuple):
    """What the seals of a run say.

    Attributes:
        run_id: The run.
        seal: The verdict on the worst of its journals.
        digest: A digest of all of its journals, empty if one has no seal.
        journals: The verdict on each.
    """

    run_id: str
    seal: Seal
    digest: str
    journals: tuple[Verified, ...]

    def to_dict(self) -> dict[str, object]:
        """Return it fit for JSON."""
        return {"run_id": self.run_id, "seal": self.seal.value, "digest": self.digest, "journals": [each.to_dict() for each in self.journals]}


def verify(ids: Iterable[str] = (), *, store: str | os.PathLike[str] | None = None, progress: Tell | None = None) -> tuple[SealedRun, ...]:
    """Return what the seals of runs say: of those with these *ids*, or of all.

    Args:
        ids: The runs, as :func:`traincarbon.runs.load` takes them.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        progress: Called with a line now and then while journals are read for longer than a second.

    Raises:
        CarbonError: a run is unknown, or the store cannot be read.
    """
    with Ledger(store, progress=progress) as ledger:
        run_ids = dict.fromkeys([ledger.run(id).run_id for id in ids] or ledger.index.ids(""))
        files = {run_id: ledger.index.files(run_id) for run_id in run_ids}
        whole_b = sum(size_as_written_b(found, run_id) for run_id, found in files.items())
        reading = Progress(progress, whole_b=whole_b, doing=VERIFYING)
        return tuple(_verified(ledger, run_id, found, reading) for run_id, found in files.items())


@contextmanager
def journals_of(store: str, run_id: str, files: Iterable[str]) -> Iterator[list[JournalAsWritten]]:
    """Give the journals of a run as they were written: those in its folder, and those that *files* hold, which may be packs.

    Raises:
        CarbonError: they are packed, and cannot be unpacked here.
    """
    with as_written(dict.fromkeys([*run_journals(store, run_id), *files]), run_id) as found:
        names = [each.name for each in found]
        is_plain = len(set(names)) == len(names)
        yield [each._replace(name=name if is_plain else f"{number}-{name}") for number, (name, each) in enumerate(zip(names, found, strict=True), 1)]


def digest_of(journals: Sequence[Verified]) -> str:
    """Return a digest of all journals of a run, empty if one of them has no seal."""
    if not journals or not all(each.digest for each in journals):
        return ""
    text = "".join(f"{each.file} {each.lines} {each.digest}\n" for each in sorted(journals))
    return hashlib.sha256(text.encode()).hexdigest()


def _verified(ledger: Ledger, run_id: str, files: Iterable[str], progress: Progress) -> SealedRun:
    found = _read(ledger, run_id, files, progress)
    if any(each.seal is Seal.UNREADABLE for each in found):  # it may have been packed since the index was asked
        ledger.index.refresh()
        found = _read(ledger, run_id, ledger.index.files(run_id), progress) or found
    seal = next((seal for seal in _WORST_FIRST if any(each.seal is seal for each in found)), Seal.UNSEALED)
    return SealedRun(run_id, seal, digest_of(found), tuple(found))


def _read(ledger: Ledger, run_id: str, files: Iterable[str], progress: Progress) -> list[Verified]:
    with journals_of(ledger.store, run_id, files) as journals:
        return verified(journals, run_id, progress)


def verified(journals: Sequence[JournalAsWritten], run_id: str, progress: Progress) -> list[Verified]:
    """Return what the seals of the journals of a run say, and whether packs give back what was packed."""
    found = verify_journals(((each.name, each.file) for each in journals), run_id=run_id, progress=progress)
    faults = [each.fault for each in journals]
    return [each._replace(seal=Seal.CHANGED, faults=(fault, *each.faults)) if fault else each for each, fault in zip(found, faults, strict=True)]
