"""What a training run costs in time, money, energy, carbon and water: before, while and after it runs.

>>> import traincarbon
>>> answer = traincarbon.estimate(params=530e9, tokens=270e9, hw="dgx-a100")
>>> answer["compute_flop"].median
8.586e+23
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from traincarbon.database.load import Database, open_database
    from traincarbon.errors import (
        AmbiguousError,
        CarbonError,
        DatabaseError,
        NotFoundError,
        OutOfRangeError,
        PlanError,
        QuantityError,
    )
    from traincarbon.estimate.chain import estimate
    from traincarbon.estimate.plan import Plan
    from traincarbon.estimate.result import Estimate
    from traincarbon.track.progress import progress
    from traincarbon.track.tracker import track
    from traincarbon.uncertain import Uncertain

__version__ = "0.1.0"

_HOMES = {
    "AmbiguousError": "traincarbon.errors",
    "CarbonError": "traincarbon.errors",
    "Database": "traincarbon.database.load",
    "DatabaseError": "traincarbon.errors",
    "Estimate": "traincarbon.estimate.result",
    "NotFoundError": "traincarbon.errors",
    "OutOfRangeError": "traincarbon.errors",
    "Plan": "traincarbon.estimate.plan",
    "PlanError": "traincarbon.errors",
    "QuantityError": "traincarbon.errors",
    "Uncertain": "traincarbon.uncertain",
    "open_database": "traincarbon.database.load",
    "progress": "traincarbon.track.progress",
}
"""Where each public name lives; it is imported when first asked for. The packages ``estimate`` and ``track`` are themselves callable."""

__all__ = [
    "AmbiguousError",
    "CarbonError",
    "Database",
    "DatabaseError",
    "Estimate",
    "NotFoundError",
    "OutOfRangeError",
    "Plan",
    "PlanError",
    "QuantityError",
    "Uncertain",
    "estimate",
    "open_database",
    "progress",
    "track",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in ("estimate", "track"):
        return import_module(f"traincarbon.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'traincarbon' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
