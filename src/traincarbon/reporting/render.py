"""The report as one self-contained HTML file: text, charts, style and the what-if script."""

import base64
import hashlib
from collections.abc import Callable
from functools import lru_cache
from os import path
from string import Template

from traincarbon._version import __version__
from traincarbon.database.load import Database, open_database
from traincarbon.explore.advice.alternative import Advice
from traincarbon.formatting import LADDERS, LEAST, READABLE, counted
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.header import Header, approval_section, header_html
from traincarbon.reporting.markup import EMPTY, Html, as_script, html, name, text
from traincarbon.reporting.outline import Section, contents_html, sections_html
from traincarbon.reporting.sections.alternatives import advice_on, alternatives_section, evidence_keys
from traincarbon.reporting.sections.breakdown import parts_section
from traincarbon.reporting.sections.comparison import hardware_section, plans_section, regions_section
from traincarbon.reporting.sections.derivation import assumptions_section, derivation_section, sources_section
from traincarbon.reporting.sections.forecast import Forecast, forecast_of
from traincarbon.reporting.sections.portfolio import portfolio_section
from traincarbon.reporting.sections.run import run_section
from traincarbon.reporting.sections.sensitivity import sensitivity_section
from traincarbon.reporting.sections.summary import summary_section
from traincarbon.reporting.sections.uncertainty import uncertainty_section
from traincarbon.reporting.sections.what_if import controls_section
from traincarbon.reporting.subjects import MOST_SINGLE_RUNS, ReportedPlan, Subjects
from traincarbon.reporting.what_if_data import LINKS, what_if


def report_html(
    subjects: Subjects, *, header: Header | None = None, database: Database | None = None, progress: Callable[[int, int], None] | None = None
) -> str:
    """Return the report on plans and runs as HTML; the same subjects give the same bytes.

    Args:
        subjects: Plans and runs, see :func:`traincarbon.reporting.subjects.read_subjects`.
        header: Title, notes, approvers, logo and currency.
        database: The facts on other regions and hardware; by default the shipped ones with the user's own.
        progress: Called before each plan with the number done and the number of plans.
    """
    header = header or Header()
    database = database if database is not None else open_database()
    views = [plan.view for plan in subjects.plans]
    plans: list[Section] = []
    cited: set[str] = set()
    for done, plan in enumerate(subjects.plans):
        if progress is not None:
            progress(done, len(views))
        id = f"p{done + 1}"
        advice = advice_on(plan.answer, database) if plan.answer is not None else None
        parts = _plan_sections(plan, advice, database, header.currency, id)
        plans += parts if len(views) == 1 else [Section(id, name(plan.view.title), parts=tuple(parts))]
        cited |= evidence_keys(advice)
    sections = _present(
        plans_section(views, header.currency),
        *plans,
        *_run_sections(subjects, database, header.currency),
        approval_section(header),
        sources_section(views, database.sources(), cited),
    )
    has_what_if = any(plan.answer is not None for plan in subjects.plans)
    return _page(header, header.title or _title(subjects), sections, script() if has_what_if else EMPTY)


def _plan_sections(plan: ReportedPlan, advice: Advice | None, database: Database, currency: Currency, id: str) -> list[Section]:
    """Return the sections on one plan, in the order in which a committee asks."""
    view, answer = plan.view, plan.answer
    return _present(
        summary_section(view, currency, id),
        parts_section(view, currency, id),
        uncertainty_section(view, currency, id),
        alternatives_section(advice, database.sources(), id),
        regions_section(answer, database, currency, id) if answer is not None else None,
        hardware_section(answer, database, currency, id) if answer is not None else None,
        sensitivity_section(answer, database, id) if answer is not None else None,
        controls_section(answer, what_if(answer, database), currency, id) if answer is not None else None,
        assumptions_section(view, id),
        derivation_section(view, database.sources(), id),
    )


def _run_sections(subjects: Subjects, database: Database, currency: Currency) -> list[Section]:
    """Return all runs together where there are several, and each by itself where they are few."""
    runs = subjects.runs
    together = portfolio_section([run.record for run in runs], currency) if len(runs) > 1 else None
    if len(runs) > MOST_SINGLE_RUNS:
        return _present(together)
    view = subjects.plans[0].view if len(subjects.plans) == 1 else None
    of_plan = Forecast(view.results, view.level, "made now, of the plan in this report") if view is not None else None
    single = (run_section(run, forecast_of(run.record, database) or of_plan, database, currency, f"r{number}") for number, run in enumerate(runs, 1))
    return _present(together, *single)


def _present(*sections: Section | None) -> list[Section]:
    return [section for section in sections if section is not None]


def _title(subjects: Subjects) -> str:
    if len(subjects.plans) == 1 and not subjects.runs:
        return f"{subjects.plans[0].view.title}: what it takes"
    if len(subjects.runs) == 1 and not subjects.plans:
        return f"What run {subjects.runs[0].record.run_id} took"
    parts = [counted(len(group), what) for group, what in ((subjects.plans, "plan"), (subjects.runs, "run")) if group]
    return f"Report on {' and '.join(parts)}"


def _page(header: Header, title: str, sections: list[Section], script: Html) -> str:
    style = template("report.css")
    made = f"Made by carbon {__version__}. Everything on this page is in this file; opening it sends nothing anywhere."
    return Template(template("report.html")).substitute(
        title=text(title),
        policy=_policy(style, script),
        style=style,
        header=header_html(header, title) + contents_html(sections),
        content=sections_html(sections),
        made=text(made),
        script=html("<script>{}</script>", script) if script else EMPTY,
    )


@lru_cache(maxsize=8)
def template(file: str) -> Html:
    """Return the text of a *file* of ``templates``."""
    with open(path.join(path.dirname(__file__), "templates", file), encoding="utf-8") as stream:
        return Html(stream.read())


def script() -> Html:
    """Return the script of a page with what-if: the scales of units, the links of the chain, their evaluation and the controls."""
    scales = {unit: [[*scale, scale.smallest] for scale in ladder] for unit, ladder in LADDERS.items()}
    return html(
        "const LADDERS = {}, LEAST = {}, READABLE = {}, LINKS = {};\n{}{}",
        *map(as_script, (scales, LEAST, READABLE, LINKS)),
        template("equations.js"),
        template("controls.js"),
    )


def _policy(style: str, script: str) -> str:
    """Return the content security policy, which allows only the style and the script in the file, by their hashes."""
    return f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; base-uri 'none'; form-action 'none'"


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'" if content else "'none'"
