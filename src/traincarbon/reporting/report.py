"""Report on plans, estimates and runs: one HTML page for a budget review."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError
from traincarbon.files import check_new_file, write_new_file
from traincarbon.reporting.header import read_header
from traincarbon.reporting.render import report_html
from traincarbon.reporting.subjects import Subject, read_subjects


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report.

    Attributes:
        html: The page; it needs no other file.
        plans: How many plans it is about.
        runs: How many runs it is about.
        file: The file that it was written to; empty where it was not written.
    """

    html: str
    plans: int
    runs: int
    file: str

    @property
    def size_b(self) -> int:
        """The size of the page as a file, in bytes."""
        return len(self.html.encode("utf-8"))

    def to_dict(self) -> dict[str, object]:
        """Return what there is to say about the report, fit for JSON, without the page itself."""
        return {"file": self.file, "plans": self.plans, "runs": self.runs, "size_b": self.size_b}


def report(
    *subjects: Subject,
    output: str | os.PathLike[str] | None = None,
    title: str = "",
    notes: str = "",
    approvers: Sequence[str] = (),
    logo: str | os.PathLike[str] = "",
    currency: str = "",
    settings: str | os.PathLike[str] | None = None,
    all: bool = False,
    project: str | None = None,
    store: str | os.PathLike[str] | None = None,
    level: float = 0.9,
    database: Database | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Return one page for a budget review on plans, estimates and runs, and write it to a file.

    Args:
        *subjects: Plans, estimates and runs; or the names of plans (TOML), of saved estimates and runs (JSON, CSV), and ids of runs.
        output: The new HTML file to write; by default none.
        title: The title of the report.
        notes: Text above the results; an empty line begins a paragraph.
        approvers: Who signs the report.
        logo: A picture for the top of the page.
        currency: A currency and what one US dollar buys of it: ``EUR=0.92``.
        settings: A TOML file with title, notes, approvers, logo and currency; arguments win over it.
        all: Add every run in the ledger.
        project: Add every run of this project.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        level: Confidence level of the intervals of plans. [1]
        database: The facts to rest on; by default ours with the user's own.
        progress: Called before each plan with the number of plans done, and of all.

    Raises:
        CarbonError: there is nothing to report, a subject cannot be read, or the file exists or cannot be written.
    """
    if all and project is not None:
        raise CarbonError("both --all and --project are given", hint="give one of them")
    file = None if output is None else os.fspath(output)
    if file is not None:
        check_new_file(file)
    database = database if database is not None else open_database()
    header = read_header(
        None if settings is None else os.fspath(settings), title=title, notes=notes, approvers=approvers, logo=os.fspath(logo), currency=currency
    )
    items = read_subjects(subjects, database=database, store=None if store is None else os.fspath(store), level=level, project="" if all else project)
    html = report_html(items, header=header, database=database, progress=progress)
    if file is not None:
        write_new_file(file, html)
    return Report(html=html, plans=len(items.plans), runs=len(items.runs), file=file or "")
