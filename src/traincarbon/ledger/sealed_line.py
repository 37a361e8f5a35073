"""The parts of a sealed line: its text, its seal and its checksum, which stand at fixed places from its end."""

from typing import NamedTuple

from traincarbon.ledger.journal_lines import SEAL_LETTERS, seal_of, with_checksum

SEAL = b',"seal":"'
SUM = b',"sum":"'
SUM_LETTERS = 8
MARKS_B = len(SEAL) + SEAL_LETTERS + 1 + len(SUM) + SUM_LETTERS + 2
"""What stands after the text of a line: seal and checksum, with what is around them."""


class SealedLine(NamedTuple):
    """A line with a seal.

    Attributes:
        text: The line as it was before it was sealed.
        seal: Its seal.
        whole: The line with its seal, without its checksum.
        is_sound: Whether its checksum is right.
    """

    text: bytes
    seal: str
    whole: bytes
    is_sound: bool

    def is_after(self, seal: str) -> bool:
        """Return whether it is the line that was sealed after *seal*."""
        return seal_of(self.text, after=seal) == self.seal


def parted_line(line: bytes) -> SealedLine | None:
    """Return the parts of a line without its end, None if it has not the form of a sealed one."""
    marks = line[-MARKS_B:]
    seal = marks[len(SEAL) : len(SEAL) + SEAL_LETTERS]
    checksum = marks[-2 - SUM_LETTERS : -2]
    if len(line) <= MARKS_B or marks != framed(seal, checksum) or not _is_hexadecimal(seal + checksum):
        return None
    text, whole = line[:-MARKS_B] + b"}", line[: -2 - SUM_LETTERS - len(SUM)] + b"}"
    return SealedLine(text, seal.decode("ascii"), whole, with_checksum(whole) == line)


def framed(seal: bytes, checksum: bytes) -> bytes:
    """Return seal and checksum with what stands around them."""
    return SEAL + seal + b'"' + SUM + checksum + b'"}'


def _is_hexadecimal(letters: bytes) -> bool:
    return all(letter in b"0123456789abcdef" for letter in letters)
