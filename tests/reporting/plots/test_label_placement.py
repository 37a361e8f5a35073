"""Names stand beside their points, and none covers another."""

from hypothesis import given
from hypothesis import strategies as st

from traincarbon.reporting.plots.label_placement import _around, placed

_SHARES = st.floats(0.0, 1.0)


def test_a_name_stands_above_its_point_where_there_is_room():
    assert placed([("a", 0.5, 0.5)], first=[False]) == ["top center"]
    assert placed([("a", 0.5, 0.99)], first=[False]) == ["bottom center"]
    assert placed([("a long name", 0.0, 0.5)], first=[False]) == ["top right"]
    assert placed([("a long name", 1.0, 0.5)], first=[False]) == ["top left"]


def test_what_matters_is_named_first_and_what_finds_no_room_is_not():
    crowd = [("name of one", 0.5, 0.5 + at / 1000.0) for at in range(8)]
    found = placed(crowd, first=[at == 7 for at in range(8)])
    assert found[7] == "top center"
    assert "" in found


def test_a_name_longer_than_the_chart_is_left_out():
    assert placed([("x" * 200, 0.5, 0.5)], first=[True]) == [""]


@given(st.lists(st.tuples(st.text("ab", min_size=1, max_size=20), _SHARES, _SHARES, st.booleans()), max_size=15))
def test_no_name_covers_another(points):
    named = [(name, x, y) for name, x, y, _ in points]
    found = placed(named, first=[each[3] for each in points])
    boxes = [dict(_around(name, x * 440.0, y * 420.0))[place] for (name, x, y), place in zip(named, found, strict=True) if place]
    assert not any(one.covers(other) for at, one in enumerate(boxes) for other in boxes[:at])
