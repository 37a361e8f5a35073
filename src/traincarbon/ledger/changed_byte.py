"""Which single byte of a sealed line was changed: the one whose replacement makes the seal right again."""

from collections.abc import Callable
from typing import NamedTuple

from traincarbon.ledger.journal_lines import LONGEST_LINE_B, seal_begun, seal_of, with_checksum
from traincarbon.ledger.sealed_line import MARKS_B, SUM_LETTERS, SealedLine, framed, parted_line

_LONGEST_B = 1 << 15
"""A longer line is not searched byte by byte."""
_ASCII = tuple(bytes((byte,)) for byte in range(128))
"""A line is written in ASCII."""


class ChangedByte(NamedTuple):
    """A byte that was changed.

    Attributes:
        at_b: Its place from the beginning of the line.
        found: What stands there.
        original: What stood there.
        seal: The seal of the line as it was.
        is_within: Whether it is a byte of the line, not its end.
    """

    at_b: int
    found: str
    original: str
    seal: str
    is_within: bool = True


def changed_byte(line: bytes, *, after: str, beat: Callable[[], None] | None = None) -> ChangedByte | None:
    """Return the one byte by which a sealed line differs from what was written, None if none alone makes its seal right.

    Args:
        line: The line as it stands in the file, without its end.
        after: The seal of the line before it.
        beat: Called now and then, as a search may take seconds.
    """
    if not MARKS_B < len(line) <= _LONGEST_B:
        return None
    text = line[:-MARKS_B] + b"}"
    made = _sealed(text, after)
    differing = [at for at, (is_, was) in enumerate(zip(line, made.line, strict=True)) if is_ != was]
    if len(differing) == 1:  # in its seal, in its checksum, or in what stands around them
        return _change(line, made.line, differing[0], made.seal)
    sealed = parted_line(line)
    return None if sealed is None else _within_text(line, sealed, after, beat)


def changed_end(line: bytes, rest: bytes, *, after: str) -> ChangedByte | None:
    """Return how the end of a line was changed: a byte became an end, so that *rest* follows, or an end became a byte, so that two lines are one."""
    if len(line) + len(rest) >= min(_LONGEST_B, LONGEST_LINE_B):
        return None
    for byte in _ASCII:
        whole = line + byte + rest
        sealed = parted_line(whole)
        if sealed is not None and sealed.is_after(after):
            return ChangedByte(len(line), _shown(0x0A), _shown(byte[0]), sealed.seal, is_within=False)
    at = line.find(b'"}')
    while at >= 0:
        sealed = parted_line(line[: at + 2])
        if sealed is not None and sealed.is_after(after) and at + 2 < len(line):
            following = parted_line(line[at + 3 :])
            seal = following.seal if following is not None and following.is_after(sealed.seal) else sealed.seal
            return ChangedByte(at + 2, _shown(line[at + 2]), _shown(0x0A), seal)
        at = line.find(b'"}', at + 1)
    return None


class _Made(NamedTuple):
    line: bytes
    seal: str


def _sealed(text: bytes, after: str) -> _Made:
    """Return a line as its writer would have sealed it."""
    seal = seal_of(text, after=after)
    whole = text[:-1] + framed(seal.encode("ascii"), b"0" * SUM_LETTERS)[: -SUM_LETTERS - 2 - len(b',"sum":"')] + b"}"
    return _Made(with_checksum(whole), seal)


def _within_text(line: bytes, sealed: SealedLine, after: str, beat: Callable[[], None] | None) -> ChangedByte | None:
    """Return the byte of the text whose replacement gives the stated seal."""
    text, begun = sealed.text, seal_begun(after)
    for at in range(len(text) - 1):  # the last one closes the object, and stands after the marks
        rest = text[at + 1 :]
        for byte in _ASCII:
            tried = begun.copy()
            tried.update(byte + rest)
            if tried.hexdigest() == sealed.seal:
                return ChangedByte(at, _shown(line[at]), _shown(byte[0]), sealed.seal)
        begun.update(text[at : at + 1])
        if beat is not None:
            beat()
    return None


def _change(line: bytes, made: bytes, at: int, seal: str) -> ChangedByte:
    return ChangedByte(at, _shown(line[at]), _shown(made[at]), seal)


def _shown(byte: int) -> str:
    return repr(chr(byte)) if 0x20 <= byte < 0x7F else f"0x{byte:02x}"
