"""How far the reading or copying of journals has come, told where it takes longer than a second."""

import time
from collections.abc import Callable, Iterable, Iterator

Tell = Callable[[str], None]
_EVERY_S = 2.0
_FIRST_S = 1.0


class Progress:
    """What is done with some journals.

    Args:
        tell: Called with a line after one second and every two seconds from then on; None tells nothing.
        whole_b: How much there is to read.
        doing: What is done.
    """

    def __init__(self, tell: Tell | None, *, whole_b: int, doing: str = "reading journals") -> None:
        self._tell = tell
        self._doing = doing
        self._whole_b = whole_b
        self._done_b = 0
        self._next_s = time.monotonic() + _FIRST_S

    def add(self, read_b: int) -> None:
        """Count what was read since the last call."""
        self._done_b += read_b
        if self._tell is not None and time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + _EVERY_S
            self._tell(f"{self._doing}: {self._done_b / 1e6:,.0f} of {self._whole_b / 1e6:,.0f} MB")

    def counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield *pieces* of what is read, and count them."""
        for piece in pieces:
            self.add(len(piece))
            yield piece
