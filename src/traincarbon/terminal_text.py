"""Text as a terminal shows it: filled to its width, in styles that it has, in columns."""

import os
import re
from collections.abc import Iterable, Sequence

PIPED_COLUMNS = 80
"""Columns of output that goes to no terminal."""
NARROWEST, WIDEST = 40, 200
"""Columns of the narrowest and the widest screen that is laid out; a wider terminal keeps its right side empty."""


def width(descriptor: int = 1) -> int:
    """Return the columns that output may fill: those of ``COLUMNS``, else of the terminal behind *descriptor*, else 80.

    Args:
        descriptor: The file descriptor of the output; 1 is stdout, 2 is stderr.
    """
    stated = os.environ.get("COLUMNS", "")
    try:
        columns = int(stated) if stated.isdigit() and int(stated) else os.get_terminal_size(descriptor).columns or PIPED_COLUMNS
    except OSError:
        columns = PIPED_COLUMNS
    return max(NARROWEST, min(columns, WIDEST))


def color_choice() -> bool | None:
    """Return whether the user asks for colour (True) or for none (False); None leaves it to whether the output is a terminal.

    ``NO_COLOR`` wins over ``FORCE_COLOR``, and both over ``TERM=dumb``.
    """
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    if forced:
        return forced.lower() not in ("0", "false")
    return False if os.environ.get("TERM") == "dumb" else None


def is_styled(descriptor: int = 1) -> bool:
    """Return whether output to *descriptor* may have colour and bold."""
    choice = color_choice()
    return os.isatty(descriptor) if choice is None else choice


def wrapped(label: str, text: str, *, columns: int | None = None) -> str:
    """Return *text* filled to the width of the screen, or to *columns*, behind a bold *label*, further lines indented by two."""
    head, *rest = filled(f"{label}: {text}", columns=columns).split("\n")
    return "\n".join([bold(head[: len(label) + 1]) + head[len(label) + 1 :], *rest])


def filled(text: str, *, indent: int = 2, first: int = 0, columns: int | None = None) -> str:
    """Return *text* broken into lines of the screen's width, or of *columns*.

    A word that is longer than a line is broken at the end of the line.

    Args:
        text: The text; its styles take no room.
        indent: Blanks before all lines but the first.
        first: Blanks before the first line.
        columns: Width of the lines; by default that of the screen.
    """
    room = width() if columns is None else columns
    lines, used = [" " * first], first
    is_empty = True
    for word in text.replace(" %", "\0%").split():  # a percent sign stays with its number
        size = visible_length(word)
        if not is_empty and used + 1 + size > room:
            lines.append(" " * indent)
            used, is_empty = indent, True
        while size > room - used - (not is_empty) and "\x1b" not in word and room > indent + 1:
            cut = room - used
            lines[-1] += word[:cut]
            word, size = word[cut:], size - cut  # noqa: PLW2901  the rest of it
            lines.append(" " * indent)
            used = indent
        lines[-1] += ("" if is_empty else " ") + word
        used += (not is_empty) + size
        is_empty = False
    return "\n".join(lines).replace("\0", " ")


_STYLES = r"\x1b\[[0-9;]*m"


def visible_length(text: str) -> int:
    """Return the columns that *text* takes, without its styles.

    Example:
        >>> visible_length(bold("four"))
        4
    """
    return len(text) if "\x1b" not in text else len(re.sub(_STYLES, "", text))


def bold(text: str) -> str:
    """Return *text* bold on a terminal; click strips it elsewhere, and so does :func:`plain`."""
    return _styled(1, text)


def dim(text: str) -> str:
    """Return *text* dimmed on a terminal."""
    return _styled(2, text)


def better(text: str) -> str:
    """Return *text* in the colour of what is better than the plan, or within a budget: green."""
    return _styled(32, text)


def worse(text: str) -> str:
    """Return *text* in the colour of what is worse than the plan, over a budget, or an error: red."""
    return _styled(31, text)


def caution(text: str) -> str:
    """Return *text* in the colour of a warning: yellow."""
    return _styled(33, text)


def assumed(text: str) -> str:
    """Return *text* in the colour of what nobody stated or measured: cyan."""
    return _styled(36, text)


def _styled(code: int, text: str) -> str:
    """Return *text* in a style that ends with each line, as pagers need it."""
    return "\n".join(f"\x1b[{code}m{line}\x1b[0m" if line else "" for line in text.split("\n"))


def plain(text: str) -> str:
    """Return *text* as it was before its styles."""
    return re.sub(_STYLES, "", text)


def table(rows: Sequence[Sequence[str]], *, right: Iterable[int] = (), gap: str = "  ") -> str:
    """Return *rows* of cells in columns of equal width, those numbered in *right* aligned to the right; styles of cells take no room."""
    if not rows:
        return ""
    to_right = set(right)
    widths = [max(visible_length(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for column, (cell, size) in enumerate(zip(row, widths, strict=True)):
            blanks = " " * (size - visible_length(cell))
            cells.append(blanks + cell if column in to_right else cell + blanks)
        lines.append(gap.join(cells).rstrip())
    return "\n".join(lines)
