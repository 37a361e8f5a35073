"""The outline of a page: sections with their titles, the level of their headings, and the table of contents."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from traincarbon.reporting.markup import EMPTY, Html, html, joined, link_to, text

TOP_LEVEL = 2
"""Level of the headings of sections; the title of the page is level 1."""
_FEWEST_LISTED = 3


class Fold(StrEnum):
    """How a section that a reader can open and close is at first."""

    OPEN = "open"
    CLOSED = "closed"


class Section(NamedTuple):
    """A part of a page under a heading.

    Attributes:
        id: Id of its element; the address of a shared link ends in it.
        title: Its heading.
        content: What follows the heading.
        parts: Sections within it.
        fold: Whether a reader opens it, and how it is at first; None for one that is always open.
        css: Its class in the style sheet.
    """

    id: str
    title: Html
    content: Html = EMPTY
    parts: tuple["Section", ...] = ()
    fold: Fold | None = None
    css: str = ""


def section(id: str, title: Html, *content: Html) -> Section | None:
    """Return a section, None where there is no content."""
    inner = joined(content)
    return Section(id, title, inner) if inner else None


def section_html(section: Section | None, level: int = TOP_LEVEL) -> Html:
    """Return a section as HTML: its heading at the *level*, its parts one level below; nothing for None."""
    if section is None:
        return EMPTY
    inner = joined([section.content, *(section_html(part, level + 1) for part in section.parts)])
    if section.fold is not None:
        is_open = html(" open") if section.fold is Fold.OPEN else EMPTY
        return html('<details class="fold" id="{}"{}><summary>{}</summary>{}</details>', text(section.id), is_open, _heading(section, level), inner)
    css = html(' class="{}"', text(section.css)) if section.css else EMPTY
    if section.parts:
        return html('<article id="{0}"{3} aria-labelledby="{0}-title">{1}{2}</article>', text(section.id), _heading(section, level), inner, css)
    if level > TOP_LEVEL:  # one landmark for each plan is enough for a screen reader
        return html('<section id="{}"{}>{}{}</section>', text(section.id), css, _heading(section, level), inner)
    return html('<section id="{0}"{3} aria-labelledby="{0}-title">{1}{2}</section>', text(section.id), _heading(section, level), inner, css)


def folded(section: Section | None, *, is_open: bool = False) -> Section | None:
    """Return a section that a reader can open and close; None for None."""
    return None if section is None else section._replace(fold=Fold.OPEN if is_open else Fold.CLOSED)


def sections_html(sections: Iterable[Section]) -> Html:
    """Return *sections* one after the other."""
    return joined(section_html(each) for each in sections)


def contents_html(sections: Sequence[Section]) -> Html:
    """Return links to the sections of a page; nothing where there are few."""
    if len(sections) < _FEWEST_LISTED:
        return EMPTY
    links = joined(html("<li>{}</li>", link_to(each.id, each.title)) for each in sections)
    return html('<nav aria-label="Contents"><ul>{}</ul></nav>', links)


def _heading(section: Section, level: int) -> Html:
    return html('<h{0} id="{1}-title">{2}</h{0}>', level, text(section.id), section.title)
