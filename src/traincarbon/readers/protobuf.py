"""Read messages of protocol buffers by the numbers of their fields: https://protobuf.dev/programming-guides/encoding/."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST_VARINT = 10


class Field(NamedTuple):
    """A field of a message: its number, and its value as an integer or as bytes."""

    number: int
    value: int | bytes

    @property
    def content(self) -> bytes:
        """The bytes of a text or of a message within; none if it is a number."""
        return self.value if isinstance(self.value, bytes) else b""

    @property
    def text(self) -> str:
        """The text of the field."""
        return self.content.decode("utf-8", "replace")

    @property
    def double(self) -> float:
        """The number of eight bytes, 0 if it is of another kind."""
        return float(struct.unpack("<d", self.content)[0]) if len(self.content) == 8 else 0.0

    @property
    def single(self) -> float:
        """The number of four bytes, 0 if it is of another kind."""
        return float(struct.unpack("<f", self.content)[0]) if len(self.content) == 4 else 0.0

    @property
    def integer(self) -> int:
        """The integer of the field, with its sign; 0 if it is of another kind."""
        return 0 if isinstance(self.value, bytes) else self.value - (1 << 64) if self.value >= 1 << 63 else self.value


def message(content: bytes) -> Iterator[Field]:
    r"""Yield the fields of a message, numbers of four and eight bytes as bytes.

    Raises:
        ValueError: it is cut off, or is no message.

    Example:
        >>> [(field.number, field.value) for field in message(b"\x08\x96\x01\x12\x02hi")]
        [(1, 150), (2, b'hi')]
    """
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(content, at)
            yield Field(number, value)
            continue
        if kind == _BYTES:
            size, at = _varint(content, at)
        else:
            size = {_FIXED64: 8, _FIXED32: 4}.get(kind, -1)
        if size < 0 or at + size > len(content):
            raise ValueError("a message is cut off")
        yield Field(number, content[at : at + size])
        at += size


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """Return the integer at *at*, and the place after it."""
    value = 0
    for place in range(_LONGEST_VARINT):
        if at + place >= len(content):
            break
        byte = content[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("a message is cut off")
