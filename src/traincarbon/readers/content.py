"""What a file holds before its format is known: unpacked if it was packed, and in which encoding its text is."""

import gzip
import io
import zlib
from typing import BinaryIO

from traincarbon.errors import CarbonError, NotFoundError

_GZIP = b"\x1f\x8b"
_PACKED = {b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf\x27\x1c": "7z"}
_MARKS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""Byte-order marks, the longer ones first."""
CUT_OFF = "its end is missing, as it was cut off: what stood there is not read; copy it again"


class _Gunzipped(io.RawIOBase):
    """The content of a file packed by gzip, unpacked while it is read; one that is cut off ends where it can be unpacked no further."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._content = gzip.GzipFile(fileobj=packed)
        self.is_cut_off = False
        """Whether it was read up to where it was cut off."""

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place in the content.

        Raises:
            CarbonError: it is damaged or cut off before that place.
        """
        try:
            return self._content.seek(offset, whence)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _not_unpacked(error) from error

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the standard library allows any buffer
        """Read some bytes, none at the end.

        Raises:
            CarbonError: it is damaged.
        """
        try:
            content = self._content.read1(len(buffer))
        except EOFError:
            self.is_cut_off = True
            return 0
        except (gzip.BadGzipFile, zlib.error) as error:
            raise _not_unpacked(error) from error
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        """Close the file. It is safe to call twice."""
        if not self.closed:
            self._content.close()
            self._packed.close()
        super().close()


def unpacked(content: BinaryIO, name: str) -> BinaryIO:
    """Return *content*, that of gzip unpacked while it is read; it is at its beginning.

    Raises:
        NotFoundError: it was packed by another program.
    """
    mark = content.read(8)
    content.seek(0)
    if packer := next((packer for signature, packer in _PACKED.items() if mark.startswith(signature)), ""):
        raise NotFoundError(f"{name} is packed by {packer}", hint="unpack it first" + ("; of a workbook, save the sheet as CSV" if packer == "zip" else ""))
    return io.BufferedReader(_Gunzipped(content)) if mark.startswith(_GZIP) else content


def is_cut_off(content: BinaryIO) -> bool:
    """Return whether what :func:`unpacked` gave was read up to where it was cut off, which may be between two lines."""
    return isinstance(content, io.BufferedReader) and isinstance(content.raw, _Gunzipped) and content.raw.is_cut_off


def encoding_of(beginning: bytes) -> str:
    """Return the encoding of a text by its mark, or by where its zeros stand.

    Example:
        >>> encoding_of(b"JobID|"), encoding_of("JobID|".encode("utf-16")), encoding_of("JobID|".encode("utf-16-le"))
        ('utf-8-sig', 'utf-16', 'utf-16-le')
    """
    if encoding := next((encoding for mark, encoding in _MARKS.items() if beginning.startswith(mark)), ""):
        return encoding
    even, odd = beginning[0:16:2], beginning[1:16:2]
    if len(odd) > 1 and not odd.strip(b"\0") and b"\0" not in even:
        return "utf-16-le"
    if len(odd) > 1 and not even.strip(b"\0") and b"\0" not in odd:
        return "utf-16-be"
    return "utf-8-sig"


def _not_unpacked(error: Exception) -> CarbonError:
    return CarbonError(f"it cannot be unpacked: {error}", hint="copy it again, or unpack it first: gunzip FILE")
