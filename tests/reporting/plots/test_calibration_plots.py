import pytest

from made_runs import fitted, laid_out, record, slower
from traincarbon.reporting.plots.calibration_plots import calibration_panels


@pytest.fixture(scope="module")
def panels(shipped):
    made = []
    for each in slower(shipped, (1.5, 1.45, 1.55), prefix="<b>run"):
        hours_h = each.duration_s * 8 / 3600.0
        made.append(record(each.run_id, params=each.params, tokens=each.tokens, duration_s=each.duration_s, gpu_kwh=0.25 * hours_h))
    return calibration_panels(fitted(made, shipped))


def points(panel, name):
    (trace,) = [trace for trace in panel.figure["data"] if trace["name"] == name]
    return trace


def test_hours_and_energy_have_a_panel_each(panels):
    assert [panel.title for panel in panels] == ["GPU-hours", "Energy of the accelerators"]


def test_points_are_predictions_over_what_was_measured(panels):
    before, after = points(panels[0], "without calibration"), points(panels[0], "predicted from the other runs")
    assert before["x"] == after["x"]
    assert [y / x for x, y in zip(before["x"], before["y"], strict=True)] == pytest.approx([1 / 1.5, 1 / 1.45, 1 / 1.55])
    assert all(abs(y / x - 1.0) < 0.15 for x, y in zip(after["x"], after["y"], strict=True))


def test_bars_are_intervals_and_those_by_the_other_runs_are_the_shorter(panels):
    before, after = (points(panels[0], name)["error_y"] for name in ("without calibration", "predicted from the other runs"))
    assert all(0.0 < narrow < wide for narrow, wide in zip(after["array"], before["array"], strict=True))


def test_names_of_runs_are_text(panels):
    assert points(panels[0], "predicted from the other runs")["text"][0].startswith("<b>&lt;b&gt;run-0</b>")


def test_the_caption_tells_the_errors(panels):
    assert panels[0].caption.startswith("3 runs; median error ln: 0.41 without calibration, 0.0")


def test_runs_without_energy_have_hours_alone(shipped):
    assert len(calibration_panels(fitted(slower(shipped, (1.1, 1.2)), shipped))) == 1


def test_steps_of_known_layout_have_a_panel_in_seconds(shipped):
    runs = laid_out(shipped, (0.8, 0.82, 0.8, 0.78))
    panel = calibration_panels(fitted(runs, shipped))[-1]
    assert panel.title == "Step time on the run’s layout, per million tokens"
    before = points(panel, "without calibration")
    assert before["x"] == pytest.approx([1e6 * each.duration_s / each.tokens for each in runs])
    assert [y / x for x, y in zip(before["x"], before["y"], strict=True)] == pytest.approx([0.8, 0.82, 0.8, 0.78])
