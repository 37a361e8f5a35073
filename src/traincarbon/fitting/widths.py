r"""How much wider or narrower groups of rows scatter than all rows together, shrunk towards no difference where a group has few.

.. math:: m_g = \tau^2_{k + n_g} \, \frac{k \, \bar{z^2} + \sum_{i \in g} z_i^2}{(k + n_g) \, \bar{z^2}}, \qquad z_i^2 = \frac{e_i^2}{\sigma_i^2}

A variance that was estimated from few rows makes the next one a Student's t: its 90 % interval is :math:`\tau_\nu` times that of a normal.
"""

from collections.abc import Iterable, Mapping, Sequence

from traincarbon.fitting.solve import t_over_normal

_FARTHEST = 9.0
"""Squared distance beyond which a row counts as one at it: three widths."""


def factors(groups: Sequence[str], squares: Iterable[float], *, rows: float) -> Mapping[str, float]:
    """Return the variance of each group over that of all rows, wider the fewer rows tell it.

    Args:
        groups: The group of each row.
        squares: Squared errors of rows that were left out, over their variance.
        rows: How many rows of the usual scatter each group is given.

    Example:
        >>> factors(["wide", "usual", "usual", "usual"], [4.0, 1.0, 1.0, 1.0], rows=2.0)["wide"] > 1.0
        True
    """
    found = [min(square, _FARTHEST) for square in squares]
    usual = sum(found) / len(found) if found else 0.0
    if not usual:
        return {}
    of: dict[str, list[float]] = {}
    for group, square in zip(groups, found, strict=True):
        of.setdefault(group, []).append(square)
    return {group: t_over_normal(rows + len(own)) ** 2 * (rows * usual + sum(own)) / ((rows + len(own)) * usual) for group, own in of.items()}
