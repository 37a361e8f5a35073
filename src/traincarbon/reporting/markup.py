"""What comes from outside as HTML that shows it and does nothing else: text, tables, and data for a script."""

import html
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

MOST_LETTERS = 120
"""Letters of a name that a page shows where nothing else is said."""
_HARMLESS = "\u00a0\u202f\u200c\u200d"
"""Letters that are no print and yet part of names: spaces that do not break, and what parts or joins the letters of Persian and of emoji."""


def text(value: object, *, most: int = MOST_LETTERS) -> str:
    """Return *value* as HTML that only shows it: escaped, no longer than *most* letters, without letters that steer the text around them.

    Example:
        >>> text("<b>" + chr(27))
        '&lt;b&gt;�'
    """
    said = str(value)
    cut = said if len(said) <= most else f"{said[: most - 1]}…"
    return html.escape("".join(letter if letter.isprintable() or letter in _HARMLESS else "�" for letter in cut))


def name(value: object, *, most: int = MOST_LETTERS) -> str:
    """Return a name that may be written from right to left so that what follows it stays in its place.

    Example:
        >>> name("bert"), name("שלום")
        ('bert', '<bdi>שלום</bdi>')
    """
    shown = text(value, most=most)
    return shown if shown.isascii() else f"<bdi>{shown}</bdi>"


def paragraphs(value: str, *, most: int = 5000) -> str:
    """Return plain *value* as paragraphs, parted where it has empty lines."""
    cut = value if len(value) <= most else f"{value[: most - 1]}…"
    parts = [part for part in cut.replace("\r", "").split("\n\n") if part.strip()]
    return "".join(f"<p>{name(' '.join(part.split()), most=most)}</p>" for part in parts)


def as_script(data: Any) -> str:
    """Return *data* as JSON that can stand in a script element: nothing in it ends the element or opens another; what is not finite is null."""
    written = json.dumps(_finite(data), allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = (), foot: Sequence[str] = (), below: Sequence[str] = ()
) -> str:
    """Return a table of cells that are HTML already; the first of a row names it.

    Args:
        caption: What the table shows, as HTML; read out, and shown above it.
        head: The names of the columns.
        rows: The cells.
        numbers: Columns that are aligned as numbers are.
        foot: The cells of a last row that sums the others.
        below: What to say below each row, over its whole width, as HTML.
    """
    right = set(numbers)
    heads = "".join(f'<th scope="col"{_right(at in right)}>{cell}</th>' if cell else "<td></td>" for at, cell in enumerate(head))
    said = [f'<tr class="below"><td colspan="{len(head)}"><div>{each}</div></td></tr>' for each in below]
    body = "".join(f"<tr>{_row(row, right)}</tr>{said[at] if said else ''}" for at, row in enumerate(rows))
    parts = [
        f"<caption>{caption}</caption><thead><tr>{heads}</tr></thead>",
        f'<tbody class="spaced">{body}</tbody>' if said else f"<tbody>{body}</tbody>",
        f"<tfoot><tr>{_row(foot, right)}</tr></tfoot>" if foot else "",
    ]
    return f'<div class="wide" role="group" tabindex="0" aria-label="{_plain(caption)}"><table>{"".join(parts)}</table></div>'


def section(id: str, title: str, *content: str) -> str:
    """Return a section under a heading; nothing where there is no content."""
    inner = "".join(content)
    return f'<section id="{id}" aria-labelledby="{id}-title"><h2 id="{id}-title">{title}</h2>{inner}</section>' if inner else ""


def _row(cells: Sequence[str], right: set[int]) -> str:
    first, *others = cells
    rest = "".join(f"<td{_right(at in right)}>{cell}</td>" for at, cell in enumerate(others, 1))
    return f'<th scope="row"{_right(0 in right)}>{first}</th>{rest}'


def _right(is_number: bool) -> str:
    return ' class="n"' if is_number else ""


def _plain(markup: str) -> str:
    """Return *markup* without its tags, for an attribute."""
    parts = markup.split("<")
    return "".join([parts[0], *(part.partition(">")[2] for part in parts[1:])]).replace('"', "&quot;")


def _finite(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {str(key): _finite(item) for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(item) for item in data]
    return data
