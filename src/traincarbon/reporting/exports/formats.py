"""What a report can be written as, by the ending of its file."""

from enum import StrEnum
from os import path

from traincarbon.errors import CarbonError
from traincarbon.reporting.pdf import browser


class Format(StrEnum):
    """A format of a report."""

    PAGE = "html"
    PDF = "pdf"
    PNG = "png"
    CSV = "csv"
    WORKBOOK = "xlsx"

    @property
    def is_printed(self) -> bool:
        """Whether a browser makes it."""
        return self in (Format.PDF, Format.PNG)


_ENDINGS = {"": Format.PAGE, ".html": Format.PAGE, ".htm": Format.PAGE, ".xhtml": Format.PAGE, **{f".{each.value}": each for each in Format}}


def format_of(file: str) -> Format:
    """Return the format of a report that is written to *file*.

    Raises:
        CarbonError: the name is that of another format, or of one that needs a browser and there is none.

    Example:
        >>> str(format_of("report.HTM"))
        'html'
    """
    stem, ending = path.splitext(file)
    found = _ENDINGS.get(ending.lower())
    if found is None:
        raise CarbonError(f"cannot write a report as {ending[1:]}: {file!r}", hint="name a file that ends in .html, .pdf, .png, .csv or .xlsx")
    if found.is_printed and browser() is None:
        hint = f"name {stem}.html and print it from your browser, or install Chromium or Google Chrome"
        raise CarbonError(f"cannot write {file!r}: no browser that prints {found.value.upper()} is on PATH", hint=hint)
    return found
