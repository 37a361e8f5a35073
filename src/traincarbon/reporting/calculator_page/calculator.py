"""Write the calculator: one page that computes estimates in any browser, without a network."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError
from traincarbon.files import check_new_file, replace_file, write_new_file
from traincarbon.reporting.calculator_page.body import calculator_html

_ENDINGS = (".html", ".htm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculator:
    """The calculator as a page.

    Attributes:
        html: The page; it needs no other file.
        file: The file that it was written to; empty where it was not written.
    """

    html: str
    file: str

    @property
    def size_b(self) -> int:
        """The size of the page in bytes."""
        return len(self.html.encode("utf-8"))

    def to_dict(self) -> dict[str, object]:
        """Return what there is to say about the page, fit for JSON, without the page itself."""
        return {"file": self.file, "size_b": self.size_b}


def calculator(
    *,
    output: str | os.PathLike[str] | None = None,
    force: bool = False,
    database: Database | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Calculator:
    """Return a page with a form that computes estimates, and write it to a file.

    The page holds every accelerator made for training, every place and every rent of the *database*, and the equations of an estimate.

    Args:
        output: The new file to write, which ends in ``.html``; by default none.
        force: Replace an existing file.
        database: The facts that the page holds; by default ours with the user's own.
        progress: Called with the number of products done, and of all.

    Raises:
        CarbonError: the file exists, has another ending, or cannot be written.
    """
    file = "" if output is None else os.fspath(output)
    if file and not file.lower().endswith(_ENDINGS):
        raise CarbonError(f"{file!r} does not end in .html", hint="name it, for example, calculator.html")
    if file and not force:
        check_new_file(file)
    html = calculator_html(database if database is not None else open_database(), progress)
    if file:
        (replace_file if force else write_new_file)(file, html)
    return Calculator(html=html, file=file)
