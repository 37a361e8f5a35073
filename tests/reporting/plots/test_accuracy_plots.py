"""Charts of accuracy show medians with intervals over published values, in sets that differ by symbol as well as colour."""

from traincarbon.reporting.plots.accuracy_plots import accuracy_charts, verdict
from traincarbon.reporting.plots.predictions import MOST_DOTS
from traincarbon.validation.accuracy import Backtest, Case

EVIL = "<script>alert(1)</script>&\x1b"


def case(id="a", set="one", quantity="step_time_s", published=2.0, median=3.0):
    return Case(id, set, quantity, published, median / 2, median, median * 3, 0.5, {})


def charts(*cases):
    return accuracy_charts(Backtest(cases, (), "x"))


def test_there_is_a_chart_for_each_quantity_in_order():
    found = charts(case(quantity="mfu", published=0.3, median=0.4), case())
    assert [chart.title for chart in found] == ["Time of a step", "Utilisation (MFU)"]
    assert [chart.id for chart in found] == ["chart-step-time-s", "chart-mfu"]


def test_a_row_is_the_median_beside_the_published_value_with_its_interval():
    assert charts(case())[0].rows == [("a", "one", "2 s", "3 s", "1.50 s", "9 s")]


def test_sets_beyond_six_are_one_hollow_group():
    shown = charts(*(case(str(at), f"set{at}") for at in range(10)))[0].draw(520.0)
    assert shown.count('class="series"') == 7
    assert 'data-name="4 other sets"' in shown
    assert all(f"c{at} ch-edge" in shown for at in range(6))
    assert "ch-hollow so" in shown


def test_the_largest_sets_are_named():
    cases = [case(str(at), f"set{at}") for at in range(8)] + [case("x", "set7"), case("y", "set7")]
    assert charts(*cases)[0].draw(520.0).index("set7") < charts(*cases)[0].draw(520.0).index("set0")


def test_names_from_outside_are_text():
    assert "<script>" not in charts(case(EVIL, EVIL))[0].draw(520.0)


def test_the_note_states_the_errors_as_factors():
    (chart,) = charts(case(), case("b"))
    assert chart.note.startswith("2 published values: half within × 1.50, 90 % within × 1.50; 100 % inside the 90 % interval.")


def test_many_values_are_drawn_in_part_and_the_note_says_so():
    (chart,) = charts(*(case(str(at)) for at in range(2 * MOST_DOTS)))
    assert len(chart.rows) == MOST_DOTS
    assert "One of 2 is drawn." in chart.note


def test_the_verdict_is_that_of_gpu_hours_or_else_of_the_first_quantity():
    hours = case(quantity="accelerator_hours_h", published=10.0, median=20.0)
    assert verdict(Backtest((case(), hours), (), "x")).startswith("GPU-hours: half within × 2")
    assert verdict(Backtest((case(),), (), "x")).startswith("Time of a step: half within × 1.50")
    assert verdict(Backtest((), (), "x")) == ""


def test_nothing_tried_has_no_charts():
    assert charts() == []
