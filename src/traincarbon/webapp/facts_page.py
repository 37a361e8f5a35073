"""Facts: hardware and places of the database, and every fact about one of them with its source."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from traincarbon.database.load import Database
from traincarbon.database.names import squeeze
from traincarbon.database.records import Fact, Product
from traincarbon.errors import NotFoundError
from traincarbon.reporting.markup import Html, html, name, table, text, texts
from traincarbon.webapp.pages import is_part, page, part, safe
from traincarbon.webapp.site import site_of

_FOLDERS = ("servers", "accelerators", "models")
_MOST = 200
_NOT_CHECKED = "not checked in its source yet"


def facts_page(request: Request) -> Response:
    """Return the hardware, models and places whose names contain all words of the question."""
    site = site_of(request)
    words = request.query_params.get("words", "").strip()[:200]
    rows = _matching(site.database, words, site.address.root_path)
    shown = table(text("Facts"), texts("Id", "Name", "Kind"), rows[:_MOST])
    values = {"words": words, "total": len(rows), "most": _MOST, "table": safe(shown) if rows else None}
    if is_part(request):
        return part(request, "facts_table.html", values)
    return page(request, "facts.html", values, title="Facts", section="facts")


def fact_page(request: Request) -> Response:
    """Return every fact about a product, with its source and its kind of evidence."""
    site = site_of(request)
    folder, id = request.path_params["folder"], request.path_params["name"]
    product = site.database.product(folder, id) if folder in _FOLDERS and id in site.database.ids(folder) else None
    if product is None:
        raise NotFoundError(f"no facts about {id[:60]!r}", hint="the page Facts lists all")
    values = {"product": product.name, "table": safe(_facts(product, site.database)), "keys": sorted(product.keys.items())}
    return page(request, "fact.html", values, title="Facts", section="facts")


def _matching(database: Database, words: str, root: str) -> list[list[Html]]:
    wanted = [squeeze(word) for word in words.split()]
    found = []
    for folder in _FOLDERS:
        for product in database.products(folder):
            if all(word in squeeze(f"{product.id} {product.name}") for word in wanted):
                url = f"{root}/facts/{folder}/{quote(product.id, safe='')}"
                found.append([html('<a href="{}">{}</a>', text(url, most=len(url)), text(product.id)), name(product.name), text(folder[:-1])])
    found += [
        [text(row["region"]), name(f"{row['location']} ({row['name']})"), text("place")]
        for row in database.all_rows("regions")
        if all(word in squeeze(f"{row['region']} {row['name']} {row['location']}") for word in wanted)
    ]
    return found


def _facts(product: Product, database: Database) -> Html:
    sources = database.sources()
    rows = [
        [text(key), text(_value(fact)), text(_kind(fact)), _source(fact, sources), name(fact.locator, most=200)] for key, fact in sorted(product.facts.items())
    ]
    return table(html("Facts about {}", name(product.name)), texts("Fact", "Value", "Evidence", "Source", "Where in it"), rows, numbers=(1,))


def _value(fact: Fact) -> str:
    return f"{fact.value:,g}" if isinstance(fact.value, (int, float)) else str(fact.value)


def _kind(fact: Fact) -> str:
    return _NOT_CHECKED if fact.kind == "unverified" else fact.kind


def _source(fact: Fact, sources: Mapping[str, Mapping[str, str]]) -> Html:
    """Return the title of a source, as a link where it has an address on the web."""
    entry = sources.get(fact.source, {})
    title, url = name(entry.get("title", fact.source), most=160), entry.get("url", "")
    return html('<a href="{}" rel="noreferrer">{}</a>', text(url, most=len(url)), title) if urlsplit(url).scheme in ("http", "https") else title
