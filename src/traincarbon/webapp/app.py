"""The app: its paths, and what becomes of an error."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from traincarbon.errors import CarbonError
from traincarbon.webapp import accuracy_page, api, compare_page, facts_page, fleet_page, plan_page, run_page, runs_page, save_page
from traincarbon.webapp.answers import error_answer, status_of
from traincarbon.webapp.guard import App, BodyTooLargeError, Guard
from traincarbon.webapp.pages import error_page
from traincarbon.webapp.site import Site
from traincarbon.webapp.static_files import static_file

ROUTES = (
    Route("/", plan_page.plan_page),
    Route("/plan", plan_page.plan_part),
    Route("/plan/options", plan_page.options_part),
    Route("/plan.toml", plan_page.plan_file),
    Route("/report", plan_page.report_page),
    Route("/plans", save_page.save_from_page, methods=["POST"]),
    Route("/plans/{name}", save_page.open_saved),
    Route("/compare", compare_page.compare_page),
    Route("/runs", runs_page.runs_page),
    Route("/runs/{id:path}", run_page.run_page),
    Route("/live/{id:path}", run_page.live_run),
    Route("/fleet", fleet_page.fleet_page),
    Route("/facts", facts_page.facts_page),
    Route("/facts/{folder}/{name}", facts_page.fact_page),
    Route("/accuracy", accuracy_page.accuracy_page),
    Route("/healthz", api.health),
    Route("/api/", api.contract),
    Route("/api/estimate", api.estimate_api, methods=["POST"]),
    Route("/api/compare", api.compare_api),
    Route("/api/runs", api.runs_api),
    Route("/api/runs/{id:path}", api.run_api),
    Route("/api/plans", save_page.saved_as_json, methods=["GET"]),
    Route("/api/plans", save_page.save_from_json, methods=["POST"]),
    Route("/static/{name}", static_file),
)


def app_of(site: Site, *, token: str) -> App:
    """Return the app of a *site*; requests with the *token* may write."""
    handlers = {CarbonError: _refused, HTTPException: _not_found, BodyTooLargeError: _too_large}
    app = Starlette(routes=list(ROUTES), exception_handlers=handlers)
    app.state.site = site
    app.state.streams = set()
    return Guard(app, address=site.address, token=token, is_read_only=site.is_read_only)


def _is_of_api(request: Request) -> bool:
    return request.url.path.removeprefix(request.scope.get("root_path", "")).startswith(("/api/", "/healthz"))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, CarbonError)
    status = status_of(error, is_of_run="id" in request.path_params or "name" in request.path_params)
    return error_answer(error, status=status) if _is_of_api(request) else error_page(request, error, status=status)


async def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    found = CarbonError(
        f"nothing is at {request.url.path[:80]!r}" if error.status_code == 404 else error.detail,
        hint="the menu leads to every page; /api/ lists the paths for programs",
    )
    answer = error_answer(found, status=error.status_code) if _is_of_api(request) else error_page(request, found, status=error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _too_large(request: Request, error: Exception) -> Response:  # noqa: ARG001  starlette's signature
    return error_answer(CarbonError("the body is too large", hint="send a plan of less than a megabyte"), status=413)
