"""The report as one self-contained HTML file: text, charts, style and scripts."""

from collections.abc import Callable, Sequence

from traincarbon.database.edition import Edition, edition_of
from traincarbon.database.load import Database, open_database
from traincarbon.explore.advice.alternative import Advice
from traincarbon.formatting import LADDERS, LEAST, READABLE, counted
from traincarbon.ledger.run import Run
from traincarbon.reporting.decision.plan_charts import Question
from traincarbon.reporting.decision.sheet import MOST_SIGNERS, sheet_section
from traincarbon.reporting.decision.unit_costs import Worth
from traincarbon.reporting.extent import Audience, Extent, Paper, opens
from traincarbon.reporting.ghg import accounts_of
from traincarbon.reporting.header import Header, approval_section, header_html, is_long, notes_section
from traincarbon.reporting.markup import Html, as_script, html, joined, name
from traincarbon.reporting.outline import Fold, Section, contents_html, folded, sections_html
from traincarbon.reporting.plan_variants import in_regions, region_options
from traincarbon.reporting.sections.alternatives import advice_on, alternatives_section, evidence_keys
from traincarbon.reporting.sections.breakdown import parts_section
from traincarbon.reporting.sections.carbon import carbon_section
from traincarbon.reporting.sections.comparison import hardware_section, plans_section, regions_section
from traincarbon.reporting.sections.derivation import assumptions_section, derivation_section, sources_section
from traincarbon.reporting.sections.forecast import Forecast, forecast_of, planned_power
from traincarbon.reporting.sections.layout import layout_section
from traincarbon.reporting.sections.money import money_section
from traincarbon.reporting.sections.portfolio import portfolio_section
from traincarbon.reporting.sections.run import run_section
from traincarbon.reporting.sections.uncertainty import uncertainty_section
from traincarbon.reporting.sections.what_if import controls_section
from traincarbon.reporting.shell import charts_script, document, template
from traincarbon.reporting.subjects import MOST_SINGLE_RUNS, ReportedPlan, Subjects
from traincarbon.reporting.what_if_data import LINKS, what_if
from traincarbon.uncertain import median_of


def report_html(
    subjects: Subjects,
    *,
    header: Header | None = None,
    database: Database | None = None,
    progress: Callable[[int, int], None] | None = None,
    extent: Extent = Extent.FOLDED,
    audience: Audience | None = None,
    paper: Paper | None = None,
) -> str:
    """Return the report on plans and runs as HTML; the same subjects give the same bytes on the same day.

    Args:
        subjects: Plans and runs, see :func:`traincarbon.reporting.subjects.read_subjects`.
        header: Title, notes, approvers, logo, currency, budget and confidence.
        database: The facts on other regions and hardware; by default the shipped ones with the user's own.
        progress: Called before each plan with the number done and the number of plans.
        extent: The first page alone, everything folded below it, or everything open.
        audience: Whose parts are open at first.
        paper: The paper that the page is printed on; by default that of the printer.
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
        parts = _plan_sections(plan, advice, database, header, id, extent)
        plans += parts if len(views) == 1 else [Section(id, name(plan.view.title), parts=tuple(parts))]
        cited |= evidence_keys(advice)
    runs = _run_sections(subjects, database, header)
    first = len([each for each in plans if each.fold is None and not each.id.endswith("-what-if")])
    is_signed = len(views) == 1 and len(header.approvers) <= MOST_SIGNERS
    below = (
        []
        if extent in (Extent.ONE_PAGE, Extent.WHAT_IF)
        else [folded(notes_section(header)), None if is_signed else approval_section(header), folded(sources_section(views, database.sources(), cited))]
    )
    sections = _opened(_present(plans_section(subjects.plans, header.currency, header.budget), *plans[:first], *runs, *plans[first:], *below), extent, audience)
    has_what_if = any(each.id.endswith("-what-if") for each in [*sections, *(part for each in sections for part in each.parts)])
    return _page(header, header.title or _title(subjects), sections, script(with_what_if=has_what_if), extent, paper, edition_of(database))


def _plan_sections(plan: ReportedPlan, advice: Advice | None, database: Database, header: Header, id: str, extent: Extent) -> list[Section]:
    """Return the sections on one plan: the first page, the what-if, and the others folded."""
    view, answer, currency = plan.view, plan.answer, header.currency
    places = in_regions(answer, database, region_options(answer, database)) if answer is not None else []
    accounts = accounts_of(view, answer)
    sheet = sheet_section(
        view,
        answer=answer,
        advice=advice,
        places=places,
        accounts=accounts,
        question=Question(currency, header.budget, header.confidence, header.value),
        approvers=header.approvers,
        author=header.author,
        facts=None if answer is None else edition_of(database),
        id=id,
        is_linked=extent in (Extent.FOLDED, Extent.FULL),
    )
    if extent is Extent.ONE_PAGE:
        return [sheet]
    worth = Worth(header.value, header.requests)
    what_if_section = controls_section(answer, what_if(answer, database, worth), currency, id) if answer is not None else None
    if extent is Extent.WHAT_IF:
        return _present(sheet, what_if_section)
    others = (
        money_section(view, answer, database, currency, id, worth=worth),
        alternatives_section(advice, database.sources(), currency, id),
        carbon_section(view, accounts, database, currency, header.carbon_price, id),
        regions_section(answer, places, database, currency, id) if answer is not None else None,
        hardware_section(answer, database, currency, id) if answer is not None else None,
        uncertainty_section(view, answer, currency, id),
        layout_section(answer, id),
        parts_section(view, currency, id),
        assumptions_section(view, currency, id),
        derivation_section(view, database.sources(), currency, id),
    )
    return _present(sheet, what_if_section, *map(folded, others))


def _opened(sections: list[Section], extent: Extent, audience: Audience | None) -> list[Section]:
    """Return the sections with those open that the extent and the audience ask for."""

    def opened(section: Section) -> Section:
        is_open = extent is Extent.FULL or opens(section.id, audience)
        return section._replace(parts=tuple(map(opened, section.parts)), fold=Fold.OPEN if section.fold is not None and is_open else section.fold)

    return [opened(section) for section in sections]


def _run_sections(subjects: Subjects, database: Database, header: Header) -> list[Section]:
    """Return all runs together where there are several, and each by itself where they are few."""
    runs, currency = subjects.runs, header.currency
    together = portfolio_section([run.record for run in runs], currency, budget_usd=header.budget) if len(runs) > 1 else None
    if len(runs) > MOST_SINGLE_RUNS:
        return _present(together)
    of_plan = _forecast_by(subjects.plans[0]) if len(subjects.plans) == 1 else None
    single = (run_section(run, forecast_of(run.record, database) or of_plan, database, currency, f"r{number}") for number, run in enumerate(runs, 1))
    return _present(together, *single)


def _forecast_by(plan: ReportedPlan) -> Forecast:
    """Return the plan of the report as the forecast of a run that has none of its own."""
    tokens = None if plan.answer is None or plan.answer.plan.tokens is None else median_of(plan.answer.plan.number("tokens"))
    power = None if plan.answer is None else planned_power(plan.answer)
    return Forecast(plan.view.results, plan.view.level, "made now, of the plan in this report", None if tokens is None else float(tokens), power)


def _present(*sections: Section | None) -> list[Section]:
    return [section for section in sections if section is not None]


_STATES = {"running": "still running"}
"""What the title says of the state of a run, where that is not its name."""


def _title(subjects: Subjects) -> str:
    if len(subjects.plans) == 1 and not subjects.runs:
        return f"Decision: {subjects.plans[0].view.title}"
    if len(subjects.runs) == 1 and not subjects.plans:
        record = subjects.runs[0].record
        named = (record.plan or {}).get("name") or record.project or record.run_id
        return f"Run {named}: {_STATES.get(record.state, record.state)}"
    runs = _runs_title([run.record for run in subjects.runs])
    if len(subjects.plans) == 1:
        return f"{subjects.plans[0].view.title}: the plan and {runs}"
    return f"{counted(len(subjects.plans), 'plan')} compared{f', and {runs}' if runs else ''}" if subjects.plans else f"{runs[:1].upper()}{runs[1:]}"


def _runs_title(records: Sequence[Run]) -> str:
    """Return how many runs there are, of which project if they have one, and of which months; empty where there is none."""
    if not records:
        return ""
    months = sorted({record.started_at[:7] for record in records if record.started_at})
    projects = {record.project for record in records}
    of_project = f" of {projects.pop()}" if len(projects) == 1 and records[0].project else ""
    when = "" if not months else f", {months[0]}" if len(months) == 1 else f", {months[0]} to {months[-1]}"
    return f"{counted(len(records), 'run')}{of_project}{when}"


def _page(header: Header, title: str, sections: list[Section], script: Html, extent: Extent, paper: Paper | None, facts: Edition) -> str:
    at = next((at for at, each in enumerate(sections) if each.fold is not None), 0)
    return document(
        title=title,
        header=header_html(header, title),
        content=joined([sections_html(sections[:at]), contents_html(sections), sections_html(sections[at:])]),
        script=script,
        css=f"{extent.value} tight" if is_long(header) else extent.value,
        paper=paper,
        facts=facts,
    )


def script(*, with_what_if: bool = True) -> Html:
    """Return the script of a page: that of its charts, and for what-if the scales of units, the links of the chain, their evaluation and the controls."""
    if not with_what_if:
        return charts_script()
    scales = {unit: [[*scale, scale.smallest] for scale in ladder] for unit, ladder in LADDERS.items()}
    return html(
        "const LADDERS = {}, LEAST = {}, READABLE = {}, LINKS = {};\n{}{}{}{}",
        *map(as_script, (scales, LEAST, READABLE, LINKS)),
        template("equations.js"),
        template("numbers.js"),
        template("controls.js"),
        charts_script(),
    )
