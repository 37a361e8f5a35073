"""The page of a notebook: folded code, what it showed, and nothing that runs."""

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

from page import page_of


def notebook(*cells):
    return {
        "cells": [
            {"cell_type": "markdown", "source": ["# A <title>\n", "\n", "Read [this](other.ipynb), [that](../docs/x.md) and [the web](https://example.org)."]},
            *cells,
        ]
    }


def code(source, *outputs):
    return {"cell_type": "code", "source": source, "execution_count": 1, "outputs": list(outputs)}


def test_text_is_rendered_and_links_lead_to_pages_and_one_folder_up():
    page = page_of(notebook())
    assert "<title>A &lt;title&gt;</title>" in page
    for link in ('href="other.html"', 'href="../../docs/x.md"', 'href="https://example.org"'):
        assert link in page


def test_code_is_folded_and_its_output_open():
    page = page_of(notebook(code("print('<b>')", {"output_type": "stream", "name": "stdout", "text": ["<b>\x1b[1m\n"]})))
    assert '<details><summary>Code</summary><pre tabindex="0"><code>print(&#x27;&lt;b&gt;&#x27;)</code></pre></details>' in page
    assert '<pre tabindex="0">&lt;b&gt;\n</pre>' in page


def test_a_figure_has_its_title_as_text_and_its_size():
    figure = {
        "output_type": "display_data",
        "data": {"image/png": "QUJD", "text/plain": ["<Figure: A finding>"]},
        "metadata": {"image/png": {"width": 4, "height": 3}},
    }
    assert '<img src="data:image/png;base64,QUJD" alt="A finding" width="4" height="3">' in page_of(notebook(code("x", figure)))


def test_a_table_keeps_its_cells_alone():
    shown = {
        "output_type": "execute_result",
        "data": {"text/html": ["<style>x</style><table border=1 onclick=run()><tr><th></th><th>a</th><td>1<script>run()</script></td></tr></table>"]},
    }
    page = page_of(notebook(code("frame", shown)))
    assert "<table><tr><td></td><th>a</th><td>1run()</td></tr></table>" in page


def test_a_report_is_in_a_frame_and_its_script_alone_may_run():
    script = "set();"
    shown = f'<iframe title="Report" srcdoc="&lt;p&gt;A report&lt;/p&gt;&lt;script&gt;{script}&lt;/script&gt;" style="x"></iframe><script>other()</script>'
    page = page_of(notebook(code("report", {"output_type": "execute_result", "data": {"text/html": [shown]}})))
    frame = re.search(r'<iframe class="report" title="Report" sandbox="([^"]*)" srcdoc="([^"]*)"></iframe>', page)
    assert frame[1] == "allow-scripts allow-downloads"
    assert unescape(frame[2]) == f"<p>A report</p><script>{script}</script>"
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in page
    assert "other()" not in page


def test_nothing_in_a_notebook_runs_in_its_page():
    hostile = {"cell_type": "markdown", "source": ["<script>run()</script> [x](javascript:run())"]}
    page = page_of(notebook(hostile, code("<script>", {"output_type": "stream", "text": "<script>"})))
    assert "<script" not in page
    assert not re.search(r'href="(?:\.\./)?javascript:', page)
    assert "default-src 'none'" in page
    assert "script-src 'none'" in page
