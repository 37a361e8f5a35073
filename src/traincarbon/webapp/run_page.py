"""One run: what it took against its plan, its power over time, and while it runs its figures as they come."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from traincarbon.errors import CarbonError
from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.lookup import load_from
from traincarbon.ledger.packs.unpacking import size_as_written_b
from traincarbon.ledger.run import Run
from traincarbon.reporting.currency import USD
from traincarbon.reporting.markup import EMPTY, Html, html, joined, text
from traincarbon.reporting.outline import section_html
from traincarbon.reporting.run_history import RunHistory, history_of
from traincarbon.reporting.sections.forecast import forecast_of
from traincarbon.reporting.sections.run import run_section
from traincarbon.reporting.subjects import ReportedRun
from traincarbon.webapp.ledger_thread import StoreError
from traincarbon.webapp.pages import page, safe
from traincarbon.webapp.runs_page import run_url
from traincarbon.webapp.site import Site, site_of

_PAUSE_S = 1.0
"""Time between two looks at a run that is shown live."""
_MOST_JOURNAL_B = 60_000_000
"""Larger journals are not read for a chart: that would take seconds."""
_MOST_STREAMS = 32
_RUNNING = "running"


class _Found(NamedTuple):
    """A run and the journals that hold it."""

    record: Run
    files: Sequence[str]


async def run_page(request: Request) -> Response:
    """Return the page of a run."""
    site = site_of(request)
    found = await _found(request.path_params["id"], site)
    shown = await run_in_threadpool(_section, found, site)
    root = site.address.root_path
    id = found.record.run_id
    values = {
        "run": safe(shown),
        "live": safe(live_html(found.record)) if found.record.state == _RUNNING else None,
        "stream": run_url(id, f"{root}/live").replace("/live/runs/", "/live/"),
        "json": run_url(id, f"{root}/api"),
    }
    return page(request, "run.html", values, title="A run", section="runs")


async def live_run(request: Request) -> Response:
    """Return the figures of a run as a stream of events, until it ends."""
    site = site_of(request)
    found = await _found(request.path_params["id"], site)
    streams: set[object] = request.app.state.streams
    if len(streams) >= _MOST_STREAMS:
        raise StoreError(f"{_MOST_STREAMS} pages follow runs already", hint="close one of them")
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(found.record.run_id, request, site, streams), media_type="text/event-stream", headers=headers)


async def _events(run_id: str, request: Request, site: Site, streams: set[object]) -> AsyncIterator[str]:
    """Yield the figures of a run whenever they change; an event named end once it has ended or cannot be read any more."""
    mark = object()
    streams.add(mark)
    shown = ""
    try:
        while not await request.is_disconnected():
            try:
                record = (await _found(run_id, site)).record
            except StoreError:
                record = None
            except CarbonError:  # it was deleted
                break
            now = live_html(record) if record is not None else html('<p class="alert">The store does not answer.</p>')
            yield event("run", now) if now != shown else ": still there\n\n"
            shown = now
            if record is not None and record.state != _RUNNING:
                break
            await asyncio.sleep(_PAUSE_S)
        yield event("end", EMPTY)
    finally:
        streams.discard(mark)


def event(kind: str, data: str) -> str:
    r"""Return an event of a stream.

    Example:
        >>> event("run", "<p>a</p>\n<p>b</p>")
        'event: run\ndata: <p>a</p>\ndata: <p>b</p>\n\n'
    """
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {kind}\n{lines}\n"


def live_html(record: Run) -> Html:
    """Return the figures of a run as they are now; what is not known is said."""
    energy = record.facility_energy_kwh["median"] if record.facility_energy_kwh is not None else record.metered_kwh
    figures = [
        ("Time", record.duration_s, "s"),
        ("Energy", energy, "kWh"),
        ("CO2e of electricity", None if record.operational_kgco2e is None else record.operational_kgco2e["median"], "kg CO2e"),
        ("Cost", None if record.cost_usd is None else record.cost_usd["median"], "$"),
        ("Tokens", record.tokens, "count"),
    ]
    cards = joined(
        html('<li class="card"><span class="label">{}</span><span class="value">{}</span></li>', text(label), text(USD.amount(value, unit, digits=3)))
        for label, value, unit in figures
    )
    ended = EMPTY if record.state == _RUNNING else html('<p>It ended: {}. <a href="">Show the whole run</a></p>', text(record.state))
    return html('<ul class="cards">{}</ul>{}', cards, ended)


def _section(found: _Found, site: Site) -> Html:
    record, history = found.record, _history(found)
    return section_html(run_section(ReportedRun(record, history), forecast_of(record, site.database), site.database, USD, "run"))


def _history(found: _Found) -> RunHistory | None:
    """Return the run over time, None where its journals are too large or gone."""
    try:
        if size_as_written_b(found.files, found.record.run_id) > _MOST_JOURNAL_B:
            return None
        return history_of(found.files, found.record.run_id)
    except (OSError, CarbonError):  # there may also be no room to unpack them
        return None


async def _found(id: str, site: Site) -> _Found:
    def find(ledger: LedgerReader) -> _Found:
        record = load_from(ledger, id)
        return _Found(record, ledger.index.files(record.run_id))

    return await site.ledger.ask(find)
