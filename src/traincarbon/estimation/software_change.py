"""The distance between two stacks of software, as the log-spread of utilisation that it adds."""

import math
from collections.abc import Mapping

CHANGES = ("framework", "version", "precision", "code")
"""What can change: the packages, the version of one (its first two numbers), the number format, the revision of the code."""
_NOT_PACKAGES = ("precision", "code")


def change_sigma(one: Mapping[str, str], other: Mapping[str, str], spreads: Mapping[str, float]) -> float:
    """Return the log-spread between two stacks of software; what either does not state counts as the same.

    Args:
        one: Packages with their versions, ``precision`` and ``code``.
        other: The same of the other.
        spreads: The log-spread of each of :data:`CHANGES`.

    Example:
        >>> spreads = {"framework": 0.3, "version": 0.15, "precision": 0.2, "code": 0.1}
        >>> change_sigma({"torch": "2.4.1", "code": "a"}, {"torch": "2.4.0", "code": "a"}, spreads)
        0.0
        >>> round(change_sigma({"torch": "2.4.1", "precision": "bf16"}, {"torch": "2.6.0", "precision": "fp8"}, spreads), 2)
        0.25
    """
    packages = [{name: _release(version) for name, version in each.items() if name not in _NOT_PACKAGES} for each in (one, other)]
    changed = {name for name in _NOT_PACKAGES if name in one and name in other and one[name] != other[name]}
    if all(packages) and packages[0] != packages[1]:
        changed.add("version" if packages[0].keys() == packages[1].keys() else "framework")
    return math.sqrt(sum(spreads[name] ** 2 for name in changed))


def _release(version: str) -> str:
    return ".".join(version.split(".")[:2])
