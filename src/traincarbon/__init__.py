"""What a training run costs in time, money, energy, carbon and water: before, while and after it runs.

>>> import traincarbon
>>> answer = traincarbon.estimate(params=530e9, tokens=270e9, hw="dgx-a100")
>>> answer["compute_flop"].median
8.586e+23
"""

from traincarbon._version import __version__ as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from traincarbon import runs
    from traincarbon.benching.machine import bench
    from traincarbon.calibration.calibrate import calibrate
    from traincarbon.database.load import Database, open_database
    from traincarbon.disclosure.disclose import disclose
    from traincarbon.errors import AmbiguousError, CarbonError, DatabaseError, NotFoundError, OutOfRangeError, PlanError, QuantityError
    from traincarbon.estimation.chain import estimate
    from traincarbon.estimation.plan import Plan
    from traincarbon.estimation.plan_keywords import PlanFields
    from traincarbon.estimation.result import Estimate
    from traincarbon.explore.advice.alternative import Advice
    from traincarbon.explore.advise import advise
    from traincarbon.explore.compare import compare
    from traincarbon.explore.comparison import Comparison
    from traincarbon.explore.optimise import optimise
    from traincarbon.explore.optimum import Optimum
    from traincarbon.explore.plan_changes import diff
    from traincarbon.explore.sweeps.sweep import sweep
    from traincarbon.ledger.run import Run
    from traincarbon.reporting.calculator_page.calculator import calculator
    from traincarbon.reporting.report import report
    from traincarbon.tracking.phases import phase
    from traincarbon.tracking.progress import progress
    from traincarbon.tracking.steps import steps
    from traincarbon.tracking.track import track
    from traincarbon.uncertain import Interval, Uncertain
    from traincarbon.validation.validate import validate
    from traincarbon.webapp.serve import serve

_MODULES = {
    "Advice": "explore.advice.alternative",
    "AmbiguousError": "errors",
    "CarbonError": "errors",
    "Comparison": "explore.comparison",
    "Database": "database.load",
    "DatabaseError": "errors",
    "Estimate": "estimation.result",
    "Interval": "uncertain",
    "NotFoundError": "errors",
    "Optimum": "explore.optimum",
    "OutOfRangeError": "errors",
    "Plan": "estimation.plan",
    "PlanError": "errors",
    "PlanFields": "estimation.plan_keywords",
    "QuantityError": "errors",
    "Run": "ledger.run",
    "Uncertain": "uncertain",
    "advise": "explore.advise",
    "bench": "benching.machine",
    "calculator": "reporting.calculator_page.calculator",
    "calibrate": "calibration.calibrate",
    "compare": "explore.compare",
    "diff": "explore.plan_changes",
    "disclose": "disclosure.disclose",
    "estimate": "estimation.chain",
    "open_database": "database.load",
    "optimise": "explore.optimise",
    "phase": "tracking.phases",
    "progress": "tracking.progress",
    "report": "reporting.report",
    "runs": "",
    "serve": "webapp.serve",
    "steps": "tracking.steps",
    "sweep": "explore.sweeps.sweep",
    "track": "tracking.track",
    "validate": "validation.validate",
}
"""The module of each public name, imported when the name is first used; ``runs`` is itself a module."""

__all__ = [
    "Advice",
    "AmbiguousError",
    "CarbonError",
    "Comparison",
    "Database",
    "DatabaseError",
    "Estimate",
    "Interval",
    "NotFoundError",
    "Optimum",
    "OutOfRangeError",
    "Plan",
    "PlanError",
    "PlanFields",
    "QuantityError",
    "Run",
    "Uncertain",
    "advise",
    "bench",
    "calculator",
    "calibrate",
    "compare",
    "diff",
    "disclose",
    "estimate",
    "open_database",
    "optimise",
    "phase",
    "progress",
    "report",
    "runs",
    "serve",
    "steps",
    "sweep",
    "track",
    "validate",
]


if not TYPE_CHECKING:  # a type checker knows the names above, and no others

    def __getattr__(name: str) -> object:
        from importlib import import_module

        module = _MODULES.get(name)
        if module is None:
            raise AttributeError(f"module 'traincarbon' has no attribute {name!r}")
        if not module:
            return import_module(f"traincarbon.{name}")
        value = getattr(import_module(f"traincarbon.{module}"), name)
        globals()[name] = value
        return value


def load_ipython_extension(shell: object) -> None:
    """Add ``%%carbon`` to a notebook, as ``%load_ext traincarbon`` asks for."""
    from traincarbon.frameworks import jupyter

    jupyter.load_ipython_extension(shell)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
