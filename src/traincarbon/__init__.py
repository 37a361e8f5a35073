"""What a training run costs in time, money, energy, carbon and water: before, while and after it runs.

>>> import traincarbon
>>> answer = traincarbon.estimate(params=530e9, tokens=270e9, hw="dgx-a100")
>>> answer["compute_flop"].median
8.586e+23
"""

from traincarbon._version import __version__ as __version__

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
    from traincarbon.estimation.chain import estimate
    from traincarbon.estimation.plan import Plan
    from traincarbon.estimation.result import Estimate
    from traincarbon.explore.advice.alternative import Advice
    from traincarbon.explore.advise import advise
    from traincarbon.explore.compare import Comparison, compare
    from traincarbon.explore.optimise import optimise
    from traincarbon.explore.optimum import Optimum
    from traincarbon.tracking.progress import progress
    from traincarbon.tracking.tracker import track
    from traincarbon.uncertain import Uncertain

_HOMES = {
    "Advice": "traincarbon.explore.advice.alternative",
    "AmbiguousError": "traincarbon.errors",
    "CarbonError": "traincarbon.errors",
    "Comparison": "traincarbon.explore.compare",
    "Database": "traincarbon.database.load",
    "DatabaseError": "traincarbon.errors",
    "Estimate": "traincarbon.estimation.result",
    "NotFoundError": "traincarbon.errors",
    "Optimum": "traincarbon.explore.optimum",
    "OutOfRangeError": "traincarbon.errors",
    "Plan": "traincarbon.estimation.plan",
    "PlanError": "traincarbon.errors",
    "QuantityError": "traincarbon.errors",
    "Uncertain": "traincarbon.uncertain",
    "advise": "traincarbon.explore.advise",
    "compare": "traincarbon.explore.compare",
    "estimate": "traincarbon.estimation.chain",
    "open_database": "traincarbon.database.load",
    "optimise": "traincarbon.explore.optimise",
    "progress": "traincarbon.tracking.progress",
    "track": "traincarbon.tracking.tracker",
}
"""Where each public name lives; it is imported when first used."""

__all__ = [
    "Advice",
    "AmbiguousError",
    "CarbonError",
    "Comparison",
    "Database",
    "DatabaseError",
    "Estimate",
    "NotFoundError",
    "Optimum",
    "OutOfRangeError",
    "Plan",
    "PlanError",
    "QuantityError",
    "Uncertain",
    "advise",
    "compare",
    "estimate",
    "open_database",
    "optimise",
    "progress",
    "track",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'traincarbon' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
