"""What is shown while a training runs: a panel below its output on a terminal, else a line a minute."""

import sys
from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from traincarbon.tracking.display import wording
from traincarbon.tracking.display.panel import MOST_ROWS, History, rows
from traincarbon.tracking.display.terminal import BottomRows, is_capable, size_of

if TYPE_CHECKING:
    from rich.segment import Segment

_LINE_WIDTH = 80
_WIDEST = 160
_ASCII = str.maketrans(
    {
        **dict(zip("▁▂▃▄▅▆▇█", "_.-=+*##", strict=True)),
        "▒": "+",
        "░": ".",
        "─": "-",
        "·": "|",
        "–": "-",
        "−": "-",
        "→": ">",
        "°": " ",
        "≤": "<",
        "±": "",
        "×": "x",
        "…": "~",
    }
)
"""What stands for our signs where the terminal's encoding has none of them."""
_ASCII_SAMPLE = "▁█░─·–−→°≤…"


class Live(Protocol):
    """What shows a run's state; neither raises for what becomes of the stream."""

    def show(self, state: Mapping[str, Any]) -> None:
        """Show *state*."""
        ...

    def hide(self) -> None:
        """Leave the terminal to somebody else, as while the job is suspended; the next state is shown again."""
        ...

    def undo(self) -> bytes:
        """Return what gives the terminal back, for a process that outlives this one to write in its stead; empty where nothing is taken."""
        ...

    def close(self) -> None:
        """Show nothing any more; safe to call twice and from any thread."""
        ...


class Silence:
    """Shows nothing, as ``--quiet`` asks for."""

    def show(self, state: Mapping[str, Any]) -> None:
        """Show nothing."""

    def hide(self) -> None:
        """Do nothing."""

    def undo(self) -> bytes:
        """Return nothing."""
        return b""

    def close(self) -> None:
        """Do nothing."""


class Panel:
    """A panel in the bottom rows of the terminal, which the training's own output scrolls above.

    Args:
        stream: The terminal, as stderr; see :func:`traincarbon.tracking.display.terminal.is_capable`.
        width: Columns to draw in, by default those of the terminal but one, 160 at most.
        group: The process group of the training, where it has one of its own and holds the terminal.

    Raises:
        ImportError: rich is not installed.
    """

    def __init__(self, stream: TextIO, *, width: int | None = None, group: int | None = None) -> None:
        from rich.console import COLOR_SYSTEMS, Console

        console = Console(file=StringIO(), force_terminal=True, force_jupyter=False, legacy_windows=False)
        self._console = console
        self._colours = COLOR_SYSTEMS.get(console.color_system or "")
        self._stream = stream
        self._width = width
        self._rows = BottomRows(stream, group=group)
        self._history = History()
        self._ascii = not _can_say(stream, _ASCII_SAMPLE)
        self._closed = False

    def show(self, state: Mapping[str, Any]) -> None:
        """Draw *state*; where the terminal has become too small for it, give it all of its rows."""
        self._history.add(state)
        size = size_of(self._stream)
        if self._closed or size is None:
            return
        if not is_capable(self._stream):
            self._rows.release()
        else:
            most = min(MOST_ROWS, size.lines // 3)
            self._rows.draw(self.render(state, width=min(self._width or _WIDEST, size.columns - 1), most=most))

    def render(self, state: Mapping[str, Any], *, width: int, most: int = MOST_ROWS) -> list[str]:
        """Return the rows of *state* with the escape sequences of their colours; none where ``NO_COLOR`` is set."""
        found = ["".join(map(self._drawn, row.render(self._console))) for row in rows(state, self._history, width=width, most=most)]
        return [row.translate(_ASCII) for row in found] if self._ascii else found

    def _drawn(self, segment: "Segment") -> str:
        """Return a piece of a row as it is written; what a console does beside this for whole pages takes longer than the rows themselves."""
        style = segment.style
        if not style:
            return segment.text
        return (style.without_color if self._console.no_color else style).render(segment.text, color_system=self._colours)

    def undo(self) -> bytes:
        """Return what gives the terminal back, for a process that outlives this one to write in its stead."""
        return self._rows.undo()

    def hide(self) -> None:
        """Give the terminal back; the next state takes it again."""
        self._rows.release()

    def close(self) -> None:
        """Give the terminal back for good: no rows kept, cursor visible, where the training left it."""
        if not self._closed:
            self._closed = True
            self._rows.release(end=True)


class Lines:
    """A line a minute, for logs and for terminals that can do no more.

    Args:
        stream: Where to write, as stderr.
        every_s: Time from one line to the next. [s]
    """

    def __init__(self, stream: TextIO, *, every_s: float = 60.0) -> None:
        self._stream = stream
        self._every_s = every_s
        self._due_s = every_s
        self._noted = 0

    def show(self, state: Mapping[str, Any]) -> None:
        """Write a line if one is due by the run's own clock, and what was noted since the last."""
        elapsed_s = wording.number(state.get("elapsed_s"))
        if elapsed_s is None or elapsed_s < self._due_s:
            return
        self._due_s = (elapsed_s // self._every_s + 1.0) * self._every_s
        noted = wording.notes(state)
        self._write([line(state), *(f"carbon: note: {note[:300]}" for note in noted[self._noted :])])
        self._noted = len(noted)

    def hide(self) -> None:
        """Do nothing: what was written stays."""

    def undo(self) -> bytes:
        """Return nothing: what was written stays."""
        return b""

    def close(self) -> None:
        """Write no more."""
        self._due_s = float("inf")

    def _write(self, lines: list[str]) -> None:
        text = "".join(f"{each}\n" for each in lines)
        try:
            self._stream.write(text if _can_say(self._stream, text) else text.translate(_ASCII).encode("ascii", "replace").decode("ascii"))
            self._stream.flush()
        except (OSError, ValueError):  # full, closed, or nobody reads any more: the training goes on
            self.close()


def live(stream: TextIO | None = None, *, quiet: bool = False, group: int | None = None) -> Live:
    """Return what shows a run on *stream*, by default stderr: a panel where it is a terminal that can, else a line a minute.

    Args:
        stream: Where to show it.
        quiet: Show nothing.
        group: The process group of the training, where it has one of its own and holds the terminal.
    """
    stream = sys.stderr if stream is None else stream
    if quiet or stream is None:
        return Silence()
    if is_capable(stream):
        try:
            return Panel(stream, group=group)
        except ImportError:
            return Lines(stream)
    return Lines(stream)


def line(state: Mapping[str, Any]) -> str:
    """Return *state* as a line of at most 80 columns, the most telling first; budgets that are nearly used up before all else.

    Example:
        >>> line({"elapsed_s": 723.0, "energy_j": {"gpu": 3.6e6}, "progress": {"share": 0.34, "eta_s": 4320.0, "mfu": 0.41}})
        'carbon 0:12:03 · 34 % · 1.2 h left · metered 1 kWh · MFU 0.410'
    """
    share, drawn_w = wording.share_done(state), wording.power_w(wording.devices(state))
    trained = [str(told) for told in wording.trained(state)]
    spent = [told.figure if told.name == "energy" else str(told) for told in wording.spent(state)]
    left = trained[:1] if trained and trained[0].endswith(" left") else []
    told = [
        *(f"budget {share.text}" for share in wording.shares(state) if share.worst >= wording.WARN_SHARE),
        *([] if share is None else [wording.percent(share)]),
        *left,
        *([] if drawn_w is None else [wording.watts(drawn_w)]),
        *spent,
        *trained[len(left) :],
    ]
    text = f"carbon {wording.clock(state.get('elapsed_s'))}"
    for each in told:
        if len(text) + 3 + len(each) <= _LINE_WIDTH:
            text += f" · {each}"
    return text


def _can_say(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True
