"""The audit export of a run: one ZIP file with its record, its sealed journals, the facts that it rests on, and how its amounts follow.

``carbon runs verify FILE.zip`` computes it again, offline.
"""

import hashlib
import io
import os
import sys
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from traincarbon._version import __version__
from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError
from traincarbon.evidence.derivation import derive
from traincarbon.evidence.facts_used import facts_used
from traincarbon.evidence.seals import digest_of, journals_of, verified
from traincarbon.formatting import json_text
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.index_progress import Progress, Tell
from traincarbon.ledger.journal_lines import parse_line
from traincarbon.ledger.packs.unpacking import JournalAsWritten, size_b
from traincarbon.ledger.record import combine
from traincarbon.ledger.store import Ledger
from traincarbon.reading import open_regular

SCHEMA = "traincarbon/audit/1"
RECORD, FACTS, DERIVATION, MANIFEST, README = "record.json", "facts.json", "derivation.json", "manifest.json", "README.md"
JOURNALS = "journals/"
_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every file in it, so that the same run gives the same bytes."""
_MOST_B = 2**31
_README = """# Audit export of run {run_id}

- `record.json`: the record of the run (`traincarbon/run/1`), as it follows from the journals.
- `journals/`: what was written while it ran, a line an interval, sealed by a chain of hashes.
- `facts.json`: the facts about its hardware and its place, each with its source.
- `derivation.json`: how the amounts of the record follow from each other.
- `manifest.json`: versions, the digest of each journal, and the SHA-256 of each file.

Check it offline: `pip install traincarbon=={version}`, then `carbon runs verify` with the name of this file.
It verifies the seals, makes the record anew from the journals, and computes each step again.
A seal proves nothing alone, as anyone who changes a journal can seal it anew: compare the digest with one that was kept elsewhere.
"""


def audit(id: str = "last", *, store: str | os.PathLike[str] | None = None, database: Database | None = None, progress: Tell | None = None) -> bytes:
    """Return the audit export of a run as the content of a ZIP file; it is the same whenever it is made.

    Args:
        id: The run, as :func:`traincarbon.runs.load` takes it.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        database: The facts; by default the built-in ones with the user's own.
        progress: Called with a line now and then while journals are read for longer than a second.

    Raises:
        CarbonError: the run is unknown or still going, or its journals are too large for one file.
    """
    database = database if database is not None else open_database()
    with Ledger(store, progress=progress) as ledger:
        run_id = ledger.run(id).run_id
        with journals_of(ledger.store, run_id, ledger.index.files(run_id)) as journals:
            return _export(run_id, journals, database, progress)


def _export(run_id: str, journals: Sequence[JournalAsWritten], database: Database, progress: Tell | None) -> bytes:
    files = [each.file for each in journals]
    if faults := [each.fault for each in journals if each.fault]:
        raise CarbonError(f"a journal of run {run_id[:60]!r} is not as it was packed: {faults[0]}", hint="restore its pack from a copy")
    try:
        now_s = max(map(os.path.getmtime, files))
    except (OSError, ValueError) as error:
        raise CarbonError(f"cannot read the journals of run {run_id[:60]!r}: {error}", hint="they were packed or removed meanwhile: try again") from error
    run = combine(fold_files(files, run_id), now_s=now_s + _LONG_S)
    if run.state == "running":
        raise CarbonError(f"run {run_id[:60]!r} is still going", hint="make its audit export when it has ended")
    whole_b = sum(map(size_b, files))
    if whole_b > _MOST_B:
        raise CarbonError(f"the journals of run {run_id[:60]!r} are larger than 2 GiB", hint="hand on the folder of its journals with: carbon runs merge")
    record, reading = run.to_dict(), Progress(progress, whole_b=2 * whole_b, doing="reading and verifying journals")
    contents = {JOURNALS + each.name: _lines_of(run_id, each.file, reading) for each in journals}
    contents |= {
        RECORD: _json(record),
        FACTS: _json(facts_used(run, database)),
        DERIVATION: _json([step._asdict() for step in derive(record)]),
        README: _README.format(run_id=run_id, version=__version__).encode(),
    }
    found = verified(journals, run_id, reading)
    manifest = {
        "schema": SCHEMA,
        "run_id": run_id,
        "digest": digest_of(found),
        "versions": {"traincarbon": __version__, "python": ".".join(map(str, sys.version_info[:3]))},
        "journals": [each.to_dict() for each in found],
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())},
    }
    return _zipped({**contents, MANIFEST: _json(manifest)})


_LONG_S = 1e9
"""After so long a process without an end counts as ended, wherever that is asked."""


def _lines_of(run_id: str, file: str, progress: Progress) -> bytes:
    """Return a journal without the lines of other runs, of which a reviewer has no need; lines that are not sound stay."""
    try:
        with open_regular(file) as stream:
            lines = [(raw, parse_line(raw)[0]) for raw in progress.counted(stream)]
            return b"".join(raw for raw, line in lines if line is None or line["run_id"] == run_id)
    except OSError as error:
        raise CarbonError(f"cannot read {file!r}: {error.strerror or error}", hint="is it yours?") from error


def _json(value: Any) -> bytes:
    return (json_text(value, indent=2) + "\n").encode("utf-8")


def _zipped(contents: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, contents[name])
    return sink.getvalue()
