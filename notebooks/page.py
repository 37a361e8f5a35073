"""A notebook as one HTML page: text, figures, tables and reports that a reader can set, with the code folded.

``execute.py`` writes the page of each notebook into ``html``; it opens in a browser without Jupyter and without a network.
"""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape, unescape
from typing import Any

from markdown_it import MarkdownIt

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2126; --soft: #515b66; --paper: #ffffff; --raised: #f5f7f9; --edge: #d9dee3; --link: #005a9c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7eaed; --soft: #a9b4bf; --paper: #14181c; --raised: #1d2329; --edge: #39424b; --link: #7cc4f5; }
}
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; overflow-wrap: break-word; }
h1 { line-height: 1.2; } h2 { margin-top: 2.2rem; } a { color: var(--link); }
img { max-width: 100%; height: auto; background: #ffffff; border-radius: 4px; }
pre { background: var(--raised); border: 1px solid var(--edge); border-radius: 4px; padding: 0.7rem 0.9rem; overflow-x: auto; font-size: 0.82rem; line-height: 1.45; }
main > pre { white-space: pre-wrap; }
details { margin: 0.6rem 0; color: var(--soft); } summary { cursor: pointer; font-size: 0.9rem; } details pre { color: var(--ink); }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.88rem; }
th, td { text-align: left; padding: 0.3rem 0.7rem 0.3rem 0; border-bottom: 1px solid var(--edge); vertical-align: baseline; }
summary:focus-visible, pre:focus-visible, .wide:focus-visible, a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.report { width: 100%; height: 56rem; border: 1px solid var(--edge); border-radius: 4px; }
@media print { .report, details { display: none; } img { break-inside: avoid; } }
"""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src {scripts}; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""
_REPORT = re.compile(r'<iframe [^>]*\bsrcdoc="([^"]*)"')
"""A report in a frame, as its object shows itself; the policy of its own file holds in the frame too."""
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def page_of(notebook: dict[str, Any]) -> str:
    """Return the page of a *notebook*; no text in it can run, and links lead to where they do from the notebook's folder."""
    parts = [part for cell in notebook["cells"] for part in _cell(cell)]
    heading = next(
        (line[2:] for line in _text(notebook["cells"][0]["source"]).splitlines() if line.startswith("# ")), ""
    )
    content = "\n".join(parts)
    return _PAGE.format(
        title=escape(heading or "Notebook"), style=_STYLE, content=content, scripts=_allowed(content)
    )


def _allowed(content: str) -> str:
    """Return the scripts of the reports in a page as its policy names them, which holds in their frames too."""
    scripts = (
        re.search(r"<script>(.*?)</script>", unescape(each), re.DOTALL) for each in _REPORT.findall(content)
    )
    hashes = {
        f"'sha256-{b64encode(sha256(each[1].encode('utf-8')).digest()).decode()}'" for each in scripts if each
    }
    return " ".join(sorted(hashes)) or "'none'"


def _cell(cell: dict[str, Any]) -> list[str]:
    source = _text(cell["source"])
    if cell["cell_type"] == "markdown":
        return [_relinked(MarkdownIt("commonmark", {"html": False}).enable("table").render(source))]
    folded = (
        f'<details><summary>Code</summary><pre tabindex="0"><code>{escape(source)}</code></pre></details>'
    )
    return [folded, *(_output(output) for output in cell["outputs"])]


def _output(output: dict[str, Any]) -> str:
    """Return what a cell showed: a figure, a table, or text."""
    data = output.get("data", {})
    if "image/png" in data:
        size = output.get("metadata", {}).get("image/png", {})
        title = _text(data.get("text/plain", "")).removeprefix("<Figure: ").removesuffix(">")
        picture = _text(data["image/png"]).strip()
        bounds = f' width="{int(size["width"])}" height="{int(size["height"])}"' if size else ""
        return f'<p><img src="data:image/png;base64,{picture}" alt="{escape(title)}"{bounds}></p>'
    report = _REPORT.search(_text(data.get("text/html", "")))
    if report:
        return (
            '<iframe class="report" title="Report" sandbox="allow-scripts allow-downloads" '
            f'srcdoc="{escape(unescape(report[1]))}"></iframe>'
        )
    if "text/html" in data and "<table" in _text(data["text/html"]):
        return f'<div class="wide" role="group" aria-label="Table" tabindex="0">{_table(_text(data["text/html"]))}</div>'
    text = _text(output.get("text", data.get("text/plain", "")))
    return f'<pre tabindex="0">{escape(_ESCAPES.sub("", text))}</pre>'


def _table(markup: str) -> str:
    """Return the tables of *markup* without its styles, scripts and attributes."""
    tables = "".join(re.findall(r"<table.*?</table>", markup, re.DOTALL))
    kept = r"</?(?:table|thead|tbody|tr|th|td|caption)\b"
    cells = re.sub(r"<(/?\w+)[^>]*>", lambda tag: f"<{tag[1]}>" if re.match(kept, tag[0]) else "", tables)
    return cells.replace("<th></th>", "<td></td>")  # a head without a name is none


def _relinked(markup: str) -> str:
    """Return *markup* whose links start one folder lower, and lead to pages instead of notebooks."""
    inside = re.sub(r'href="([\w-]+)\.ipynb"', r'href="\1.html"', markup)
    return re.sub(r'href="(?!https?:|#|[\w-]+\.html")', 'href="../', inside)


def _text(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)
