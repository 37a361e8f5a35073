"""An HTML page of figures in one self-contained file that makes no requests."""

import html
from collections.abc import Iterator, Mapping, Sequence
from html import unescape

from traincarbon.decode import items
from traincarbon.decode import table as fields
from traincarbon.extras import MissingExtraError
from traincarbon.formatting import significant
from traincarbon.reporting.markup import EMPTY, Html, as_script, table, text, texts
from traincarbon.reporting.markup import html as markup
from traincarbon.reporting.plots.figures import Panel


def plot_script() -> str:
    """Return plotly's script, which every page contains.

    Raises:
        MissingExtraError: plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError("a plot needs plotly, which is not installed", extra="plots") from error
    return str(get_plotlyjs())


def page(*, title: str, lead: str, panels: Sequence[Panel], script: str) -> str:
    """Return the page: *title*, a *lead* of plain text, and the *panels*, drawn by plotly's *script*."""
    figures = [
        f'<figure><h2>{html.escape(panel.title)}</h2><div class="plot" id="plot{at}" role="group" aria-label="{html.escape(panel.title)}"></div>'
        f"<figcaption>{html.escape(panel.caption)}</figcaption>{data_table(panel)}</figure>"
        for at, panel in enumerate(panels)
    ]
    data = "[" + ",\n".join(as_script(panel.figure) for panel in panels) + "]"
    return _PAGE.format(
        title=html.escape(title),
        lead=html.escape(lead),
        style=_STYLE,
        figures="\n".join(figures) or "<p>There is nothing to show.</p>",
        script=script,
        data=data,
        draw=_DRAW,
    )


def data_table(panel: Panel) -> Html:
    """Return the points of a figure as a table that a reader opens, also without scripts; lines that only guide the eye are left out."""
    rows = [row for trace in items(panel.figure.get("data")) for row in _points(fields(trace))]
    head = [_axis_title(panel, axis) for axis in ("xaxis", "yaxis")]
    return markup("<details><summary>Data</summary>{}</details>", table(text(panel.title), texts("", *head), rows, numbers=(1, 2))) if rows else EMPTY


def _points(trace: Mapping[str, object]) -> Iterator[list[Html]]:
    """Yield a row for each point of a trace with markers: its name, and its place."""
    if "markers" not in str(trace.get("mode")):
        return
    names = items(trace.get("hovertext") or trace.get("text"))
    for at, (x, y) in enumerate(zip(items(trace.get("x")), items(trace.get("y")), strict=False)):
        named = str(names[at]) if at < len(names) else str(trace.get("name", ""))
        yield texts(unescape(named.partition("<br>")[0].replace("<b>", "").replace("</b>", "")), *map(_written, (x, y)))


def _axis_title(panel: Panel, axis: str) -> str:
    stated = fields(fields(fields(panel.figure.get("layout")).get(axis)).get("title"))
    return str(stated.get("text", ""))


def _written(value: object) -> str:
    return significant(float(value), 4) if isinstance(value, (int, float)) else str(value)


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{lead}</p>
<noscript><p>The figures need JavaScript; the script is in this file.</p></noscript>
<div class="panels">
{figures}
</div>
</main>
<script>{script}</script>
<script>const figures = {data};
{draw}</script>
</body>
</html>
"""
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --edge: #d5d5d5; --link: #005a9c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #161616; --edge: #3a3a3a; --link: #7cc4f5; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 16px; }
h1 { font-size: 1.5rem; margin: 0.3em 0; }
h2 { font-size: 1.1rem; margin: 0 0 0.3em; }
p { max-width: 75ch; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); gap: 20px; }
figure { margin: 0; padding: 12px; border: 1px solid var(--edge); border-radius: 6px; min-width: 0; break-inside: avoid; }
summary { cursor: pointer; min-height: 24px; color: var(--link); }
.wide { overflow-x: auto; max-height: 30rem; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
caption { display: none; }
th, td { text-align: left; padding: 2px 12px 2px 0; border-bottom: 1px solid var(--edge); }
.n { text-align: right; }
figcaption { font-size: 0.875rem; margin-top: 8px; }
.plot { width: 100%; height: 560px; }
@media print { .panels { display: block; } figure { border: 0; } details:not([open]) { display: none; } }
"""
_DRAW = """
const dark = matchMedia("(prefers-color-scheme: dark)");
function colours() {
  const style = getComputedStyle(document.documentElement);
  const [ink, paper] = ["--ink", "--paper"].map(name => style.getPropertyValue(name).trim());
  return { "font.color": ink, "hoverlabel.font.color": ink, "hoverlabel.bgcolor": paper };
}
figures.forEach((figure, at) => {
  const layout = { ...figure.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: "system-ui, sans-serif", size: 13 },
    hoverlabel: { align: "left" } };
  Plotly.newPlot("plot" + at, figure.data, layout, { responsive: true, displayModeBar: true, displaylogo: false, toImageButtonOptions: { filename: "carbon", scale: 2 } })
    .then(() => Plotly.relayout("plot" + at, colours()));
});
// On paper, figures have the width of a sheet, one below the other.
const fit = width => figures.forEach((figure, at) => Plotly.relayout("plot" + at, width ? { autosize: false, width } : { autosize: true, width: null }));
addEventListener("beforeprint", () => fit(640));
addEventListener("afterprint", () => fit(0));
dark.addEventListener("change", () => figures.forEach((figure, at) => Plotly.relayout("plot" + at, colours())));
"""
