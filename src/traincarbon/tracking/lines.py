"""Lines of a stream of bytes that is read in pieces."""

import re
from collections.abc import Iterator

LONGEST = 2000
"""Characters of a line of output that are searched."""
LONGEST_B = 4 * LONGEST
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")


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


def plain_line(line: bytes) -> str:
    r"""Return a line of a command's output as text, without what colours it or moves the cursor, cut to 2000 characters.

    Example:
        >>> plain_line(b"\x1b[32mstep 5\x1b[0m")
        'step 5'
    """
    text = line.decode("utf-8", "replace")
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    return text[:LONGEST]
