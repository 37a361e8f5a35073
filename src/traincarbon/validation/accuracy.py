"""What a backtest found: each published figure beside its prediction, and by set the errors, the bias and the coverage."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from traincarbon.published.runs import SetAside

QUANTITIES = ("step_time_s", "accelerator_hours_h", "mfu", "it_energy_kwh", "facility_energy_kwh", "operational_kgco2e")
POOLED = "all"
"""The set that holds every row of a quantity."""
Z_50, Z_90 = 0.6744897501960817, 1.6448536269514722
"""Standard deviations on either side of the median that intervals of 50 % and of 90 % reach."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One published figure with what the estimate and the baselines say of it.

    Attributes:
        low: Lower end of the interval of 90 %.
        high: Upper end of it.
        sigma: Log-spread of the prediction.
        baselines: What the simple rules predict.
        fitted_on: Whether the row had a part in the fit of the priors that are shipped. It had none in the fit behind this prediction.
    """

    id: str
    set: str
    quantity: str
    published: float
    low: float
    median: float
    high: float
    sigma: float
    baselines: dict[str, float]
    fitted_on: bool = False

    @property
    def error_ln(self) -> float:
        """Logarithm of estimate over published."""
        return math.log(self.median / self.published)


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """Every case, and the rows that could not be tried, each with its reason."""

    cases: tuple[Case, ...]
    set_aside: tuple[SetAside, ...]
    source: str

    def sets(self) -> list[dict[str, Any]]:
        """Return the summary of every set and quantity, then of all rows of a quantity together."""
        groups: dict[tuple[str, str], list[Case]] = {}
        pooled: dict[str, list[Case]] = {quantity: [] for quantity in QUANTITIES}
        for case in self.cases:
            groups.setdefault((case.set, case.quantity), []).append(case)
            pooled[case.quantity].append(case)
        found = [summary(set, quantity, groups[set, quantity]) for set, quantity in sorted(groups)]
        return found + [summary(POOLED, quantity, cases) for quantity, cases in pooled.items() if cases]

    def to_dict(self) -> dict[str, Any]:
        """Return sets, rows and what was set aside, in the schema ``traincarbon/validation/1``."""
        columns = ("id", "set", "quantity", "published", "low", "median", "high")
        return {
            "schema": "traincarbon/validation/1",
            "runs": self.source,
            "sets": self.sets(),
            "rows": [{column: getattr(case, column) for column in columns} for case in self.cases],
            "set_aside": [aside._asdict() for aside in self.set_aside],
        }


def summary(set: str, quantity: str, cases: Sequence[Case]) -> dict[str, Any]:
    """Return n, errors, bias and coverage of *cases*, and the same of the baselines, which state no interval to be covered."""
    names = dict.fromkeys(name for case in cases for name in case.baselines)
    return {
        "set": set,
        "quantity": quantity,
        "fitted_on": any(case.fitted_on for case in cases),
        **_errors([case.error_ln for case in cases]),
        "coverage_50": _coverage(cases, Z_50),
        "coverage_90": _coverage(cases, Z_90),
        "baselines": {name: _baseline(cases, name) for name in names},
    }


def set_id(name: str) -> str:
    """Return the id of a set from its *name*.

    Example:
        >>> set_id("Narayanan 2021 T1"), set_id("MegaScale's Megatron-LM A100"), set_id("NeMo 24.12 H100 fp8")
        ('narayanan-2021-t1', 'megascales-megatron-lm-a100', 'nemo-24-12-h100-fp8')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


def _errors(errors: Sequence[float]) -> dict[str, float]:
    sizes = sorted(abs(error) for error in errors)
    return {
        "n": len(sizes),
        "median_abs_ln": _quantile(sizes, 0.5),
        "mean_abs_ln": sum(sizes) / len(sizes),
        "p90_abs_ln": _quantile(sizes, 0.9),
        "bias_ln": sum(errors) / len(errors),
        "mape": sum(abs(math.expm1(error)) for error in errors) / len(errors),
    }


def _coverage(cases: Sequence[Case], z: float) -> float:
    return sum(abs(case.error_ln) <= z * case.sigma for case in cases) / len(cases)


def _baseline(cases: Sequence[Case], name: str) -> dict[str, float | None]:
    errors = [math.log(case.baselines[name] / case.published) for case in cases if name in case.baselines]
    return {**_errors(errors), "coverage_50": None, "coverage_90": None}


def _quantile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])
