"""A run is shown as a table of what it took."""

from made_runs import record
from traincarbon.ledger.run_html import as_html, as_text


def test_what_it_took_stands_in_the_table_and_what_is_missing_below():
    run = record("run-1", project="toy", gpu_kwh=2.0, duration_s=3600.0, counts={"steps": 60.0}, missing={"cpu": "no meter <here>"}, notes=("a note",))
    page = as_html(run)
    assert "run-1 · toy · finished" in page
    assert "2 kWh" in page
    assert "<td>60</td>" in page
    assert "no meter &lt;here&gt;" in page
    assert "<p>a note</p>" in page


def test_a_line_says_what_is_unknown():
    assert as_text(record("run-1", duration_s=3600.0)) == "Run run-1: finished, 1 h, energy unknown"
    assert as_text(record("run-1", gpu_kwh=2.0, duration_s=3600.0)) == "Run run-1: finished, 1 h, 2 kWh metered or modelled"
