from journals import lines_of
from traincarbon.ledger.record import merge
from traincarbon.reporting.plots.run_plots import listing_charts, run_charts, sums_words
from traincarbon.reporting.subjects import ReportedRun

PLAN = {"params": 7e9, "tokens": 1e6, "facility_energy_kwh": {"low": 1e-6, "median": 2e-6, "high": 3e-6}}


def run(run_id, **fields):
    return merge(lines_of(run_id=run_id, **fields), now_s=2e9)


def test_the_runs_of_most_energy_come_first_and_the_first_is_named():
    records = [run("small", power_w=10.0), run("large", power_w=1000.0, start={"project": "p"})]
    chart = next(chart for chart in listing_charts(records) if chart.id == "chart-energy")
    assert chart.title.startswith("Energy by run: p · large took the most")
    assert [row[0] for row in chart.rows] == ["large", "small"]


def test_more_runs_than_fit_are_counted():
    chart = next(chart for chart in listing_charts([run(f"run-{at}") for at in range(30)]) if chart.id == "chart-energy")
    assert len(chart.rows) == 24
    assert chart.note.startswith("6 runs ")


def test_what_runs_took_is_said_with_how_many_do_not_state_it():
    assert "kWh" in sums_words([run("a", power_w=1e6)])
    assert sums_words([]) == "The runs do not state what they took."


def test_a_run_is_compared_with_its_forecast(shipped):
    charts = run_charts(ReportedRun(run("a", start={"plan": PLAN}, figures={"facility_energy_kwh": {"low": 1.0, "median": 1.0, "high": 1.0}})), shipped)
    assert [chart.id for chart in charts] == ["run-chart-forecast"]
    assert run_charts(ReportedRun(run("a")), shipped) == []
