"""Where a run was, as its record states it: the place, the overhead of its facility and the carbon intensity of its grid."""

from collections.abc import Mapping

from traincarbon.decode import number, table

TEXTS = ("region", "zone", "name", "basis")
"""Id of the place and of its grid, the name that people read, and the basis of the intensity; empty where it is not known."""
AMOUNTS = ("pue", "carbon_intensity", "direct_intensity", "upstream_intensity")
"""Power usage effectiveness [1], and intensities of the grid [g CO2e/kWh], on the basis stated and by scope; null where it is not known."""
_LONGEST = 200


def checked_site(stated: object) -> dict[str, object] | None:
    """Return the place that a journal or a record states, each field of its type; None if it states none.

    Example:
        >>> checked_site({"region": "aws:eu-west-3", "pue": 1.15})["pue"]
        1.15
        >>> checked_site({}) is None
        True
    """
    found = table(stated)
    if not found:
        return None
    texts = {name: str(found.get(name) or "")[:_LONGEST] for name in TEXTS}
    amounts = {name: _amount(found, name) for name in AMOUNTS}
    return {**texts, **amounts} if any(texts.values()) or any(value is not None for value in amounts.values()) else None


def _amount(found: Mapping[str, object], name: str) -> float | None:
    value = number(found.get(name))
    return value if value is not None and value >= (1.0 if name == "pue" else 0.0) else None
