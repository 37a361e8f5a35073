"""The live view of a run: a panel below the training's output on a terminal, else a line a minute."""

import sys
from io import StringIO
from typing import TYPE_CHECKING, Protocol, TextIO

from traincarbon.tracking.display import wording
from traincarbon.tracking.display.terminal import BottomRows, is_capable, size_of
from traincarbon.tracking.live_state import LiveState

if TYPE_CHECKING:
    from rich.segment import Segment

    from traincarbon.tracking.display.patient_stream import PatientStream

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
"""Replacements for characters that the terminal's encoding does not have."""
_ASCII_SAMPLE = "▁█░─·–−→°≤…"


class Live(Protocol):
    """A view of a run's state; no method raises if the stream fails."""

    def show(self, state: LiveState) -> None:
        """Show *state*."""
        ...

    def hide(self) -> None:
        """Release the terminal, as while the job is suspended; the next state is shown again."""
        ...

    def undo(self) -> bytes:
        """Return the escape sequence with which another process can restore the terminal; empty if there is nothing to restore."""
        ...

    def close(self) -> None:
        """End the view; safe to call twice and from any thread."""
        ...


class NoView:
    """Shows nothing, for ``--quiet``."""

    def show(self, state: LiveState) -> None:
        """Show nothing."""

    def hide(self) -> None:
        """Do nothing."""

    def undo(self) -> bytes:
        """Return nothing."""
        return b""

    def close(self) -> None:
        """Do nothing."""


class Panel:
    """A panel in the bottom rows of the terminal; the training's output scrolls above it.

    Args:
        stream: The terminal, as stderr; see :func:`traincarbon.tracking.display.terminal.is_capable`.
        width: Columns to use; by default one less than the terminal has, 160 at most.
        group: The process group of the training, if it has its own and holds the terminal.

    Raises:
        ImportError: rich is not installed.
    """

    def __init__(self, stream: "TextIO | PatientStream", *, width: int | None = None, group: int | None = None) -> None:
        from rich.console import COLOR_SYSTEMS, Console

        from traincarbon.tracking.display.power_history import History

        console = Console(file=StringIO(), force_terminal=True, force_jupyter=False, legacy_windows=False)
        self._console = console
        self._colours = COLOR_SYSTEMS.get(console.color_system or "")
        self._stream = stream
        self._width = width
        self._rows = BottomRows(stream, group=group)
        self._history = History()
        self._ascii = not _can_encode(stream, _ASCII_SAMPLE)
        self._closed = False

    def show(self, state: LiveState) -> None:
        """Draw *state*; release the rows if the terminal has become too small."""
        self._history.add(state)
        size = size_of(self._stream)
        if self._closed or size is None:
            return
        if not is_capable(self._stream):
            self._rows.release()
        else:
            self._rows.draw(self.render(state, width=min(self._width or _WIDEST, size.columns - 1), most=size.lines // 3))

    def render(self, state: LiveState, *, width: int, most: int | None = None) -> list[str]:
        """Return the rows of *state* with the escape sequences of their colours; without colours if ``NO_COLOR`` is set."""
        from traincarbon.tracking.display.panel import MOST_ROWS, rows

        most = MOST_ROWS if most is None else min(most, MOST_ROWS)
        found = ["".join(map(self._drawn, row.render(self._console))) for row in rows(state, self._history, width=width, most=most)]
        return [row.translate(_ASCII) for row in found] if self._ascii else found

    def _drawn(self, segment: "Segment") -> str:
        """Return a piece of a row with its style; rendering by a console takes longer than building the rows."""
        style = segment.style
        if not style:
            return segment.text
        return (style.without_color if self._console.no_color else style).render(segment.text, color_system=self._colours)

    def undo(self) -> bytes:
        """Return the escape sequence with which another process can restore the terminal."""
        return self._rows.undo()

    def hide(self) -> None:
        """Release the rows; the next state reserves them again."""
        self._rows.release()

    def close(self) -> None:
        """Release the rows for good, with a visible cursor where the training left it."""
        if not self._closed:
            self._closed = True
            self._rows.release(end=True)


class Lines:
    """A line a minute, for logs and simple terminals.

    Args:
        stream: The stream to write to, as stderr.
        every_s: Time between two lines. [s]
    """

    def __init__(self, stream: "TextIO | PatientStream", *, every_s: float = 60.0) -> None:
        self._stream = stream
        self._every_s = every_s
        self._due_s = every_s
        self._noted = 0

    def show(self, state: LiveState) -> None:
        """Write a line and the new notes, if a line is due by the run's own clock."""
        elapsed_s = state.elapsed_s
        if elapsed_s is None or elapsed_s < self._due_s:
            return
        self._due_s = (elapsed_s // self._every_s + 1.0) * self._every_s
        noted = wording.notes(state)
        self._write([line(state), *(f"carbon: note: {note[:300]}" for note in noted[self._noted :])])
        self._noted = len(noted)

    def hide(self) -> None:
        """Do nothing: lines that were written stay."""

    def undo(self) -> bytes:
        """Return nothing: lines that were written stay."""
        return b""

    def close(self) -> None:
        """Write no more."""
        self._due_s = float("inf")

    def _write(self, lines: list[str]) -> None:
        text = "".join(f"{each}\n" for each in lines)
        try:
            self._stream.write(text if _can_encode(self._stream, text) else text.translate(_ASCII).encode("ascii", "replace").decode("ascii"))
            self._stream.flush()
        except (OSError, ValueError):  # full or closed: the training goes on
            self.close()


def live(stream: "TextIO | PatientStream | None" = None, *, quiet: bool = False, group: int | None = None) -> Live:
    """Return the view of a run on *stream*, by default stderr: a panel on a capable terminal, else a line a minute.

    Args:
        stream: The stream to write to.
        quiet: Whether to show nothing.
        group: The process group of the training, if it has its own and holds the terminal.
    """
    stream = sys.stderr if stream is None else stream
    if quiet or stream is None:
        return NoView()
    if is_capable(stream):
        try:
            return Panel(stream, group=group)
        except ImportError:
            return Lines(stream)
    return Lines(stream)


def line(state: LiveState) -> str:
    """Return *state* as a line of at most 80 columns: budgets that are nearly used up, then the most important values.

    Example:
        >>> from traincarbon.tracking.live_state import ProgressState
        >>> line(LiveState("r", elapsed_s=723.0, metered_kwh=1.0, progress=ProgressState(share_done=0.34, left_s=4320.0, mfu=0.41)))
        'carbon 0:12:03 · 34 % · 1.2 h left · metered 1 kWh · MFU 41.0 %'
    """
    power_w, left_s, share = wording.power_w(state.devices), state.progress.left_s, state.progress.share_done
    values = [
        *(f"budget {budget.text}" for budget in wording.budgets(state.budgets) if budget.worst >= wording.WARN_SHARE),
        *filter(None, (wording.idle_gpus(state), wording.phase(state))),
        *([] if share is None else [wording.percent(share)]),
        *([] if left_s is None else [wording.time_left(left_s)]),
        *([] if power_w is None else [wording.watts(power_w)]),
        *(str(item) for item in wording.spent(state)),
        *(str(item) for item in wording.training(state.progress)),
    ]
    text = f"carbon {wording.clock(state.elapsed_s)}"
    for value in values:
        if len(text) + 3 + len(value) <= _LINE_WIDTH:
            text += f" · {value}"
    return text


def _can_encode(stream: "TextIO | PatientStream", text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True
