"""The JSON contract: what the command line prints with ``--json``, at the paths below ``/api/``."""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from traincarbon._version import __version__
from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.parse import parse_quantity
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.estimation.units import MEASURES
from traincarbon.explore.compare import compare
from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.lookup import find_in, load_from
from traincarbon.ledger.process_summary import STATES
from traincarbon.suggestions import nearest
from traincarbon.webapp.answers import body_of, json_answer
from traincarbon.webapp.plans import estimate_from, plan_from
from traincarbon.webapp.site import Site, site_of

_AXES = ("hw", "region", "rent", "start")
_LONG_LIST_S = 120.0
"""How long a list of every run may take."""
_PATHS = {
    "POST /api/estimate": "a plan as JSON; answers carbon estimate --json",
    "GET /api/compare": "the fields of a plan, hw, region, rent and start several times or with commas, money, level; answers carbon compare --json",
    "GET /api/runs": "project, state, since, limit; answers carbon runs list --json",
    "GET /api/runs/ID": "answers carbon runs show ID --json",
    "GET /api/plans": "the names of the saved plans",
    "POST /api/plans": 'needs the token: {"name": "…", "plan": {…}}',
    "GET /healthz": "whether it works",
}


async def health(request: Request) -> Response:
    """Return that the app works, with its version."""
    return json_answer({"status": "ok", "version": __version__, "read_only": site_of(request).is_read_only})


async def contract(request: Request) -> Response:  # noqa: ARG001  starlette's signature
    """Return the paths of the contract."""
    return json_answer({"version": __version__, "paths": _PATHS})


async def estimate_api(request: Request) -> Response:
    """Return the estimate of the plan in the body."""
    site = site_of(request)
    level = _level(request.query_params, site)
    fields = await body_of(request)
    answer = await run_in_threadpool(estimate_from, fields, site.database, level=level)
    return json_answer(answer.to_dict())


async def compare_api(request: Request) -> Response:
    """Return the comparison that the query states."""
    return json_answer(await run_in_threadpool(_compared, request.query_params, site_of(request)))


async def runs_api(request: Request) -> Response:
    """Return the records of runs, the latest first."""
    query = request.query_params
    _check_known(query, ("project", "state", "since", "limit"))
    project, state, since = (query.get(name, "") for name in ("project", "state", "since"))
    limit = query.get("limit", "0")
    if state and state not in STATES:
        raise CarbonError(f"state is {state[:40]!r}", hint=f"one of {', '.join(STATES)}")
    if not limit.isdecimal() or len(limit) > 9:
        raise CarbonError(f"limit is {limit[:40]!r}", hint="give a whole number; 0 lists all")

    def listed(ledger: LedgerReader) -> tuple[list[dict[str, object]], int]:
        found = find_in(ledger, project=project, state=state, since=since, limit=int(limit))
        return [record.to_dict() for record in found.runs], found.total

    records, total = await site_of(request).ledger.ask(listed, wait_s=_LONG_LIST_S)
    return json_answer(records, headers={"x-total-count": str(total)})


async def run_api(request: Request) -> Response:
    """Return the record of a run."""
    id = request.path_params["id"]

    return json_answer(await site_of(request).ledger.ask(lambda ledger: load_from(ledger, id).to_dict()))


def _compared(query: QueryParams, site: Site) -> dict[str, object]:
    _check_known(query, (*FIELDS, "money", "level"))
    stated = {name: value for name, value in query.items() if name in FIELDS and name not in _AXES}
    axes = {name: [part.strip() for text in query.getlist(name) for part in text.split(",") if part.strip()] for name in _AXES}
    if not stated and not any(axes.values()):
        raise PlanError("no plan given", hint="ask for at least params, tokens and hw: /api/compare?params=7B&tokens=1T&hw=dgx-a100,dgx-h100")
    plan = plan_from(stated, site.database)
    hw, region, rent, start = axes.values()
    level = _level(query, site)
    found = compare(plan, hw=hw, region=region, rent=rent, start=start, money=query.get("money") or None, level=level, database=site.database)
    return found.to_dict()


def _level(query: QueryParams, site: Site) -> float:
    """Return the confidence level that the query states, else that of the app."""
    stated = query.get("level")
    return site.level if stated is None else parse_quantity(stated, MEASURES["share"])


def _check_known(query: Mapping[str, object], known: tuple[str, ...]) -> None:
    """Refuse a name that means nothing here: a misspelt filter would otherwise list everything."""
    for name in query:
        if name not in known:
            close = nearest(name, known)
            raise PlanError(f"unknown name {name[:40]!r}", hint=f"did you mean {close[0]}?" if close else f"known are {', '.join(known[:12])}")
