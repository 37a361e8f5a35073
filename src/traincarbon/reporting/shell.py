"""The page around its content: one file, whose security policy allows only its own style and script."""

import base64
import hashlib
from functools import lru_cache
from os import path
from string import Template

from traincarbon._version import __version__
from traincarbon.database.edition import Edition
from traincarbon.reporting.extent import Paper
from traincarbon.reporting.markup import EMPTY, Html, html, kept_together, text


def document(*, title: str, header: Html, content: Html, script: Html, css: str, paper: Paper | None = None, facts: Edition | None = None) -> str:
    """Return a page as HTML.

    Args:
        title: What the window of a browser is called.
        header: What stands above the content.
        content: What the page is about.
        script: Its script; empty for none.
        css: The classes of its body.
        paper: The paper that it is printed on; by default that of the printer.
        facts: The facts that it rests on, None where it rests on none.
    """
    size = EMPTY if paper is None else html("@page {{ size: {} }}", text(paper.value))
    style = html("{}{}{}", template("report.css"), template("charts.css"), size)
    made = (
        f"Made by carbon {__version__}{'' if facts is None else f' with {facts}'}. Everything on this page is in this file; opening it sends nothing anywhere."
    )
    return Template(template("report.html")).substitute(
        title=text(title),
        policy=_policy(style, script),
        style=style,
        extent=text(css),
        header=kept_together(header),
        content=kept_together(content),
        made=text(made, most=len(made)),
        script=html("<script>{}</script>", script) if script else EMPTY,
    )


@lru_cache(maxsize=8)
def template(file: str) -> Html:
    """Return the text of a *file* of ``templates``."""
    with open(path.join(path.dirname(__file__), "templates", file), encoding="utf-8") as stream:
        return Html(stream.read())


def charts_script() -> Html:
    """Return the script of charts and tables, which every page has."""
    return html("{}{}", template("tables.js"), template("charts.js"))


def _policy(style: str, script: str) -> str:
    """Return the content security policy, which allows only the style and the script in the file, by their hashes."""
    return f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; base-uri 'none'; form-action 'none'"


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'" if content else "'none'"
