"""Runs: a list that is filtered, sorted and paged in SQL."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from traincarbon.errors import CarbonError
from traincarbon.ledger.listed_runs import Filter, ListedRun, Listing, Order, page_of, projects_of
from traincarbon.ledger.process_summary import STATES
from traincarbon.ledger.since import instant_since
from traincarbon.ledger.source import RunSource
from traincarbon.reporting.currency import USD
from traincarbon.reporting.markup import EMPTY, Html, html, name, table, text
from traincarbon.webapp.pages import is_part, page, part, safe
from traincarbon.webapp.plan_answer import Problem
from traincarbon.webapp.site import site_of

PER_PAGE = 50
_COLUMNS = {
    Order.ID: "Run",
    Order.STARTED: "Started (UTC)",
    Order.STATE: "State",
    Order.PROJECT: "Project",
    Order.HARDWARE: "Hardware",
    Order.DURATION: "Time",
    Order.ENERGY: "Energy",
    Order.CO2E: "CO2e",
    Order.COST: "Cost",
}
_NUMBERS = range(5, 9)
_MOST_PAGE = 10**9


class Asked(NamedTuple):
    """What a reader asks to see: the filter as typed, the order and the page."""

    project: str = ""
    state: str = ""
    since: str = ""
    words: str = ""
    sort: Order = Order.STARTED
    is_descending: bool = True
    page: int = 1

    @property
    def query(self) -> str:
        """It as the query of an address."""
        stated = {"project": self.project, "state": self.state, "since": self.since, "words": self.words}
        order = {"sort": self.sort.value, "order": "desc" if self.is_descending else "asc", "page": str(self.page)}
        return urlencode({name: value for name, value in {**stated, **order}.items() if value})

    def on_page(self, number: int) -> str:
        """Return the query of another page."""
        return self._replace(page=number).query


async def runs_page(request: Request) -> Response:
    """Return the page of runs that the address states."""
    site = site_of(request)
    asked = asked_of(request.query_params)
    problem: Problem | None = None
    listing = Listing([], 0)
    projects: list[str] = []

    def listed(index: RunSource) -> tuple[Listing, list[str]]:
        chosen = Filter(asked.project, asked.state, instant_since(asked.since), asked.words)
        offset = PER_PAGE * (asked.page - 1)
        found = page_of(index, chosen, order=asked.sort, is_descending=asked.is_descending, offset=offset, limit=PER_PAGE)
        return found, projects_of(index)

    try:
        listing, projects = await site.ledger.ask_index(listed)
    except CarbonError as error:
        problem = Problem(str(error), error.hint)
    root = site.address.root_path
    values = {"problem": problem, "listing": listing, "asked": asked, "table": safe(_table(listing, asked, root)), "pages": -(-listing.total // PER_PAGE)}
    if is_part(request):
        return part(request, "runs_table.html", values, headers={"HX-Replace-Url": f"{root}/runs?{asked.query}"})
    return page(request, "runs.html", {**values, "projects": projects, "states": STATES}, title="Runs", section="runs")


def asked_of(query: Mapping[str, str]) -> Asked:
    """Return what the query of an address asks to see; what it cannot mean is left out.

    Example:
        >>> asked_of({"sort": "cost_usd", "order": "asc", "page": "x"}).query
        'sort=cost_usd&order=asc&page=1'
    """
    stated = {key: query.get(key, "").strip()[:1000] for key in ("project", "state", "since", "words")}
    sort = query.get("sort", "")
    number = query.get("page", "1")
    return Asked(
        **stated,
        sort=next((each for each in Order if each.value == sort), Order.STARTED),
        is_descending=query.get("order") != "asc",
        page=min(max(int(number), 1), _MOST_PAGE) if number.isascii() and number.isdecimal() and len(number) < 12 else 1,
    )


def _table(listing: Listing, asked: Asked, root: str) -> Html:
    """Return the runs as a table whose heads are links that sort it."""
    if not listing.runs:
        return EMPTY
    heads = [_head(order, label, asked, root) for order, label in _COLUMNS.items()]
    return table(text("Runs"), heads, [_row(run, root) for run in listing.runs], numbers=_NUMBERS)


def _head(order: Order, label: str, asked: Asked, root: str) -> Html:
    is_chosen = order is asked.sort
    descending = not asked.is_descending if is_chosen else order not in (Order.ID, Order.PROJECT, Order.HARDWARE, Order.STATE)
    arrow = (" ▾" if asked.is_descending else " ▴") if is_chosen else ""
    url = f"{root}/runs?{asked._replace(sort=order, is_descending=descending, page=1).query}"
    return html('<a href="{}">{}</a>', text(url, most=len(url)), text(label + arrow))


def _row(run: ListedRun, root: str) -> list[Html]:
    url = run_url(run.run_id, root)
    return [
        html('<a href="{}">{}</a>', text(url, most=len(url)), name(run.run_id or "no id", most=60)),
        html('<span class="range">{}</span>', text(run.started_at[:16].replace("T", " ") or "not known")),
        html('<span class="state-{}">{}</span>', text(run.state), text(run.state)),
        name(run.project, most=60),
        name(run.hw, most=60),
        text(USD.amount(run.duration_s, "s", digits=3)),
        text(USD.amount(run.energy_kwh, "kWh", digits=3)),
        text(USD.amount(run.co2e_kg, "kg CO2e", digits=3)),
        text(USD.amount(run.cost_usd, "$", digits=3)),
    ]


def run_url(run_id: str, root: str) -> str:
    """Return the address of a run's page."""
    return f"{root}/runs/{quote(run_id, safe='')}"
