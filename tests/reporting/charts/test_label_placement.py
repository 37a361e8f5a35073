"""Names stand beside their points, and none covers another."""

from hypothesis import given
from hypothesis import strategies as st

from traincarbon.reporting.charts.label_placement import Frame, Spot, around, placed

FRAME = Frame(0.0, 440.0, 0.0, 420.0)
_WHERE = st.floats(0.0, 440.0), st.floats(0.0, 420.0)


def anchors(*spots):
    return [place and (place.anchor, place.y < spot.y) for place, spot in zip(placed(spots, FRAME), spots, strict=True)]


def test_a_name_stands_above_its_point_where_there_is_room():
    assert anchors(Spot("a", 220.0, 200.0)) == [("middle", True)]
    assert anchors(Spot("a", 220.0, 4.0)) == [("middle", False)]
    assert anchors(Spot("a long name", 0.0, 200.0)) == [("start", True)]
    assert anchors(Spot("a long name", 440.0, 200.0)) == [("end", True)]


def test_what_matters_is_named_first_and_what_finds_no_room_is_not():
    found = placed([Spot("name of one", 220.0, 200.0 + at / 3.0, is_first=at == 7) for at in range(8)], FRAME)
    assert found[7].anchor == "middle"
    assert None in found


def test_a_name_longer_than_the_chart_and_no_name_at_all_have_no_place():
    assert placed([Spot("x" * 200, 220.0, 200.0), Spot("", 20.0, 20.0)], FRAME) == [None, None]


@given(st.lists(st.builds(Spot, st.text("ab", min_size=1, max_size=20), *_WHERE, st.booleans()), max_size=15))
def test_no_name_covers_another(spots):
    boxes = [dict(around(spot))[place] for spot, place in zip(spots, placed(spots, FRAME), strict=True) if place]
    assert not any(one.covers(other) for at, one in enumerate(boxes) for other in boxes[:at])
    assert all(FRAME.holds(box) for box in boxes)
