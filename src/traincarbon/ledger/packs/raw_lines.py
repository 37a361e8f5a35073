"""The bytes of a journal in pieces of whole lines, and which of the lines its writer wrote and can be used."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from traincarbon.errors import CarbonError
from traincarbon.ledger.journal_lines import LONGEST_LINE_B, Line, parse_line
from traincarbon.ledger.process_summary import Process

_PIECE_B = 16_000_000
_LONGEST_B = 1 << 30
_SUM = b',"sum":"'
_SUM_B = len(_SUM) + 8 + len(b'"}\n')
_SEQ = b',"seq":'


class NotPackableError(CarbonError):
    """A journal that has to stay as it is; the message says why."""


class Piece(NamedTuple):
    """Lines of a journal.

    Attributes:
        content: Their bytes.
        offsets: Where each begins in *content*, and where the last one ends.
        sealed: The places of lines whose checksum is right and which begin as all lines of the writer do.
        others: The places of other lines that can be used, with what they say.
    """

    content: bytes
    offsets: npt.NDArray[np.int32]
    sealed: list[int]
    others: dict[int, Line]

    @property
    def n_lines(self) -> int:
        """How many lines there are."""
        return len(self.offsets) - 1

    def line(self, place: int) -> bytes:
        """Return the bytes of a line."""
        return self.content[self.offsets[place] : self.offsets[place + 1]]


def pieces(stream: BinaryIO, process: Process) -> Iterator[Piece]:
    """Yield a journal in pieces of whole lines; a last line that is cut off is a line too.

    Args:
        stream: The journal.
        process: Its writer.

    Raises:
        NotPackableError: another writer has lines in it too, or a line has no end.
    """
    known = _Writer(process)
    rest = b""
    while data := stream.read(_PIECE_B):
        data = rest + data
        end = data.rfind(b"\n") + 1
        rest = data[end:]
        if end:
            yield known.piece(data[:end])
        if len(rest) > _LONGEST_B:
            raise NotPackableError("it has a line of more than 1 GiB")
    if rest:
        yield known.piece(rest)


class _Writer:
    """The writer of a journal, known by how its lines begin."""

    def __init__(self, process: Process) -> None:
        self._is = (process.run_id, process.node, process.writer)
        self._beginning = b""

    def piece(self, content: bytes) -> Piece:
        ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")) + 1
        if not len(ends) or ends[-1] != len(content):
            ends = np.append(ends, len(content))
        found = Piece(content, np.concatenate(([0], ends)).astype(np.int32), [], {})
        for place, (begin, end) in enumerate(zip(found.offsets[:-1].tolist(), found.offsets[1:].tolist(), strict=True)):
            text = content[begin:end]
            if self._beginning and text.startswith(self._beginning) and len(text) <= LONGEST_LINE_B and _is_sound(text):
                found.sealed.append(place)
            else:
                self._take(found, place, text)
        return found

    def _take(self, found: Piece, place: int, text: bytes) -> None:
        line, _ = parse_line(text)
        if line is None:
            return
        if (line["run_id"], line["node"], line["writer"]) != self._is:
            raise NotPackableError("other runs or processes have lines in it too")
        if _is_sound(text) and not self._beginning:
            self._beginning = text[: text.index(_SEQ) + len(_SEQ)] if _SEQ in text else b""
        if self._beginning and text.startswith(self._beginning) and _is_sound(text):
            found.sealed.append(place)
        else:
            found.others[place] = line


def _is_sound(text: bytes) -> bool:
    """Return whether a line ends with the right checksum of its text."""
    if text[-_SUM_B : len(_SUM) - _SUM_B] != _SUM or not text.endswith(b'"}\n'):
        return False
    checksum = blake2b(text[:-_SUM_B], digest_size=4)
    checksum.update(b"}")
    return checksum.hexdigest().encode("ascii") == text[len(_SUM) - _SUM_B : -3]
