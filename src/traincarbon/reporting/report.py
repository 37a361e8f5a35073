"""Report on plans, estimates and runs: one HTML page for a budget review."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError
from traincarbon.files import check_new_file, replace_file, write_new_file
from traincarbon.reporting.exports.formats import Format, format_of
from traincarbon.reporting.exports.values import sheets_of, values_csv
from traincarbon.reporting.exports.workbook import workbook
from traincarbon.reporting.extent import Audience, Extent, Paper
from traincarbon.reporting.header import read_header
from traincarbon.reporting.pdf import pdf_of, png_of
from traincarbon.reporting.render import report_html
from traincarbon.reporting.sections.alternatives import advice_on
from traincarbon.reporting.subjects import Subject, Subjects, read_subjects

Choice = TypeVar("Choice", bound=StrEnum)


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
        """The size of the file, of the page if none was written, in bytes."""
        return os.path.getsize(self.file) if self.file else len(self.html.encode("utf-8"))

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
    budget_usd: float | str | None = None,
    confidence: float | str | None = None,
    carbon_price_usd: float | str | None = None,
    settings: str | os.PathLike[str] | None = None,
    extent: str = Extent.FOLDED,
    audience: str | None = None,
    paper: str | None = None,
    force: bool = False,
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
        output: The new file to write, by default none. Its ending says what it is: a page (``.html``), the page as it prints (``.pdf``), a picture
            of the first page (``.png``), the results as a table (``.csv``), or a workbook with the cost of ownership as formulas (``.xlsx``).
            PDF and PNG need a browser of the Chromium family on PATH.
        title: The title of the report.
        notes: Text above the results; an empty line begins a paragraph.
        approvers: Who signs the report.
        logo: A picture for the top of the page.
        currency: A currency and what one US dollar buys of it: ``EUR=0.92``.
        budget_usd: What the training may cost; the page states the chance to stay within it. [$]
        confidence: The chance with which the amount that is asked for is enough, from 50 to 99 percent; by default 80. [%]
        carbon_price_usd: What a tonne of CO2e costs; the page states the cost of the training's CO2e. [$/t]
        settings: A TOML file with title, notes, approvers, logo, currency, budget and confidence; arguments win over it.
        extent: ``folded``: the first page, and all else below it to be opened; ``one-page``: the first page alone; ``full``: everything open.
        audience: Whose parts are open at first: ``finance``, ``carbon`` or ``engineering``.
        paper: The paper to print on: ``A4`` or ``letter``; by default A4 for a PDF, and that of the printer for a page.
        force: Replace an existing file.
        all: Add every run in the ledger.
        project: Add every run of this project.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        level: Confidence level of the intervals of plans. [1]
        database: The facts to rest on; by default ours with the user's own.
        progress: Called before each plan with the number of plans done, and of all.

    Raises:
        CarbonError: there is nothing to report, a subject cannot be read, an argument is not one of its choices, or the file exists,
            has another ending, or cannot be written.
    """
    if all and project is not None:
        raise CarbonError("both --all and --project are given", hint="give one of them")
    file = None if output is None else os.fspath(output)
    format = Format.PAGE if file is None else format_of(file)
    if file is not None and not force:
        check_new_file(file)
    chosen = _chosen(Extent, "extent", extent)
    reader = None if audience is None else _chosen(Audience, "audience", audience)
    sheet = _chosen(Paper, "paper", paper) if paper is not None else Paper.A4 if format is Format.PDF else None
    database = database if database is not None else open_database()
    header = read_header(
        None if settings is None else os.fspath(settings),
        title=title,
        notes=notes,
        approvers=approvers,
        logo=os.fspath(logo),
        currency=currency,
        budget_usd=budget_usd,
        confidence=confidence,
        carbon_price_usd=carbon_price_usd,
    )
    items = read_subjects(subjects, database=database, store=None if store is None else os.fspath(store), level=level, project="" if all else project)
    if format is Format.PNG:
        chosen = Extent.ONE_PAGE
    html = report_html(items, header=header, database=database, progress=progress, extent=chosen, audience=reader, paper=sheet)
    if file is not None:
        (replace_file if force else write_new_file)(file, _content(format, file, html, items, database))
    return Report(html=html, plans=len(items.plans), runs=len(items.runs), file=file or "")


def _content(format: Format, file: str, html: str, items: Subjects, database: Database) -> str | bytes:
    """Return what is written into the file."""
    if format.is_printed:
        return pdf_of(file, html) if format is Format.PDF else png_of(file, html)
    if format is Format.CSV:
        return values_csv(items)
    if format is Format.WORKBOOK:
        return workbook(sheets_of(items, [None if plan.answer is None else advice_on(plan.answer, database) for plan in items.plans]))
    return html


def _chosen(choices: type[Choice], name: str, stated: str) -> Choice:
    """Return the choice that *stated* names.

    Raises:
        CarbonError: there is none of that name.
    """
    try:
        return choices(stated)
    except ValueError as error:
        raise CarbonError(f"{name} is {stated[:40]!r}", hint=f"give one of {', '.join(choices)}") from error
