"""Check an audit export offline: its files, the seals of its journals, its record made anew from them, and every step of its derivation."""

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from traincarbon._version import __version__
from traincarbon.database.load import Database, open_database
from traincarbon.decode import items, number, table
from traincarbon.errors import CarbonError
from traincarbon.evidence.audit import DERIVATION, FACTS, JOURNALS, MANIFEST, RECORD, SCHEMA
from traincarbon.evidence.derivation import derive, steps_of
from traincarbon.evidence.facts_used import facts_used
from traincarbon.evidence.seals import digest_of
from traincarbon.formatting import counted
from traincarbon.ledger.folding import fold_files
from traincarbon.ledger.index_progress import Progress, Tell
from traincarbon.ledger.record import combine
from traincarbon.ledger.run import Run
from traincarbon.ledger.verification import Seal, Verified, verify_journals

_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MOST_B = 2**31
_MOST_FILES = 100_000
_LONG_S = 1e12
_HINT = "make it with: carbon runs export ID --format audit -o FILE.zip"


class Check(NamedTuple):
    """One check of an audit export.

    Attributes:
        what: What was checked.
        passed: Whether it is as stated; None if that cannot be told.
        details: What was found.
    """

    what: str
    passed: bool | None
    details: tuple[str, ...]


class Review(NamedTuple):
    """What a review found.

    Attributes:
        run_id: The run.
        digest: The digest of its journals as they are, empty if one has no seal.
        checks: The checks, in order.
    """

    run_id: str
    digest: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differs from what is stated."""
        return all(check.passed is not False for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return it fit for JSON."""
        checks = [{**check._asdict(), "details": list(check.details)} for check in self.checks]
        return {"run_id": self.run_id, "digest": self.digest, "passed": self.passed, "checks": checks}


def review(file: str | os.PathLike[str], *, database: Database | None = None, progress: Tell | None = None) -> Review:
    """Check the audit export in *file*. Nothing touches the network.

    Args:
        file: The ZIP file.
        database: The facts to compare with; by default the built-in ones with the user's own.
        progress: Called with a line now and then while it is read for longer than a second.

    Raises:
        CarbonError: it is no audit export, or too large.
    """
    with _reading(file):
        archive = zipfile.ZipFile(file)
    with archive:
        return _review(archive, os.fspath(file), database if database is not None else open_database(), progress)


@contextmanager
def _reading(file: str | os.PathLike[str]) -> Iterator[None]:
    """Say in one line what is wrong with an archive that was changed or cut off; a RuntimeError says that it is encrypted, or packed in another way.

    Raises:
        CarbonError: it cannot be read.
    """
    try:
        yield
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        raise CarbonError(f"cannot read the audit export {os.fspath(file)!r}: {error}", hint=_HINT) from error


def _review(archive: zipfile.ZipFile, file: str, database: Database, tell: Tell | None) -> Review:
    entries = archive.infolist()
    if any(entry.compress_type not in _PACKED for entry in entries):
        raise CarbonError(f"{file!r} is no audit export of this program", hint=_HINT)
    if len(entries) > _MOST_FILES or sum(entry.file_size for entry in entries) > _MOST_B:
        raise CarbonError(f"{file!r} is too large for an audit export", hint=_HINT)
    names = [entry.filename for entry in entries]
    manifest = _json(archive, MANIFEST, file) if MANIFEST in names else {}
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA or len(set(names)) != len(names):
        raise CarbonError(f"{file!r} is no audit export of this program", hint=_HINT)
    run_id = str(manifest.get("run_id"))
    record = _json(archive, RECORD, file)
    if not isinstance(record, dict):
        raise CarbonError(f"{file!r} has no record", hint=_HINT)
    sizes_b = {entry.filename: entry.file_size for entry in entries}
    journals_b = sum(size_b for name, size_b in sizes_b.items() if name.startswith(JOURNALS))
    progress = Progress(tell, whole_b=sum(sizes_b.values()) + 2 * journals_b, doing="verifying the audit export")
    with _reading(file):
        checks = [_files(archive, names, table(manifest.get("sha256")), progress)]
    with tempfile.TemporaryDirectory() as folder:
        with _reading(file):
            journals = [
                (name.removeprefix(JOURNALS), _unpacked(archive, name, folder, number, progress))
                for number, name in enumerate(names)
                if name.startswith(JOURNALS)
            ]
        verified = verify_journals(journals, run_id=run_id, progress=progress)
        digest = digest_of(verified)
        faults = [fault for each in verified for fault in each.faults]
        sealed = None if any(each.seal is Seal.UNSEALED for each in verified) else True
        details = faults or [note for each in verified for note in each.notes]
        checks.append(Check("seals of the journals", False if faults else sealed, tuple(details)))
        checks.append(_digests(verified, digest, manifest))
        checks.append(_record(record, [path for _, path in journals], run_id))
    checks.append(_derivation(record, _json(archive, DERIVATION, file)))
    checks.append(_facts(record, _json(archive, FACTS, file), database))
    made_with = str(table(manifest.get("versions")).get("traincarbon"))
    checks.append(Check("version", None if made_with != __version__ else True, (f"made with traincarbon {made_with[:40]}, checked with {__version__}",)))
    return Review(run_id, digest, tuple(checks))


def _files(archive: zipfile.ZipFile, names: list[str], stated: Mapping[str, object], progress: Progress) -> Check:
    hashes = {name: _sha256(archive, name, progress) for name in names if name != MANIFEST}
    differing = [f"{name}: its SHA-256 differs from the manifest's" for name, sha256 in hashes.items() if sha256 != stated.get(name)]
    missing = [f"{name} is missing" for name in stated if name not in names]
    found = [*differing, *missing]
    return Check("files of the manifest", not found, tuple(found) or (counted(len(names) - 1, "file"),))


def _digests(verified: Sequence[Verified], digest: str, manifest: Mapping[str, object]) -> Check:
    """Compare the digest of the run and that of each journal with what the manifest states."""
    here = {each.file: each.digest for each in verified}
    told = {str(journal.get("file")): journal.get("digest") for journal in map(table, items(manifest.get("journals")))}
    differing = [f"{JOURNALS}{name}: its digest differs from the manifest's" for name in {**here, **told} if here.get(name) != told.get(name)]
    stated = manifest.get("digest")
    same = digest == stated if digest or stated else None
    return Check("digest of the journals", False if differing else same, (digest or "there is none, as they are not sealed", *differing))


def _record(record: Mapping[str, object], journals: list[str], run_id: str) -> Check:
    try:
        made = combine(fold_files(journals, run_id), now_s=_LONG_S).to_dict()
    except CarbonError as error:
        return Check("record made anew from the journals", False, (str(error),))
    made = json.loads(json.dumps(made))
    differing = [
        f"{name} is {_short(record.get(name))} in the record, {_short(made.get(name))} from the journals" for name in made if made[name] != record.get(name)
    ]
    differing += [f"{name[:60]} is {_short(record[name])} in the record, and does not follow from the journals" for name in record if name not in made]
    return Check("record made anew from the journals", not differing, tuple(differing) or (counted(len(made), "field"),))


def _derivation(record: Mapping[str, object], stated: object) -> Check:
    made = derive(record)
    wrong = [
        f"{step.name} ({step.formula}): {step.value:.6g} {step.unit}, stated {step.stated:.6g}" for step in made if not step.agrees and step.stated is not None
    ]
    try:
        others = [step.name for step, other in zip(made, steps_of(stated), strict=True) if json.loads(json.dumps(step)) != json.loads(json.dumps(other))]
    except (CarbonError, ValueError):
        others = ["its steps are not those of the record"]
    return Check("derivation", not wrong and not others, (*wrong, *others) or (f"{len(made)} steps computed again",))


def _facts(record: Mapping[str, object], stated: object, database: Database) -> Check:
    """Compare the facts with those of the database here, which may be of another version."""
    try:
        made = facts_used(Run.from_dict(record), database)["facts"]
    except CarbonError as error:
        return Check("facts", None, (str(error),))
    here = {fact["name"]: fact["value"] for fact in made}
    told = {str(table(fact).get("name")): table(fact) for fact in items(table(stated).get("facts"))}
    unsourced = [f"{name} has no source" for name, fact in told.items() if not fact.get("source") and not fact.get("reason")]
    differing = [
        f"{name} is {_short(fact.get('value'))}, here {_short(here[name])}" for name, fact in told.items() if name in here and here[name] != fact.get("value")
    ]
    used = [
        f"{name}: the record has {value:g}, the facts {_short(fact.get('value'))}"
        for name, fact in told.items()
        if (value := number(fact.get("stated"))) is not None and value != fact.get("value")
    ]
    return Check("facts", None if differing or used or unsourced else True, (*differing, *used, *unsourced) or (f"{len(told)} facts as in the database here",))


def _json(archive: zipfile.ZipFile, name: str, file: str) -> Any:
    try:
        with _reading(file):
            content = archive.read(name)
        return json.loads(content)
    except (KeyError, ValueError, RecursionError) as error:
        raise CarbonError(f"{file!r}: {name} cannot be read", hint="it was changed or cut off: ask for it again") from error


def _sha256(archive: zipfile.ZipFile, name: str, progress: Progress) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            progress.add(len(piece))
    return digest.hexdigest()


def _unpacked(archive: zipfile.ZipFile, name: str, folder: str, number: int, progress: Progress) -> str:
    """Return where a journal was unpacked to: under a name of its own, as that in the archive may lead out of the folder."""
    path = os.path.join(folder, f"{number}.jsonl")
    with archive.open(name) as stream, open(path, "wb") as target:
        while piece := stream.read(1 << 20):
            target.write(piece)
            progress.add(len(piece))
    return path


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
