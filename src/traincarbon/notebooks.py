"""Results as a notebook shows them: tables of HTML, and the forms among which a notebook chooses."""

from collections.abc import Iterable, Sequence
from html import escape


def html_table(*, caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str] = ()) -> str:
    """Return a table whose first cells name its rows, with notes below; all text is escaped.

    Example:
        >>> html_table(caption="a < b", head=("", "median"), rows=[("time", "3 h")])
        "<table><caption>a &lt; b</caption><tr><th></th><th>median</th></tr><tr><th style='text-align:left'>time</th><td>3 h</td></tr></table>"
    """
    lines = ["".join(f"<th>{escape(name)}</th>" for name in head)]
    for name, *cells in rows:
        lines.append(f"<th style='text-align:left'>{escape(name)}</th>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}")
    below = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f"<table><caption>{escape(caption)}</caption>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>{below}"


def mime_bundle(*, text: str, html: str) -> dict[str, str]:
    """Return both forms of a result, by their MIME types."""
    return {"text/plain": text, "text/html": html}
