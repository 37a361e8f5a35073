"""Compare: the plan on several hardware, in several places or at several prices, and saved plans beside it."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.explore.compare import compare
from traincarbon.explore.comparison import Comparison, Option, by_reason
from traincarbon.reporting.charts.chart import figure_html
from traincarbon.reporting.currency import USD
from traincarbon.reporting.markup import EMPTY, Html, html, joined, notes, text
from traincarbon.reporting.plan_variants import hardware_options
from traincarbon.reporting.plots.choice_plots import comparison_charts, winners
from traincarbon.reporting.sections.comparison import Compared, comparison_table
from traincarbon.reporting.sections.several_plans import several_html
from traincarbon.reporting.subjects import reported_plan
from traincarbon.webapp.ledger_thread import StoreError
from traincarbon.webapp.pages import is_part, page, part, safe
from traincarbon.webapp.plan_answer import Problem
from traincarbon.webapp.plan_form import Form, form_of, plan_fields_of, presets
from traincarbon.webapp.plan_page import EXAMPLE
from traincarbon.webapp.plans import plan_from
from traincarbon.webapp.saved_plans import SavedPlan, load_plan, saved_plans
from traincarbon.webapp.site import Site, site_of

_AXES = {"hw": "Hardware, with commas", "region": "Places, with commas", "rent": "Prices, with commas"}
_EXAMPLES = {"hw": "dgx-a100, dgx-h100", "region": "sweden, us-east-1", "rent": "on_demand, spot"}
_FIELDS = {"params": "Parameters", "tokens": "Tokens", "accelerators": "GPUs or TPUs"}
_COLUMNS = ("cost_usd", "duration_s", "accelerator_hours_h", "facility_energy_kwh", "total_kgco2e")
_MOST_DRAWN, _MOST_ROWS, _MOST_SAVED = 8, 100, 6


class _Stated(NamedTuple):
    """What a reader asks to compare: the plan, the values of each axis, and saved plans by name."""

    form: Form
    axes: dict[str, list[str]]
    saved: tuple[str, ...]


async def compare_page(request: Request) -> Response:
    """Return the comparison that the address states."""
    site = site_of(request)
    stated = _stated(request.query_params)
    known: list[SavedPlan] = []
    shown, problem = EMPTY, None
    with suppress(StoreError):  # plans can be compared without the store
        known = await site.plans.ask(lambda ledger: saved_plans(ledger.store))
    try:
        plans = await site.plans.ask(lambda ledger: [load_plan(ledger.store, name) for name in stated.saved]) if stated.saved else []
        shown = await run_in_threadpool(_compared_html, stated, plans, site)
    except CarbonError as error:
        problem = Problem(str(error), error.hint)
    values = {"problem": problem, "comparison": safe(shown)}
    if is_part(request):
        return part(request, "comparison.html", values)
    fields = {
        "fields": _FIELDS,
        "axes": _AXES,
        "examples": _EXAMPLES,
        "stated": {**stated.form.fields, **{name: ", ".join(axis) for name, axis in stated.axes.items()}},
    }
    choices = {"known": known, "chosen": stated.saved, "more": stated.form.more}
    return page(request, "compare.html", {**values, **fields, **choices}, title="Compare", section="compare")


def _stated(query: QueryParams) -> _Stated:
    axes = {name: [word.strip()[:200] for value in query.getlist(name) for word in value.split(",") if word.strip()] for name in _AXES}
    form = form_of({name: value for name, value in query.items() if name not in _AXES})
    if not form.fields and not form.more and not any(axes.values()) and not query.getlist("plan"):
        example = presets()[EXAMPLE].fields
        form, axes["hw"] = form._replace(fields={name: value for name, value in example.items() if name != "hw"}), [example["hw"]]
    return _Stated(form, axes, tuple(query.getlist("plan")[:_MOST_SAVED]))


def _compared_html(stated: _Stated, saved: Sequence[Plan], site: Site) -> Html:
    """Return the comparison as a page shows it: what is the best, the charts, and the table.

    Raises:
        CarbonError: nothing can be estimated.
    """
    plans = list(saved)
    fields = plan_fields_of(stated.form)
    axes = {name: list(values) for name, values in stated.axes.items()}
    if fields or not plans:
        plan = plan_from({**fields, **({"hw": axes["hw"][0]} if axes["hw"] and not plans else {})}, site.database)
        plans = [plan, *plans]
        if len(axes["hw"]) == 1 and len(axes["region"]) < 2 and not axes["rent"]:
            axes["hw"] = _usual_hardware(plan, axes, site.database)
    found = compare(*plans, hw=axes["hw"], region=axes["region"], rent=axes["rent"], database=site.database, level=site.level)
    return _html(found, site)


def _usual_hardware(plan: Plan, axes: dict[str, list[str]], database: Database) -> list[str]:
    """Return the hardware of a plan with what else is usual for it, where nothing else is asked for."""
    region = {"region": axes["region"][0]} if axes["region"] else {}
    answer = estimate(Plan.from_dict({**plan.stated(), **region}), database=database)
    others = [option.id for option in hardware_options(answer, database) if option.id != answer.facts.hardware.id]
    return [axes["hw"][0], *others]


def _html(found: Comparison, site: Site) -> Html:
    first = found.options[:_MOST_DRAWN]
    names = [_label(option, found) for option in found.options]
    columns = [name for name in _COLUMNS if any(option.results.get(name) is not None for option in found.options)]
    rows = [Compared(name, option.results) for name, option in zip(names[:_MOST_ROWS], found.options, strict=False)]
    caption = "The same work elsewhere, the cheapest first" + (f": the first {_MOST_ROWS} of {len(found.options):,}" if len(found.options) > _MOST_ROWS else "")
    drawn = joined(figure_html(chart) for chart in comparison_charts(found, names))
    aside = notes((text(line, most=300) for line in by_reason(found.set_aside)), label="Set aside")
    return joined(
        [
            html('<p class="lead">{}</p>', text(best, most=500)) if (best := winners(found, names)) else EMPTY,
            html('<div class="charts twin">{}</div>', drawn),
            _together(first, names, site),
            comparison_table(rows, columns, USD, caption),
            aside,
        ]
    )


def _together(options: Sequence[Option], names: Sequence[str], site: Site) -> Html:
    """Return by how much plans differ with the chance, and what they cost together; nothing for one plan in several ways."""
    if len({option.where.plan for option in options}) < 2:
        return EMPTY
    plans = [Plan.from_dict({**option.plan.stated(), "name": name}) for option, name in zip(options, names, strict=False)]
    return several_html([reported_plan(plan, site.database, site.level) for plan in plans], USD, None)


def _label(option: Option, found: Comparison) -> str:
    """Return what tells an option from the others: its plan, hardware, place and price, those that differ."""
    wheres = [each.where for each in found.options]
    parts = [option.where.plan] if len({where.plan for where in wheres}) > 1 else []
    if len({each.hardware for each in found.options}) > 1 or len(wheres) == 1:
        parts.append(option.hardware)
    if len({each.place for each in found.options}) > 1:
        parts.append(option.where.region or option.place or "no region")
    if len({where.rent for where in wheres}) > 1:
        parts.append((option.where.rent or "").replace("_", " "))
    return " · ".join(part for part in parts if part) or option.hardware
