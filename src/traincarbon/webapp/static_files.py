"""The files that pages load: the style and the charts of reports, and our own; nothing comes from another host."""

import hashlib
from functools import lru_cache
from os import path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from traincarbon.reporting.shell import template

_OF_REPORTS = ("report.css", "charts.css", "charts.js", "tables.js")
_OWN = ("app.css", "app.js", "htmx.min.js", "htmx-sse.min.js", "LICENSES.txt")
_KINDS = {".css": "text/css", ".js": "text/javascript", ".txt": "text/plain"}


class Static(NamedTuple):
    """A file as it is sent: its content, its kind, and its mark, by which a browser knows whether it has changed."""

    content: bytes
    kind: str
    mark: str


def static_file(request: Request) -> Response:
    """Return a file by its name, or that the browser's own is still good."""
    found = _file(request.path_params["name"])
    if found is None:
        return Response("not found\n", status_code=404, media_type="text/plain")
    headers = {"etag": found.mark, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == found.mark:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type=found.kind, headers=headers)


@lru_cache(maxsize=16)
def _file(name: str) -> Static | None:
    if name in _OF_REPORTS:
        content = template(name).encode("utf-8")
    elif name in _OWN:
        with open(path.join(path.dirname(__file__), "static", name), "rb") as stream:
            content = stream.read()
    else:
        return None
    return Static(content, _KINDS[path.splitext(name)[1]], f'"{hashlib.sha256(content).hexdigest()[:24]}"')
