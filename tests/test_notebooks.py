"""Results are shown as escaped tables."""

import pytest

import traincarbon
from made_runs import record
from traincarbon.notebooks import html_table, mime_bundle

PLAN = {"params": "7B", "tokens": "1T", "servers": 16}


def test_text_is_escaped_everywhere():
    page = html_table(caption="<b>", head=("", "<i>"), rows=[("<u>", "a & b")], notes=["<script>"])
    assert "<b>" not in page
    assert "<i>" not in page
    assert "<u>" not in page
    assert "<script>" not in page
    assert "a &amp; b" in page


def test_a_bundle_has_text_and_html():
    assert mime_bundle(text="t", html="<p>h</p>") == {"text/plain": "t", "text/html": "<p>h</p>"}


@pytest.mark.parametrize(
    "result",
    [
        lambda: traincarbon.estimate(hw="dgx-h100", **PLAN),
        lambda: traincarbon.compare(hw=["dgx-h100", "dgx-a100"], **PLAN),
        lambda: record("run-1", gpu_kwh=2.0, state="finished"),
    ],
    ids=["Estimate", "Comparison", "Run"],
)
def test_every_result_has_both_forms_and_asks_for_no_arguments(result):
    found = result()
    bundle = found._repr_mimebundle_(include=None, exclude=None)
    assert bundle["text/html"] == found._repr_html_()
    assert bundle["text/html"].startswith("<table>")
    assert "\n" not in bundle["text/plain"]
