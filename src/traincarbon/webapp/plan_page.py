"""The first page: a plan that answers while one types."""

from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.reporting.header import read_header
from traincarbon.reporting.render import report_html
from traincarbon.reporting.subjects import Subjects, reported_plan
from traincarbon.webapp.pages import is_part, page, part, safe
from traincarbon.webapp.plan_answer import Answered, Problem, answer_form, options_html, shown, spoken
from traincarbon.webapp.plan_form import EXAMPLES, MAIN, Form, form_of, plan_fields_of, presets
from traincarbon.webapp.plans import plan_from
from traincarbon.webapp.saved_plans import SavedPlan, saved_plans
from traincarbon.webapp.site import Site, site_of

REPORT_POLICY = "frame-ancestors 'self'"
"""A report states in itself what it may load: nothing but its own style and script, by their hashes."""
EXAMPLE = 2
"""The preset that a page without a plan begins with."""
_LABELS = {"accelerators": "GPUs or TPUs", "region": "Place"}
_HELP = {
    "params": "All of the model, experts included.",
    "tokens": "Seen in training, all epochs included.",
    "hw": "A server, instance or accelerator: dgx-h100, p5, 8xA100.",
    "accelerators": "That train together.",
    "region": "A cloud region, country or state.",
}


class Entry(NamedTuple):
    """A field as the page shows it: its name, label, value, an example, its list of names, and what is wrong with it."""

    name: str
    label: str
    help: str
    value: str
    example: str
    names: str
    problem: Problem | None


async def plan_page(request: Request) -> Response:
    """Return the first page: the form, and the answer to what it states."""
    site = site_of(request)
    form = form_of(request.query_params)
    is_example = not form.fields and not form.more
    if is_example:
        form = form._replace(fields=presets()[EXAMPLE].fields)
    values = await run_in_threadpool(_answered, site, form)
    saved: list[SavedPlan] = []
    with suppress(CarbonError):  # plans work without the store
        saved = await site.plans.ask(lambda ledger: saved_plans(ledger.store))
    more = {"presets": presets(), "is_example": is_example, "names": _names(site.database), "saved": saved}
    return page(request, "plan.html", {**values, **more}, title="Plan a training")


async def plan_part(request: Request) -> Response:
    """Return the answer to a form, what is wrong beside its fields, and the address of the page that shows it."""
    if not is_part(request):
        return await plan_page(request)
    site = site_of(request)
    form = form_of(request.query_params)
    values = await run_in_threadpool(_answered, site, form)
    return part(request, "plan_answer.html", {**values, "is_part": True}, headers={"HX-Replace-Url": f"{site.address.root_path}/?{form.query}"})


def options_part(request: Request) -> Response:
    """Return the chart of what else would do, which takes longer than the rest."""
    site = site_of(request)
    form = form_of(request.query_params)
    answered = answer_form(form, site.database, level=site.level)
    chart = options_html(answered, site.database)
    if is_part(request):
        return part(request, "options.html", {"chart": safe(chart)})
    return page(request, "options_page.html", {"chart": safe(chart), "back": form.query}, title="What else would do")


def plan_file(request: Request) -> Response:
    """Return the plan as a file to keep."""
    site = site_of(request)
    plan = plan_from(plan_fields_of(form_of(request.query_params)), site.database)
    return Response(plan.to_toml(), media_type="application/toml", headers={"content-disposition": 'attachment; filename="plan.toml"'})


def report_page(request: Request) -> Response:
    """Return the report on the plan: one page that needs no other file, to be read here or kept."""
    site = site_of(request)
    form = form_of(request.query_params)
    plan = plan_from(plan_fields_of(form), site.database)
    header = read_header(budget_usd=form.budget or None, confidence=form.confidence or None)
    found = report_html(Subjects([reported_plan(plan, site.database, site.level)], []), header=header, database=site.database)
    return Response(found, media_type="text/html", headers={"content-security-policy": REPORT_POLICY})


def _answered(site: Site, form: Form) -> dict[str, object]:
    """Return what the template of the answer needs."""
    answered = answer_form(form, site.database, level=site.level)
    found = shown(answered, site.database)
    return {
        "form": form,
        "entries": [_entry(name, form, answered) for name in MAIN],
        "extra": [(name, value) for name, value in form.fields.items() if name not in MAIN],
        "problems": answered.problems,
        "has_answer": answered.answer is not None,
        "top": safe(found.top),
        "charts": safe(found.charts),
        "remarks": safe(found.remarks),
        "spoken": spoken(answered),
    }


def _entry(name: str, form: Form, answered: Answered) -> Entry:
    names = name if name in ("hw", "region") else ""
    label = _LABELS.get(name, FIELDS[name].label)
    return Entry(name, label, _HELP[name], form.fields.get(name, ""), EXAMPLES[name], names, answered.beside.get(name))


@lru_cache(maxsize=1)
def _names(database: Database) -> dict[str, list[str]]:
    """Return the names that a browser offers for hardware and places."""
    hardware = [id for folder in ("servers", "accelerators") for id in database.ids(folder)]
    places = sorted({row["region"] for row in database.all_rows("regions")} | {row["zone"] for row in database.all_rows("zones")})
    return {"hw": hardware, "region": places}
