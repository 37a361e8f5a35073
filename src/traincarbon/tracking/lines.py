"""Lines of a stream of bytes that is read in pieces."""

from collections.abc import Iterator


class Splitter:
    """Cuts a stream of bytes into lines of at most *longest* bytes; the rest of a longer line is dropped.

    Args:
        longest: Most bytes of a line. [B]
        separators: Bytes that end a line beside the line feed.
    """

    def __init__(self, *, longest: int, separators: bytes = b"") -> None:
        self._longest = longest
        self._separators = separators
        self._partial = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that *data* completes, without empty ones."""
        for separator in self._separators:
            data = data.replace(bytes((separator,)), b"\n")
        first, *others = data.split(b"\n")
        self._partial += first[: self._longest - len(self._partial)]
        for following in others:
            if self._partial:
                yield self._partial
            self._partial = following[: self._longest]
