"""Numbers and tables as a person reads them: rounded to what is known, aligned, plain when piped."""

from collections.abc import Iterable, Sequence
from typing import Any

import click

from traincarbon.report.numbers import amount, ladder, median_and_interval, significant

__all__ = [
    "WIDTH",
    "amount",
    "as_json",
    "bold",
    "clean",
    "dim",
    "filled",
    "ladder",
    "markdown_table",
    "median_and_interval",
    "significant",
    "table",
    "wrapped",
]

WIDTH = 80


def wrapped(label: str, text: str) -> str:
    """Return *text* filled to the width of the screen, behind a bold *label*, further lines indented by two."""
    head, *rest = filled(f"{label}: {text}").split("\n")
    return "\n".join([bold(head[: len(label) + 1]) + head[len(label) + 1 :], *rest])


def filled(text: str) -> str:
    """Return *text* broken into lines of the screen's width, all but the first indented by two; a longer word stays whole."""
    lines = [""]
    for word in text.split():
        if lines[-1].strip() and len(lines[-1]) + len(word) + 1 > WIDTH:
            lines.append(" ")
        lines[-1] += (" " if lines[-1] else "") + word
    return "\n".join(lines)


def bold(text: str) -> str:
    """Return *text* bold on a terminal; :func:`click.echo` strips it elsewhere."""
    return click.style(text, bold=True)


def dim(text: str) -> str:
    """Return *text* dimmed on a terminal."""
    return click.style(text, dim=True)


def table(rows: Sequence[Sequence[str]], *, right: Iterable[int] = (), gap: str = "  ") -> str:
    """Return *rows* of cells in columns of equal width, those numbered in *right* aligned to the right."""
    if not rows:
        return ""
    to_right = set(right)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) if column in to_right else cell.ljust(width) for column, (cell, width) in enumerate(zip(row, widths, strict=True))]
        lines.append(gap.join(cells).rstrip())
    return "\n".join(lines)


def as_json(result: Any) -> str:
    """Return *result* as JSON of two spaces' indent."""
    import json

    return json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False)


def clean(text: str) -> str:
    """Return *text* without control characters, so that a hostile name cannot drive the terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)


def markdown_table(rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """Return *rows*, the first of them the header, as a Markdown table."""
    to_right = set(right)
    head, *body = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---:" if column in to_right else "---" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *body))
