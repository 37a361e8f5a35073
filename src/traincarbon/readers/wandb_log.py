"""The records of a ``.wandb`` file, which ``wandb`` writes beside each run: the log format of LevelDB, with a head of its own.

https://github.com/google/leveldb/blob/main/doc/log_format.md; the head is ``:W&B``, a magic number and a version (``wandb/sdk/internal/datastore.py``).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from traincarbon.errors import CarbonError

MARK = b":W&B"

_FILE_HEAD_B = 7
_BLOCK_B = 32768
_HEAD = struct.Struct("<IHB")
"""Checksum, length and kind of a piece of a record."""
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


def records(stream: BinaryIO) -> Iterator[bytes | None]:
    """Yield each record, None for each that a crash has cut off.

    Raises:
        CarbonError: the file does not begin as such a file.
    """
    if not stream.read(_FILE_HEAD_B).startswith(MARK):
        raise CarbonError("the file is not that of a run of W&B", hint="leave out --format")
    pieces: list[bytes] = []
    for kind, piece in _pieces(stream):
        if piece is None:
            yield None
            return
        if kind in (_FULL, _FIRST):
            if pieces:
                yield None
            pieces = [piece]
        elif pieces and kind in (_MIDDLE, _LAST):
            pieces.append(piece)
        if pieces and kind in (_FULL, _LAST):
            yield b"".join(pieces)
            pieces = []
    if pieces:
        yield None


def _pieces(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield the kind and the content of each piece, None for the last one if it is cut off. A block ends in zeros if no further head fits."""
    room = _BLOCK_B - _FILE_HEAD_B
    while True:
        if room < _HEAD.size:
            stream.read(room)
            room = _BLOCK_B
        head = stream.read(_HEAD.size)
        if len(head) < _HEAD.size or not any(head):
            return
        _, length, kind = _HEAD.unpack(head)
        room -= _HEAD.size
        piece = stream.read(min(length, room))
        yield kind, piece if len(piece) == length else None
        room -= len(piece)
        if len(piece) < length:
            return
