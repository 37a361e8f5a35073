"""Verify the seals of journals: a chain of hashes tells which line was changed, added or taken away, and for one byte, which one.

Anyone who changes a journal can seal it anew. So a seal is evidence together with the digest of the last line, kept elsewhere: in an audit export, say.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from traincarbon.ledger.changed_byte import ChangedByte, changed_byte, changed_end
from traincarbon.ledger.index_progress import Progress
from traincarbon.ledger.journal_lines import CHECKPOINT, LONGEST_LINE_B, Line, parse_line, seal_of, with_checksum
from traincarbon.ledger.sealed_line import parted_line
from traincarbon.reading import open_regular

_MOST_FAULTS = 20
_MOST_SEARCHED = 3
"""Lines of a journal that are searched for the byte that was changed, a few seconds each."""


class Seal(StrEnum):
    """What the seals of a journal say."""

    INTACT = "intact"
    """Every line is as it was written."""
    CHANGED = "changed"
    """A line was changed, added or taken away."""
    UNSEALED = "unsealed"
    """No line has a seal: it was written before there were any, or by another program."""
    UNREADABLE = "unreadable"
    """The file cannot be read."""


class Span(NamedTuple):
    """Lines of one writer by their numbers, from the first to the last one."""

    writer: str
    first: int
    last: int

    @property
    def length(self) -> int:
        """How many lines they are."""
        return self.last - self.first + 1


class Verified(NamedTuple):
    """What the seals of one journal say.

    Attributes:
        file: The journal.
        seal: The verdict.
        lines: How many lines it has.
        digest: The seal of its last line, by which all of it is known; empty if it is not sealed.
        faults: What is wrong, each with its place.
        notes: What the reader has to know besides.
        gaps: Lines that are missing, without those that the journal itself says it dropped.
        spans: Lines that follow each other.
    """

    file: str
    seal: Seal
    lines: int
    digest: str
    faults: tuple[str, ...]
    notes: tuple[str, ...]
    gaps: tuple[Span, ...] = ()
    spans: tuple[Span, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return it fit for JSON."""
        return {
            "file": self.file,
            "seal": self.seal.value,
            "lines": self.lines,
            "digest": self.digest,
            "faults": list(self.faults),
            "notes": list(self.notes),
        }


class _Raw(NamedTuple):
    """A line as it stands in a file, without its end, with its number and its first byte."""

    number: int
    begin_b: int
    text: bytes
    has_end: bool


def verify_journals(files: Iterable[tuple[str, str | os.PathLike[str]]], *, run_id: str = "", progress: Progress | None = None) -> list[Verified]:
    """Return what the seals of the journals of one run say. Lines that one file lacks and another one has are not missing.

    Args:
        files: Name and path of each.
        run_id: The run; lines of others that stand in the same files are left out. By default every line counts.
        progress: Counts what is read.
    """
    return united([verify_journal(file, name=name, run_id=run_id, progress=progress) for name, file in files])


def verify_journal(file: str | os.PathLike[str], *, name: str = "", run_id: str = "", progress: Progress | None = None) -> Verified:
    """Return what the seals of a journal say. It is read once, a line at a time.

    Args:
        file: The journal.
        name: What it is called in the answer; by default its path.
        run_id: The run whose lines count; by default all.
        progress: Counts what is read.
    """
    shown = name or os.fspath(file)
    try:
        with open_regular(file) as stream:
            return verify_lines(iter(lambda: stream.readline(2 * LONGEST_LINE_B), b""), name=shown, run_id=run_id, progress=progress)
    except OSError as error:
        return Verified(shown, Seal.UNREADABLE, 0, "", (f"{shown}: {error.strerror or error}",), ())


def verify_lines(raw: Iterator[bytes], *, name: str, run_id: str = "", progress: Progress | None = None) -> Verified:
    """Return what the seals of a journal say, of which *raw* gives one line after the other."""
    reading = progress or Progress(None, whole_b=0)
    check = _Check(name, run_id, reading)
    waiting: _Raw | None = None
    for each in _numbered(reading.counted(raw)):
        waiting = each if waiting is None else check.take(waiting, each)
    if waiting is not None:
        check.take(waiting, None)
    return check.verdict()


def united(found: Sequence[Verified]) -> list[Verified]:
    """Return the verdicts of the journals of one run, in which lines that another one has are not missing."""
    spans = [span for each in found for span in each.spans]
    return [_without_gaps(each, [gap for gap in each.gaps if not _is_covered(gap, spans)]) for each in found]


class _Check:
    """One journal being verified."""

    def __init__(self, name: str, run_id: str, progress: Progress) -> None:
        self._name, self._run_id, self._beat = name, run_id, lambda: progress.add(0)
        self._lines = self._sealed = self._unsealed = self._searched = self._dropped = 0
        self._first_unsealed: _Raw | None = None
        self._seals: dict[str, str] = {}
        self._seqs: dict[str, int] = {}
        self._open: dict[str, int] = {}
        """Writer to the place of the span that goes on."""
        self._writer = ""
        """Several writers may have lines in one file, each with a chain of its own; this is the one of the line at hand."""
        self._faults: list[str] = []
        self._notes: list[str] = []
        self._gaps: list[Span] = []
        self._spans: list[Span] = []

    def take(self, raw: _Raw, after: _Raw | None) -> _Raw | None:
        """Take the next line; *after* is the one that follows. Return that one, or None if it was the rest of this line."""
        text = raw.text.strip(b" \t\r\0")
        if not text or self._is_of_another_run(text):
            return after
        self._lines += 1
        sealed = parted_line(text)
        if sealed is None:
            return self._unparted(raw, text, after)
        self._sealed += 1
        line, _ = parse_line(with_checksum(sealed.whole) + b"\n")
        if line is not None and sealed.is_sound:
            self._writer = line["writer"]
        seq = self._seqs.get(self._writer, -1)
        if sealed.is_after(self._seal):
            seal = sealed.seal if sealed.is_sound else self._changed(raw, text)
        elif line is not None and sealed.is_sound and line["seq"] > seq + 1:
            self._gaps.append(Span(line["writer"], seq + 1, line["seq"] - 1))
            self._open.pop(self._writer, None)
            seal = sealed.seal
        else:
            seal = self._changed(raw, text) or sealed.seal
        self._go_on(line, seal or sealed.seal)
        return after

    def _is_of_another_run(self, text: bytes) -> bool:
        """Return whether a line that is sound belongs to another run than the one that is verified."""
        line = parse_line(text + b"\n")[0] if self._run_id else None
        return line is not None and line["run_id"] != self._run_id

    def verdict(self) -> Verified:
        """Return what was found."""
        if not self._sealed:
            note = f"{self._name} has no seal: it was written before there were any, or by another program" if self._lines else f"{self._name} is empty"
            return Verified(self._name, Seal.UNSEALED, self._lines, "", (), (note,))
        if self._first_unsealed is not None:
            place = self._place(self._first_unsealed)
            self._fault(f"{place}: {self._unsealed} of {self._lines} lines have no seal: they were added, or their seal was taken away")
        gaps = self._gaps
        if gaps and sum(gap.length for gap in gaps) == self._dropped:
            self._notes.append(f"{self._name}: {self._dropped} lines were dropped by their writer while the disk took none")
            gaps = []
        whole = Verified(self._name, Seal.CHANGED, self._lines, self._digest, tuple(self._faults), tuple(dict.fromkeys(self._notes)), (), tuple(self._spans))
        return _without_gaps(whole, gaps)

    def _unparted(self, raw: _Raw, text: bytes, after: _Raw | None) -> _Raw | None:
        """Take a line that has not the form of a sealed one."""
        following = b"" if after is None else after.text
        if after is not None and following.startswith(text):
            self._lines -= 1
            self._notes.append(f"{self._place(raw)} is the beginning of the next one, which its writer had to write again")
            return after
        if after is None and not raw.has_end:
            self._lines -= 1
            self._notes.append(f"{self._name}: its last line is cut off, as by a writer that was killed or is writing it")
            return None
        may_be_sealed = self._sealed or self._lines == 1
        found = (changed_byte(text, after=self._seal, beat=self._beat) or changed_end(text, following, after=self._seal)) if may_be_sealed else None
        if found is not None:
            self._sealed += 1
            self._name_byte(raw, found)
            self._seals[self._writer] = found.seal
            return after if found.is_within else None
        if parse_line(text + b"\n")[0] is None and self._sealed:
            self._fault(f"{self._place(raw)}: changed at more than one place, within bytes {raw.begin_b} to {raw.begin_b + len(raw.text)}")
        else:
            self._unsealed += 1
            self._first_unsealed = self._first_unsealed or raw
        return after

    @property
    def _seal(self) -> str:
        """The seal after which the next line of the writer at hand comes."""
        return self._seals.get(self._writer, "")

    @property
    def _digest(self) -> str:
        """The seal of the last line, or a digest of those of all writers."""
        seals = sorted(self._seals.items())
        return seals[0][1] if len(seals) == 1 else seal_of("\n".join(f"{writer} {seal}" for writer, seal in seals).encode(), after="")

    def _go_on(self, line: Line | None, seal: str) -> None:
        if line is None or line["kind"] != CHECKPOINT:
            self._seals[self._writer] = seal
        if line is None:
            return
        dropped = line.get("dropped")
        self._dropped += dropped if isinstance(dropped, int) else 0
        place = self._open.setdefault(self._writer, len(self._spans))
        if place == len(self._spans):
            self._spans.append(Span(self._writer, line["seq"], line["seq"]))
        self._spans[place] = self._spans[place]._replace(last=line["seq"])
        self._seqs[self._writer] = line["seq"]

    def _changed(self, raw: _Raw, text: bytes) -> str:
        """State that a line was changed, and return its seal as it was, "" if that is not known."""
        found = changed_end(text, b"", after=self._seal)
        if found is None and self._searched < _MOST_SEARCHED:
            found = changed_byte(text, after=self._seal, beat=self._beat)
        self._searched += 1
        if found is not None:
            self._name_byte(raw, found)
            return found.seal
        end_b = raw.begin_b + len(raw.text)
        self._fault(f"{self._place(raw)}: changed, at more than one place or together with a line before it, within bytes {raw.begin_b} to {end_b}")
        return ""

    def _name_byte(self, raw: _Raw, found: ChangedByte) -> None:
        self._fault(f"{self._place(raw)}: byte {raw.begin_b + found.at_b} was changed: it is {found.found}, and was {found.original}")

    def _place(self, raw: _Raw) -> str:
        return f"{self._name}, line {raw.number}"

    def _fault(self, text: str) -> None:
        if len(self._faults) < _MOST_FAULTS:
            self._faults.append(text)


def _without_gaps(found: Verified, gaps: Sequence[Span]) -> Verified:
    """Return a verdict in which only *gaps* of its lines are missing."""
    if found.seal in (Seal.UNSEALED, Seal.UNREADABLE):
        return found
    own = [fault for fault in found.faults if fault not in _gap_faults(found.file, found.gaps)]
    faults = [*own, *_gap_faults(found.file, gaps)]
    return found._replace(seal=Seal.CHANGED if faults else Seal.INTACT, faults=tuple(faults), gaps=tuple(gaps))


def _gap_faults(name: str, gaps: Iterable[Span]) -> list[str]:
    return [f"{name}: lines {gap.first} to {gap.last} of its writer are missing" for gap in gaps]


def _is_covered(gap: Span, spans: Iterable[Span]) -> bool:
    """Return whether the lines of a gap stand elsewhere."""
    reached = gap.first
    for span in sorted(span for span in spans if span.writer == gap.writer):
        if span.first <= reached:
            reached = max(reached, span.last + 1)
    return reached > gap.last


def _numbered(raw: Iterator[bytes]) -> Iterator[_Raw]:
    begin_b = 0
    for number, line in enumerate(raw, 1):
        yield _Raw(number, begin_b, line.removesuffix(b"\n"), line.endswith(b"\n"))
        begin_b += len(line)
