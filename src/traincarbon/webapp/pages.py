"""Pages from templates: every text is escaped, and only what :mod:`traincarbon.reporting.markup` made is taken as it is."""

from collections.abc import Mapping
from functools import lru_cache
from os import path

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from traincarbon._version import __version__
from traincarbon.database.edition import edition_of
from traincarbon.errors import CarbonError
from traincarbon.reporting.markup import Html, kept_together, name, text
from traincarbon.webapp.answers import status_of
from traincarbon.webapp.site import may_write, site_of

SECTIONS = {"": "Plan", "compare": "Compare", "runs": "Runs", "fleet": "Fleet", "facts": "Facts", "accuracy": "Accuracy"}
"""Path to the title of each part of the app, in the order of its menu."""
_HTMX = '{"allowEval":false,"allowScriptTags":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0}'
"""What htmx may do: no evaluation of text, no style of its own, no request to another host."""


def safe(found: Html) -> Markup:
    """Return HTML that our own functions made, which a template takes as it is; its numbers stay with their units."""
    return Markup(kept_together(found))  # noqa: S704  its type proves that everything in it was escaped


def page(request: Request, template: str, values: Mapping[str, object], *, title: str, section: str = "", status: int = 200) -> Response:
    """Return a whole page.

    Args:
        request: What it answers.
        template: Its template.
        values: What the template needs.
        title: Its title.
        section: The path of the part of the app that it belongs to.
        status: The status of the answer.
    """
    site = site_of(request)
    frame = {
        "title": title,
        "section": section,
        "sections": SECTIONS,
        "version": __version__,
        "facts": str(edition_of(site.database)),
        "store": site.ledger.place,
        "plans": site.ledger.store,
        "htmx": _HTMX,
    }
    return HTMLResponse(rendered(request, template, {**frame, **values}), status_code=status)


def part(request: Request, template: str, values: Mapping[str, object], *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a part of a page, which htmx puts into the page that is shown."""
    return HTMLResponse(rendered(request, template, values), headers=headers)


def rendered(request: Request, template: str, values: Mapping[str, object]) -> str:
    """Return a template with its *values*."""
    site = site_of(request)
    frame = {"root": site.address.root_path, "is_read_only": site.is_read_only, "may_write": may_write(request)}
    return _templates().get_template(template).render({**frame, **values})


def is_part(request: Request) -> bool:
    """Say whether htmx asks for a part of the page that is shown."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-boosted") != "true"


def error_page(request: Request, error: CarbonError, *, status: int | None = None) -> Response:
    """Return a page that says what was wrong and what to do."""
    values = {"message": str(error), "hint": error.hint}
    return page(request, "error.html", values, title="That did not work", status=status or status_of(error))


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    folder = path.join(path.dirname(__file__), "templates")
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    found.filters["clean"] = _clean
    found.filters["name"] = _name
    return found


def _clean(value: object, most: int = 300) -> Markup:
    """Return text without what could change the direction of the text around it, and not too long."""
    return safe(text(value, most=most))


def _name(value: object, most: int = 120) -> Markup:
    """Return a name isolated, as one may be written from right to left."""
    return safe(name(value, most=most))
