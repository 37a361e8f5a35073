"""Report on plans, estimates and runs: one HTML page for a budget review."""

import html as escapes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from traincarbon.database.load import Database, open_database
from traincarbon.errors import CarbonError
from traincarbon.files import check_new_file, replace_file, write_new_file
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.exports.formats import Format
from traincarbon.reporting.exports.outputs import Asked, Output, outputs_of
from traincarbon.reporting.exports.values import sheets_of, values_csv
from traincarbon.reporting.exports.workbook import workbook
from traincarbon.reporting.extent import Audience, Extent, Paper
from traincarbon.reporting.header import Header, read_header
from traincarbon.reporting.pdf import pdf_of, png_of
from traincarbon.reporting.render import report_html
from traincarbon.reporting.sections.alternatives import advice_on
from traincarbon.reporting.subjects import Subject, Subjects, read_subjects

Choice = TypeVar("Choice", bound=StrEnum)
_FRAME_PX = 900
"""Height of a report in a notebook. [px]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report.

    Attributes:
        html: The page; it needs no other file.
        plans: How many plans it is about.
        runs: How many runs it is about.
        file: The file that it was written to; empty where it was not written.
        files: Every file that was written, that one first.
    """

    html: str = field(repr=False)
    plans: int
    runs: int
    file: str
    files: tuple[str, ...] = ()

    @property
    def size_b(self) -> int:
        """The size of the file, of the page if none was written, in bytes."""
        return os.path.getsize(self.file) if self.file else len(self.html.encode("utf-8"))

    def _repr_html_(self) -> str:
        """Return the page as a notebook shows it: in a frame of its own, whose scripts reach nothing outside."""
        return (
            f'<iframe title="Report" sandbox="allow-scripts allow-downloads" srcdoc="{escapes.escape(self.html)}" '
            f'style="width: 100%; height: {_FRAME_PX}px; border: 0"></iframe>'
        )

    def to_dict(self) -> dict[str, object]:
        """Return what there is to say about the report, fit for JSON, without the page itself."""
        return {"file": self.file, "plans": self.plans, "runs": self.runs, "size_b": self.size_b, "files": list(self.files)}


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
    author: str = "",
    value_usd: float | str | None = None,
    requests: float | str | None = None,
    settings: str | os.PathLike[str] | None = None,
    extent: str = Extent.FOLDED,
    audience: str | None = None,
    paper: str | None = None,
    pdf: Asked = False,
    png: Asked = False,
    csv: Asked = False,
    xlsx: Asked = False,
    force: bool = False,
    all: bool = False,
    project: str | None = None,
    store: str | os.PathLike[str] | None = None,
    level: float = 0.9,
    database: Database | None = None,
    progress: Callable[[int, int], None] | None = None,
    tell: Callable[[str], None] | None = None,
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
        author: Who prepared the report.
        value_usd: What the training is worth over its life; the page states the return and the chance to cost less. [$]
        requests: How many requests the model is to answer over its life; the page states the cost of a thousand.
        settings: A TOML file with title, notes, author, approvers, logo, currency, budget, confidence, carbon_price, value and requests; arguments win over it.
        extent: ``folded``: the first page, and all else below it to be opened; ``one-page``: the first page alone;
            ``what-if``: the first page with what a reader can set, as a notebook shows it; ``full``: everything open.
        audience: Whose parts are open at first: ``finance``, ``carbon`` or ``engineering``.
        paper: The paper to print on: ``A4`` or ``letter``; by default A4 for a PDF, and that of the printer for a page.
        pdf: Write it as it prints too: to this file, or with True beside *output* under the same name.
        png: The same for a picture of the first page.
        csv: The same for the results as a table.
        xlsx: The same for a workbook.
        force: Replace existing files.
        all: Add every run in the ledger.
        project: Add every run of this project.
        store: The folder of the ledger; by default ``$CARBON_STORE``, else the user's data folder.
        level: Confidence level of the intervals of plans. [1]
        database: The facts to rest on; by default ours with the user's own.
        progress: Called before each plan with the number of plans done, and of all.
        tell: Called with a line now and then while journals are read for longer than a second, and before a browser prints.

    Raises:
        CarbonError: there is nothing to report, a subject cannot be read, an argument is not one of its choices, or the file exists,
            has another ending, or cannot be written.
    """
    if all and project is not None:
        raise CarbonError("both --all and --project are given", hint="give one of them")
    outputs = outputs_of(output, {Format.PDF: pdf, Format.PNG: png, Format.CSV: csv, Format.WORKBOOK: xlsx})
    if not force:
        for each in outputs:
            check_new_file(each.file)
    chosen = _chosen(Extent, "extent", extent)
    reader = None if audience is None else _chosen(Audience, "audience", audience)
    sheet = None if paper is None else _chosen(Paper, "paper", paper)
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
        author=author,
        value_usd=value_usd,
        requests=requests,
    )
    named_project = "" if all else project
    items = read_subjects(subjects, database=database, store=None if store is None else os.fspath(store), level=level, project=named_project, tell=tell)

    def page_for(format: Format) -> str:
        """Return the page as a format needs it: the first sheet for a picture, on A4 where no paper is asked for in print."""
        chosen_extent = Extent.ONE_PAGE if format is Format.PNG else chosen
        on = Paper.A4 if sheet is None and format is Format.PDF else sheet
        return report_html(items, header=header, database=database, progress=progress, extent=chosen_extent, audience=reader, paper=on)

    page = page_for(outputs[0].format if outputs else Format.PAGE)
    pages = {outputs[0].format: page} if outputs else {}
    for each in outputs:
        if each.format not in pages and (each.format is Format.PAGE or each.format.is_printed):
            pages[each.format] = page_for(each.format)
        if each.format.is_printed and tell is not None:
            tell(f"printing {each.file}")
        (replace_file if force else write_new_file)(each.file, _content(each, pages.get(each.format, page), items, database, header))
    files = tuple(each.file for each in outputs)
    return Report(html=page, plans=len(items.plans), runs=len(items.runs), file=files[0] if files else "", files=files)


def _content(output: Output, html: str, items: Subjects, database: Database, header: Header) -> str | bytes:
    """Return what is written into a file."""
    if output.format.is_printed:
        return pdf_of(output.file, html) if output.format is Format.PDF else png_of(output.file, html)
    if output.format is Format.CSV:
        return values_csv(items, header.currency)
    if output.format is Format.WORKBOOK:
        advice = [None if plan.answer is None else advice_on(plan.answer, database) for plan in items.plans]
        return workbook(sheets_of(items, advice, database, worth=Worth(header.value, header.requests), currency=header.currency))
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
