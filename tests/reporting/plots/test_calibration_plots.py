import re

import pytest

from made_runs import fitted, laid_out, record, slower
from traincarbon.reporting.plots.calibration_plots import calibration_charts


@pytest.fixture(scope="module")
def charts(shipped):
    made = []
    for each in slower(shipped, (1.5, 1.45, 1.55), prefix="<b>run"):
        hours_h = each.duration_s * 8 / 3600.0
        made.append(record(each.run_id, params=each.params, tokens=each.tokens, duration_s=each.duration_s, gpu_kwh=0.25 * hours_h))
    return calibration_charts(fitted(made, shipped))


def ratios(chart, name):
    return [float(re.search(r"× ([\d.]+)", tip)[1]) for tip in re.findall(r"<title>([^<]*)</title>", chart.draw(520.0)) if name in tip]


def test_hours_and_energy_have_a_chart_each(charts):
    assert [chart.title for chart in charts] == ["GPU-hours", "Energy of the accelerators"]


def test_points_are_predictions_over_what_was_measured(charts):
    assert ratios(charts[0], "without calibration") == pytest.approx([1 / 1.5, 1 / 1.45, 1 / 1.55], rel=0.01)
    assert all(abs(ratio - 1.0) < 0.15 for ratio in ratios(charts[0], "predicted from the other runs"))


def test_names_of_runs_are_text(charts):
    assert "&lt;b&gt;run-0: measured" in charts[0].draw(520.0)


def test_the_note_tells_the_errors(charts):
    assert charts[0].note.startswith("3 runs: half within × 1.50 without calibration, × 1.0")


def test_runs_without_energy_have_hours_alone(shipped):
    assert len(calibration_charts(fitted(slower(shipped, (1.1, 1.2)), shipped))) == 1


def test_steps_of_known_layout_have_a_chart_in_seconds(shipped):
    runs = laid_out(shipped, (0.8, 0.82, 0.8, 0.78))
    chart = calibration_charts(fitted(runs, shipped))[-1]
    assert chart.title == "Step time on the run’s layout, per million tokens"
    assert ratios(chart, "without calibration") == pytest.approx([0.8, 0.82, 0.8, 0.78])
