"""Saving a plan: the one thing that the app writes."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from traincarbon.errors import CarbonError
from traincarbon.webapp.answers import ForbiddenError, body_of, json_answer
from traincarbon.webapp.plan_form import form_of, plan_fields_of
from traincarbon.webapp.plans import plan_from
from traincarbon.webapp.saved_plans import SavedPlan, load_plan, save_plan, saved_plans
from traincarbon.webapp.site import may_write, site_of

_MOST_FIELDS = 200


async def save_from_page(request: Request) -> Response:
    """Save the plan of a form, and lead to it."""
    check_may_write(request)
    site = site_of(request)
    form = form_of(await _posted(request))
    title = form.fields.get("name", "")
    saved = await _save(request, title, plan_fields_of(form))
    return RedirectResponse(f"{site.address.root_path}/plans/{saved.name}", status_code=303)


async def save_from_json(request: Request) -> Response:
    """Save a plan that is sent as JSON: ``{"name": …, "plan": {…}}``."""
    check_may_write(request)
    body = await body_of(request)
    plan = body.get("plan")
    if not isinstance(plan, Mapping) or not plan:
        raise CarbonError("the plan is missing", hint='send {"name": "my plan", "plan": {"params": "7B", "tokens": "1T", "hw": "dgx-h100"}}')
    saved = await _save(request, str(body.get("name") or ""), plan)
    return json_answer({"name": saved.name}, status=201)


async def saved_as_json(request: Request) -> Response:
    """Return the names of the saved plans."""
    found = await site_of(request).plans.ask(lambda ledger: saved_plans(ledger.store))
    return json_answer([each.name for each in found])


async def open_saved(request: Request) -> Response:
    """Lead to the page of a saved plan."""
    site = site_of(request)
    name = request.path_params["name"]
    plan = await site.plans.ask(lambda ledger: load_plan(ledger.store, name))
    form = form_of({field: str(value) for field, value in plan.to_dict().items()})
    return RedirectResponse(f"{site.address.root_path}/?{form.query}", status_code=303)


def check_may_write(request: Request) -> None:
    """Refuse a request that may not write.

    Raises:
        ForbiddenError: the app is read-only, or the request lacks the token.
    """
    if may_write(request):
        return
    if site_of(request).is_read_only:
        raise ForbiddenError("the app is read-only", hint="start carbon serve without --read-only, or download the plan")
    raise ForbiddenError("saving needs the token", hint="open the address with its token that carbon serve printed, or send it as Authorization: Bearer TOKEN")


async def _posted(request: Request) -> dict[str, str]:
    """Return the fields of a form that a browser sent.

    Raises:
        CarbonError: it is not a form.
    """
    try:
        return dict(parse_qsl((await request.body()).decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise CarbonError(f"the form cannot be read: {str(error)[:120]}", hint="save the plan on its page") from error


async def _save(request: Request, title: str, fields: Mapping[str, object]) -> SavedPlan:
    site = site_of(request)
    named = {**fields, **({"name": title} if title else {})}
    plan = plan_from(named, site.database)
    return await site.plans.ask(lambda ledger: save_plan(ledger.store, title, plan))
