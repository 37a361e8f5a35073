"""The Pareto set: the options that no other option beats in everything."""

from collections.abc import Sequence


def pareto(points: Sequence[Sequence[float | None]]) -> list[bool]:
    """Return for each point whether no other is at least as good in every coordinate and better in one; less is better.

    A point with an unknown coordinate is not compared: it is not in the set and excludes no other point.

    Example:
        >>> pareto([(1.0, 5.0), (2.0, 2.0), (3.0, 3.0), (None, 1.0)])
        [True, True, False, False]
    """
    known = [(tuple(value for value in point if value is not None), at) for at, point in enumerate(points) if None not in point]
    known.sort()
    chosen = [False] * len(points)
    best: list[tuple[float, ...]] = []
    for point, at in known:
        if not any(other != point and all(one <= two for one, two in zip(other, point, strict=True)) for other in best):
            chosen[at] = True
            best.append(point)
    return chosen
