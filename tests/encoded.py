"""Messages of protocol buffers, and the files that hold them, written for the tests."""

import json
import struct


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out, number = out + bytes([number & 0x7F | 0x80]), number >> 7
    return out + bytes([number])


def whole(number: int, value: int) -> bytes:
    """A field with an integer."""
    return varint(number << 3) + varint(value % (1 << 64))


def part(number: int, content: "bytes | str") -> bytes:
    """A field with a text or a message."""
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def double(number: int, value: float) -> bytes:
    return varint(number << 3 | 1) + struct.pack("<d", value)


def single(number: int, value: float) -> bytes:
    return varint(number << 3 | 5) + struct.pack("<f", value)


def events(*contents: bytes) -> bytes:
    """An event file of TensorBoard; its checksums are not read."""
    head = double(1, 1.7e9) + part(3, "brain.Event:2")
    return b"".join(struct.pack("<QI", len(each), 0) + each + bytes(4) for each in (head, *contents))


def scalar(time_s: float, step: int, tag: str, value: float) -> bytes:
    """An event with a scalar, as ``SummaryWriter.add_scalar`` of PyTorch writes it."""
    return double(1, time_s) + whole(2, step) + part(5, part(1, part(1, tag) + single(2, value)))


def wandb_file(*contents: bytes) -> bytes:
    """A ``.wandb`` file."""
    out = b":W&B" + struct.pack("<HB", 0xBEE1, 0)
    for content in contents:
        kind, rest = 1, content
        while True:
            room = 32768 - len(out) % 32768
            if room < 7:
                out += bytes(room)
                continue
            piece, rest = rest[: room - 7], rest[room - 7 :]
            kind = (4 if kind == 3 else 1) if not rest else (2 if kind == 1 else 3)
            out += struct.pack("<IHB", 0, len(piece), kind) + piece
            if not rest:
                break
            kind = 3
    return out


def items(record: int, **values: object) -> bytes:
    """A record of W&B with items: history (2), summary (3) or configuration (5)."""
    return part(record, b"".join(part(1, part(1, name) + part(16, json.dumps(value))) for name, value in values.items()))


def moment(number: int, time_s: float) -> bytes:
    """A ``Timestamp``."""
    return part(number, whole(1, int(time_s)) + whole(2, round(time_s % 1 * 1e9)))


def stats(time_s: float, **powers: float) -> bytes:
    """A sample of the system's metrics of W&B."""
    return part(
        7,
        moment(2, time_s)
        + b"".join(part(3, part(1, name.replace("__", "/").replace("_", ".")) + part(16, json.dumps(value))) for name, value in powers.items()),
    )
