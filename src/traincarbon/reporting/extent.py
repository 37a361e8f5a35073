"""How much of a report a reader sees at first: one sheet, all parts folded, or all parts open, for an audience."""

from enum import StrEnum


class Extent(StrEnum):
    """How much of a report there is."""

    FOLDED = "folded"
    """The first page, with everything else below it to be opened; in print the first page and what is open."""
    ONE_PAGE = "one-page"
    """The first page alone."""
    WHAT_IF = "what-if"
    """The first page and what a reader can set below it, as in a notebook."""
    FULL = "full"
    """Everything, open, also in print."""


class Audience(StrEnum):
    """Who reads a report: it opens the parts that they ask for."""

    FINANCE = "finance"
    CARBON = "carbon"
    ENGINEERING = "engineering"


class Paper(StrEnum):
    """The paper that a page is printed on, as style sheets name it."""

    A4 = "A4"
    LETTER = "letter"


_OPENED = {
    Audience.FINANCE: ("money", "alternatives", "uncertainty"),
    Audience.CARBON: ("carbon", "places"),
    Audience.ENGINEERING: ("layout", "hardware", "parts", "assumptions", "derivation"),
}
"""The parts that each audience finds open, by the ending of their id."""


def opens(id: str, audience: Audience | None) -> bool:
    """Say whether an *audience* finds the part with this id open.

    Example:
        >>> opens("p1-money", Audience.FINANCE), opens("p1-money", None)
        (True, False)
    """
    return audience is not None and id.rpartition("-")[2] in _OPENED[audience]
