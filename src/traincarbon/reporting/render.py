"""The whole report as one HTML file that needs nothing else: text, drawings, style and the script of what-if are in it."""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from os import path
from string import Template

from traincarbon._version import __version__
from traincarbon.database.load import Database, open_database
from traincarbon.explore.advice.alternative import Advice
from traincarbon.formatting import LADDERS, counted
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.header import Header, approval_html, header_html
from traincarbon.reporting.markup import as_script, name, text
from traincarbon.reporting.sections.alternatives import advice_on, alternatives_section, evidence_keys
from traincarbon.reporting.sections.breakdown import parts_section
from traincarbon.reporting.sections.comparison import elsewhere_section, plans_section
from traincarbon.reporting.sections.derivation import assumptions_section, derivation_section, sources_section
from traincarbon.reporting.sections.forecast import Forecast, forecast_of
from traincarbon.reporting.sections.portfolio import portfolio_section
from traincarbon.reporting.sections.run import Actual, run_section
from traincarbon.reporting.sections.sensitivity import sensitivity_section
from traincarbon.reporting.sections.summary import summary_section
from traincarbon.reporting.sections.uncertainty import doubt_section
from traincarbon.reporting.sections.what_if import controls_section
from traincarbon.reporting.subjects import MOST_TRACED, Items, PlanItem, RunItem
from traincarbon.reporting.what_if_data import LINKS, what_if


def report_html(items: Items, *, header: Header | None = None, database: Database | None = None, progress: Callable[[int, int], None] | None = None) -> str:
    """Return the report on plans and runs; the same items make the same text.

    Args:
        items: What it is about, as :func:`traincarbon.reporting.subjects.read_items` gives it.
        header: Title, notes, approvers, logo and currency.
        database: The facts with which other places and hardware are tried; by default ours with the user's own.
        progress: Called before each plan with how many are done, and of how many.
    """
    header = header or Header()
    database = database if database is not None else open_database()
    all_said = [item.said for item in items.plans]
    plans: list[str] = []
    cited: set[str] = set()
    for done, item in enumerate(items.plans):
        if progress is not None:
            progress(done, len(items.plans))
        advice = advice_on(item.answer, database) if item.answer is not None else None
        plans.append(_plan(item, advice, database, header.currency, f"p{done + 1}", is_alone=len(items.plans) == 1))
        cited |= evidence_keys(advice)
    content = [
        plans_section(all_said, header.currency),
        *plans,
        _runs(items, database, header.currency),
        approval_html(header),
        sources_section(all_said, database.sources(), cited),
    ]
    title, main = header.title or _title(items), "".join(content)
    needs_script = any('class="data"' in plan for plan in plans)
    return _page(title, header_html(header, title) + _contents(main), main, script() if needs_script else "")


def _plan(item: PlanItem, advice: Advice | None, database: Database, currency: Currency, id: str, *, is_alone: bool) -> str:
    """Return all that is said of one plan, in the order in which a committee asks."""
    said, answer = item.said, item.answer
    parts = [summary_section(said, currency, id), parts_section(said, currency, id), doubt_section(said, currency, id)]
    parts.append(alternatives_section(advice, database.sources(), id))
    if answer is not None:
        parts.append(elsewhere_section(answer, database, currency, id))
        parts.append(sensitivity_section(answer, database, id))
        parts.append(controls_section(answer, what_if(answer, database), currency, id))
    parts.append(assumptions_section(said, id))
    parts.append(derivation_section(said, database.sources(), id))
    content = "".join(parts)
    if is_alone:
        return content
    below = re.sub(r'(<section id="[^"]+") aria-labelledby="[^"]+"', r"\1", content).replace("<h2 ", "<h3 ").replace("</h2>", "</h3>")
    return f'<article id="{id}" aria-labelledby="{id}-title"><h2 id="{id}-title">{name(said.title)}</h2>{below}</article>'


def _runs(items: Items, database: Database, currency: Currency) -> str:
    """Return each run by itself where they are few, and all of them together where there are several."""
    records = [run.record for run in items.runs]
    parts = [portfolio_section(records, currency)] if len(records) > 1 else []
    if len(records) <= MOST_TRACED:
        said = items.plans[0].said if len(items.plans) == 1 else None
        only_plan = Forecast(said.results, said.level, "made now, of the plan in this report") if said is not None else None
        parts += [_run(run, only_plan, database, currency, f"r{at}") for at, run in enumerate(items.runs, 1)]
    return "".join(parts)


def _run(run: RunItem, only_plan: Forecast | None, database: Database, currency: Currency, id: str) -> str:
    forecast = forecast_of(run.record, database) or only_plan
    return run_section(Actual(run.record, forecast, run.trace), database, currency, id)


def _contents(main: str) -> str:
    """Return links to the sections of a page, where it has several."""
    links = [f'<li><a href="#{id}">{heading}</a></li>' for id, heading in re.findall(r'<h2 id="([^"]+)-title">(.*?)</h2>', main)]
    return f'<nav aria-label="Contents"><ul>{"".join(links)}</ul></nav>' if len(links) > 2 else ""


def _title(items: Items) -> str:
    if len(items.plans) == 1 and not items.runs:
        return f"{items.plans[0].said.title}: what it takes"
    if len(items.runs) == 1 and not items.plans:
        return f"What run {items.runs[0].record.run_id} took"
    parts = [counted(len(group), what) for group, what in ((items.plans, "plan"), (items.runs, "run")) if group]
    return f"Report on {' and '.join(parts)}"


def _page(title: str, header: str, content: str, script: str) -> str:
    style = template("report.css")
    made = f"Made by carbon {text(__version__)}. Everything on this page is in this file; opening it sends nothing anywhere."
    return Template(template("report.html")).substitute(
        title=text(title),
        policy=_policy(style, script),
        style=style,
        header=header,
        content=content,
        made=made,
        script=f"<script>{script}</script>" if script else "",
    )


@lru_cache(maxsize=8)
def template(file: str) -> str:
    """Return the text of a *file* of ``templates``."""
    with open(path.join(path.dirname(__file__), "templates", file), encoding="utf-8") as stream:
        return stream.read()


def script() -> str:
    """Return the script of a page with what-if: the scales of units, the links of the chain, their evaluation and the controls."""
    scales = {unit: [[*scale, scale.smallest] for scale in ladder] for unit, ladder in LADDERS.items()}
    return f"const LADDERS = {as_script(scales)};\nconst LINKS = {as_script(LINKS)};\n" + template("equations.js") + template("controls.js")


def _policy(style: str, script: str) -> str:
    """Return the content security policy: what is not in this very file by its hash is neither loaded, run nor sent."""
    allowed = [("style-src", [style]), ("script-src", [script] if script else [])]
    hashed = [f"{what} {_hashes(texts) or chr(39) + 'none' + chr(39)}" for what, texts in allowed]
    return "; ".join(["default-src 'none'", *hashed, "img-src data:", "base-uri 'none'", "form-action 'none'"])


def _hashes(texts: Sequence[str]) -> str:
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(each.encode('utf-8')).digest()).decode('ascii')}'" for each in texts)
