"""HTML from text, numbers and tables.

:data:`Html` is a type of its own: only the functions here make it, and they escape what they are given. A type checker then proves that no text
reaches a page without being escaped, as long as every template of :func:`html` is a literal, which a test checks.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import LiteralString, NewType

Html = NewType("Html", str)
"""Text that is safe to put into a page as it is."""
EMPTY = Html("")
MOST_LETTERS = 120
"""The longest text that a page shows, unless a caller allows more."""
_HARMLESS = "\u00a0\u202f\u200c\u200d"
"""Characters that are not printable but belong to names: non-breaking spaces, and the joiners of Persian and of emoji."""
_PERCENT = re.compile(r"(?<=\d) (?=%[^<>]*<)")
_UNBROKEN_DASH = "\u00a0–\u2060\u00a0"
"""A dash within an interval: a line may break after a dash, so a joiner of words follows it."""
_DASH = re.compile(r"(?<=[\w³]) – (?=(?:&lt;|[A-Z]{3} )?[$\d−][^<>]*<)")


def html(template: LiteralString, *parts: Html | float) -> Html:
    """Return a *template* of HTML, each ``{}`` in it filled with a part.

    Example:
        >>> html("<b>{}</b> {:.1f}", text("<a>"), 0.25)
        '<b>&lt;a&gt;</b> 0.2'
    """
    return Html(template.format(*parts))


def joined(parts: Iterable[Html], separator: LiteralString = "") -> Html:
    """Return *parts* as one."""
    return Html(separator.join(parts))


def listing(parts: Sequence[Html]) -> Html:
    """Return *parts* as a sentence lists them.

    Example:
        >>> listing(texts("one", "two", "three"))
        'one, two and three'
    """
    return html("{} and {}", joined(parts[:-1], ", "), parts[-1]) if len(parts) > 1 else joined(parts)


def text(value: object, *, most: int = MOST_LETTERS) -> Html:
    """Return *value* escaped, cut to *most* letters, without control characters and those that change the direction of the text around them.

    Example:
        >>> text("<b>" + chr(27))
        '&lt;b&gt;�'
    """
    shown = str(value)
    cut = shown if len(shown) <= most else f"{shown[: most - 1]}…"
    return Html(escape("".join(letter if letter.isprintable() or letter in _HARMLESS else "�" for letter in cut)))


def texts(*values: object) -> list[Html]:
    """Return each of *values* as :func:`text` does."""
    return [text(value) for value in values]


def name(value: object, *, most: int = MOST_LETTERS) -> Html:
    """Return a name escaped and isolated, so that one written from right to left does not move the text after it.

    Example:
        >>> name("bert"), name("שלום")
        ('bert', '<bdi>שלום</bdi>')
    """
    shown = text(value, most=most)
    return shown if shown.isascii() else html("<bdi>{}</bdi>", shown)


def paragraphs(value: str, *, most: int = 5000) -> Html:
    """Return plain text as paragraphs, one for each block between empty lines."""
    cut = value if len(value) <= most else f"{value[: most - 1]}…"
    parts = [part for part in cut.replace("\r", "").split("\n\n") if part.strip()]
    return joined(html("<p>{}</p>", name(" ".join(part.split()), most=most)) for part in parts)


def link_to(target: str, label: Html, *, spoken: str = "") -> Html:
    """Return a link to the element with the id *target*; *spoken* is what a screen reader says in place of the *label*."""
    return html('<a href="#{}"{}>{}</a>', text(target), html(' aria-label="{}"', text(spoken)) if spoken else EMPTY, label)


def notes(items: Iterable[Html], *, label: str = "") -> Html:
    """Return a list of notes; nothing where there are none."""
    listed = joined(html("<li>{}</li>", item) for item in items)
    return html('<ul class="notes"{}>{}</ul>', html(' aria-label="{}"', text(label)) if label else EMPTY, listed) if listed else EMPTY


def as_script(data: object) -> Html:
    """Return *data* as JSON for a script element: nothing in it can end the element or open another; numbers that are not finite become null."""
    written = json.dumps(_finite(data), allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return Html(written.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def table(
    caption: Html,
    head: Sequence[Html],
    rows: Iterable[Sequence[Html]],
    *,
    numbers: Iterable[int] = (),
    foot: Sequence[Html] = (),
    below: Sequence[Html] = (),
    is_sortable: bool = False,
) -> Html:
    """Return a table; the first cell of a row names it.

    Args:
        caption: What the table shows; read out, and shown above it.
        head: The names of the columns.
        rows: The cells.
        numbers: Columns of numbers, which are aligned to the right.
        foot: The cells of a last row that sums the others.
        below: What stands below each row, over its whole width.
        is_sortable: Whether a script lets a reader sort its rows.
    """
    right = set(numbers)
    heads = joined(html('<th scope="col"{}>{}</th>', _align(at in right), cell) if cell else Html("<td></td>") for at, cell in enumerate(head))
    remarks = [html('<tr class="below"><td colspan="{}"><div>{}</div></td></tr>', len(head), remark) for remark in below]
    body = joined(html("<tr>{}</tr>{}", _row(row, right), remarks[at] if remarks else EMPTY) for at, row in enumerate(rows))
    return html(
        '<div class="wide" role="group" tabindex="0" aria-label="{}"><table{}><caption>{}</caption><thead><tr>{}</tr></thead><tbody{}>{}</tbody>{}</table></div>',
        _without_tags(caption),
        Html(' class="sortable"' if is_sortable else ""),
        caption,
        heads,
        Html(' class="spaced"') if remarks else EMPTY,
        body,
        html("<tfoot><tr>{}</tr></tfoot>", _row(foot, right)) if foot else EMPTY,
    )


def kept_together(markup: Html) -> Html:
    r"""Return *markup* whose text does not break before a percent sign and within an interval; its attributes stay as they are.

    Example:
        >>> kept_together(html('<p title="5 %">5 % ({} – 22 t)</p>', 2.5))
        '<p title="5 %">5\xa0% (2.5\xa0–\u2060\xa022 t)</p>'
    """
    return Html(_DASH.sub(_UNBROKEN_DASH, _PERCENT.sub("\u00a0", markup)))


def _row(cells: Sequence[Html], right: set[int]) -> Html:
    first, *others = cells
    rest = joined(html("<td{}>{}</td>", _align(at in right), cell) for at, cell in enumerate(others, 1))
    return html('<th scope="row"{}>{}</th>{}', _align(0 in right), first, rest)


def _align(is_number: bool) -> Html:
    return Html(' class="n"' if is_number else "")


def _without_tags(markup: Html) -> Html:
    """Return *markup* as plain text for an attribute."""
    parts = markup.split("<")
    return Html("".join([parts[0], *(part.partition(">")[2] for part in parts[1:])]).replace('"', "&quot;"))


def _finite(data: object) -> object:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {str(key): _finite(item) for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(item) for item in data]
    return data
