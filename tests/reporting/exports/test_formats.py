"""A report is what the ending of its file says; nothing else is written under such a name."""

import pytest

from traincarbon.errors import CarbonError
from traincarbon.reporting.exports.formats import Format, format_of
from traincarbon.reporting.report import report


@pytest.mark.parametrize("name", ["r.html", "R.HTM", "r", "a.b/r"])
def test_a_page_is_a_page(name):
    assert format_of(name) is Format.PAGE


@pytest.mark.parametrize(("name", "format"), [("r.csv", Format.CSV), ("R.XLSX", Format.WORKBOOK)])
def test_tables_need_no_browser(name, format, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert format_of(name) is format


@pytest.mark.parametrize("name", ["r.docx", "r.jpg", "r.pdf.gz", "r.md"])
def test_another_format_is_refused_with_those_that_are(name):
    with pytest.raises(CarbonError, match="cannot write a report as ") as caught:
        format_of(name)
    assert caught.value.hint == "name a file that ends in .html, .pdf, .png, .csv or .xlsx"


@pytest.mark.parametrize("kind", ["PDF", "PNG"])
def test_without_a_browser_a_print_is_refused_before_anything_is_made(monkeypatch, tmp_path, kind):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.toml").write_text('params = 7e9\ntokens = 1e10\nhw = "8xH100"\n')
    file = f"r.{kind.lower()}"
    with pytest.raises(CarbonError) as caught:
        report("plan.toml", output=file)
    assert str(caught.value) == f"cannot write '{file}': no browser that prints {kind} is on PATH"
    assert caught.value.hint == "name r.html and print it from your browser, or install Chromium or Google Chrome"
    assert not (tmp_path / file).exists()
