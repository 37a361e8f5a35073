"""Counts as people say them."""

_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def spoken(count: float) -> str:
    """Return a *count* to three digits with the ending that a plan takes.

    Example:
        >>> spoken(50.92e9), spoken(952.8e9), spoken(1.4e12), spoken(12.0)
        ('50.9 B', '953 B', '1.4 T', '12')
    """
    for scale, name in _SCALES:
        if count >= 0.9995 * scale:
            return f"{float(f'{count / scale:.3g}'):g} {name}"
    return f"{count:.3g}"
