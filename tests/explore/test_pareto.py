"""The Pareto set, compared with looking at every pair."""

from hypothesis import given
from hypothesis import strategies as st

from traincarbon.explore.pareto import pareto

coordinates = st.one_of(st.none(), st.integers(0, 4).map(float))
points = st.lists(st.tuples(coordinates, coordinates, coordinates), max_size=30)


def by_force(points):
    def beats(one, other):
        return one != other and all(a <= b for a, b in zip(one, other, strict=True))

    known = [point for point in points if None not in point]
    return [None not in point and not any(beats(other, point) for other in known) for point in points]


@given(points)
def test_the_set_is_that_of_looking_at_every_pair(points):
    assert pareto(points) == by_force(points)


@given(points)
def test_every_point_that_is_left_out_is_beaten_by_one_that_is_not(points):
    chosen = [point for point, is_chosen in zip(points, pareto(points), strict=True) if is_chosen]
    for point in points:
        if None not in point:
            assert any(all(a <= b for a, b in zip(best, point, strict=True)) for best in chosen)


def test_equal_points_are_both_in_it():
    assert pareto([(1.0, 2.0), (1.0, 2.0), (2.0, 2.0)]) == [True, True, False]


def test_a_point_of_which_something_is_unknown_is_not_compared():
    assert pareto([(None, 0.0), (1.0, 1.0)]) == [False, True]


def test_nothing_has_no_set():
    assert pareto([]) == []
