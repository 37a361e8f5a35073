import matplotlib as mpl
import pytest

from drawing import BLUE, GREY, canvas, intervals, label, logarithmic, rows, short, stacks

mpl.use("agg")


@pytest.fixture
def axes():
    from matplotlib import pyplot as plt

    yield canvas("A finding of $1 to $2", "what is shown")
    plt.close("all")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (8_100_669.0, "$", "$8.1M"),
        (999_600.0, "$", "$1M"),
        (411.7, "t", "410 t"),
        (1.26, "s", "1.3 s"),
        (0.0371, "t", "0.037 t"),
        (5.3e11, "", "530B"),
        (0.204, "%", "20 %"),
        (-0.5, "%", "-50 %"),
        (0.0, "kWh", "0 kWh"),
        (1912.0, "t", "1,900 t"),
        (95.4e9, "FLOP/s", "95 GFLOP/s"),
        (3.1e15, "FLOP/s", "3.1 PFLOP/s"),
    ],
)
def test_a_number_is_short(value, unit, text):
    assert short(value, unit) == text


def test_a_canvas_says_the_finding_above_what_is_shown(axes):
    assert axes.figure.get_suptitle() == "A finding of $1 to $2"
    assert not axes.figure._suptitle.get_parse_math()
    assert axes.get_title(loc="left") == "what is shown"


def test_intervals_are_drawn_from_top_to_bottom_with_their_medians(axes):
    intervals(axes, [("first", (1.0, 2.0, 4.0), BLUE), ("second", (10.0, 20.0, 30.0), GREY)], unit="$")
    assert [(bar.get_x(), bar.get_width()) for bar in axes.patches] == [(1.0, 3.0), (10.0, 20.0)]
    assert [text.get_text() for text in axes.texts] == ["$2", "$20"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["first", "second"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert axes.get_xscale() == "log"
    assert axes.get_xlim()[0] < 1.0
    assert axes.get_xlim()[1] > 30.0


def test_the_parts_of_a_stack_stand_side_by_side_and_small_ones_have_no_number(axes):
    stacks(axes, {"rent": {"price": 0.97, "others": 0.03}}, colours={"price": BLUE, "others": GREY})
    assert [bar.get_x() for bar in axes.patches] == [0.0, 0.97]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.97, 0.03])
    assert [text.get_text() for text in axes.texts] == ["97%"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["price", "others"]


def test_a_logarithmic_axis_is_numbered_with_prefixes_and_at_the_ticks_given(axes):
    axes.set_ylim(1e3, 1e6)
    logarithmic(axes, "y", unit="$", ticks=(1e3, 1e4, 1e6))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["$1k", "$10k", "$1M"]


def test_names_stand_beside_points_or_below_them(axes):
    label(axes, "beside", (1.0, 1.0), BLUE)
    label(axes, "below", (1.0, 1.0), BLUE, below=True)
    beside, below = axes.texts
    assert beside.get_position()[0] > 0.0
    assert below.get_position()[1] < beside.get_position()[1]


def test_rows_are_named_from_the_top(axes):
    rows(axes, ["a", "b", "c"])
    assert axes.get_ylim() == (2.6, -0.6)
