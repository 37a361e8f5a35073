import re

from traincarbon.reporting.charts.axis import log_axis
from traincarbon.reporting.charts.intervals import Limit
from traincarbon.reporting.charts.scatter import Dot, Group, draw_scatter
from traincarbon.uncertain import Interval

AXIS = log_axis([1.0, 100.0], words=str, title="cost")
DOT = Dot("one", Interval(5.0, 10.0, 20.0), Interval.of(10.0), "one: 10")


def drawn(*groups, width=320.0, **options):
    return draw_scatter(width, title="Cost", x=AXIS, y=AXIS._replace(title="CO2e"), groups=groups, **options)


def test_a_point_stands_where_the_axes_have_its_values_with_a_line_from_bound_to_bound():
    shown = drawn(Group("a", [DOT]))
    x, y = map(float, re.search(r'<circle class="c0 ch-edge" cx="([\d.]+)" cy="([\d.]+)"', shown).groups())
    (begin, end), (first, last) = (
        re.search(r'class="ch-err s0" d="M([\d.]+) [\d.]+L([\d.]+) ', shown).groups(),
        re.findall(r'ch-axis" d="M([\d.]+)', shown)[:1] * 2,
    )
    assert float(begin) < x < float(end)
    assert abs((x - float(begin)) - (float(end) - x)) < 0.2  # half and double are as far on a logarithmic axis
    assert float(first) == float(last)
    assert y > 0.0
    assert shown.count("ch-err") == 1  # the exact value has no line


def test_what_it_says_and_its_name_are_in_the_drawing():
    shown = drawn(Group("a", [DOT]))
    assert "<title>one: 10</title>" in shown
    assert ">one</text>" in shown


def test_several_groups_have_a_key_and_differ_in_colour_and_shape():
    shown = drawn(Group("a", [DOT], 0), Group("b", [DOT], 1), Group("others", [DOT], None))
    assert [shown.count(f">{name}</text>") for name in ("a", "b", "others")] == [1, 1, 1]
    assert shown.count('data-name="') == 3
    assert "c1 ch-edge" in shown
    assert "ch-hollow so" in shown
    assert ">a</text>" not in drawn(Group("a", [DOT]))


def test_the_band_about_equal_values_ends_at_the_corner_of_the_axes():
    shown = drawn(Group("a", [DOT]), within=2.0)
    band = re.search(r'class="ch-near" d="M([^"]*)Z"', shown)[1].split("L")
    points = [tuple(map(float, point.split())) for point in band]
    assert len(points) == 6
    assert len({x for x, _ in points}) == 4  # both ends, and a factor of two from each


def test_a_limit_and_a_line_through_the_points_are_drawn():
    shown = drawn(Group("a", [DOT, DOT], is_line=True), limit=Limit(50.0, "budget $50"))
    assert "ch-limit" in shown
    assert "budget $50" in shown
    assert 'class="ch-line s0"' in shown
    assert "ch-line" not in drawn(Group("a", [DOT]))


def test_a_hostile_or_long_name_is_short_text():
    evil = "<script>" + "x" * 200
    shown = drawn(Group(evil, [DOT._replace(name=evil, tip=evil)]), width=520.0)
    assert "<script" not in shown
    assert "x" * 241 not in shown
