"""The result of a backtest: each published value with its prediction, and by set the errors, the bias and the coverage."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from traincarbon.decode import encode
from traincarbon.fitting.solve import quantile
from traincarbon.published.reported_runs import SetAside
from traincarbon.uncertain import z_of

VALIDATED = ("step_time_s", "accelerator_hours_h", "mfu", "it_energy_kwh", "facility_energy_kwh", "operational_kgco2e")
"""The quantities that are compared with what was published."""
POOLED = "all"
"""The set that holds every row of a quantity."""
FINE_TUNING = "fine-tuning"
"""What the table by family calls every fine-tuning."""
LANGUAGE = "language models"
"""What the table by family calls the whole runs of :data:`LANGUAGE_FAMILIES` together."""
LANGUAGE_FAMILIES = ("dense-lm", "moe-lm", "encoder", "seq2seq")


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One published value, with the prediction of the estimate and of the baselines.

    Attributes:
        low: Lower end of the 90 % interval.
        high: Upper end of it.
        sigma: Log-spread of the prediction.
        baselines: What the simple rules predict.
        fitted_on: Whether the shipped priors were fitted on this row. Those behind this prediction never were.
        family: The family of a whole run, or that it is a fine-tuning; empty for timed parts of trainings.
        unusable: Why its numbers do not give its work, empty if they do.
        generation: The hardware generation of a whole run.
        organisation: Who published a whole run.
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
    family: str = ""
    unusable: str = ""
    generation: str = ""
    organisation: str = ""

    @property
    def error_ln(self) -> float:
        """Logarithm of estimate over published."""
        return math.log(self.median / self.published)


@dataclass(frozen=True, slots=True)
class Errors:
    """The errors of the predictions of a set, as natural logarithms of predicted over published.

    Attributes:
        mape: Mean absolute relative error.
        coverage_50: Share of the published values inside the 50 % interval, None for a rule that states none.
        coverage_90: The same for the 90 % interval.
    """

    n: int
    median_abs_ln: float
    mean_abs_ln: float
    p90_abs_ln: float
    bias_ln: float
    mape: float
    coverage_50: float | None = None
    coverage_90: float | None = None


@dataclass(frozen=True, slots=True)
class SetSummary:
    """The errors on one set of published values, and those of the simple rules on the same values."""

    set: str
    quantity: str
    fitted_on: bool
    errors: Errors
    baselines: dict[str, Errors]

    def to_dict(self) -> dict[str, object]:
        """Return the summary, fit for JSON."""
        head = {"set": self.set, "quantity": self.quantity, "fitted_on": self.fitted_on}
        return {**head, **encode(self.errors), "baselines": encode(self.baselines)}


@dataclass(frozen=True, slots=True)
class Paired:
    """The mean difference of two absolute errors over organisations, with its standard error: below zero where the first is smaller."""

    organisations: int
    mean_ln: float
    standard_error_ln: float


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """Every case, and the rows that could not be tried, each with the reason."""

    cases: tuple[Case, ...]
    set_aside: tuple[SetAside, ...]
    source: str
    is_built_in: bool = False
    """Whether the runs are those that the package ships."""
    power: tuple[SetSummary, ...] = ()
    """The errors of the power of an accelerator by who it is made for; of the shipped runs alone."""

    def sets(self) -> list[SetSummary]:
        """Return the summary of every set and quantity, then of all rows of each quantity."""
        groups: dict[tuple[str, str], list[Case]] = {}
        pooled: dict[str, list[Case]] = {quantity: [] for quantity in VALIDATED}
        for case in self.cases:
            groups.setdefault((case.set, case.quantity), []).append(case)
            pooled[case.quantity].append(case)
        found = [summary(set, quantity, groups[set, quantity]) for set, quantity in sorted(groups)]
        return found + [summary(POOLED, quantity, cases) for quantity, cases in pooled.items() if cases]

    def families(self) -> list[SetSummary]:
        """Return the summary of the hours of whole runs by family, of those whose numbers give their work, the language models together first."""
        groups: dict[str, list[Case]] = {LANGUAGE: []}
        for case in self.cases:
            if case.quantity == "accelerator_hours_h" and case.family and not case.unusable:
                groups.setdefault(case.family, []).append(case)
                if case.family in LANGUAGE_FAMILIES:
                    groups[LANGUAGE].append(case)
        return [summary(name, "accelerator_hours_h", cases) for name, cases in sorted(groups.items(), key=lambda each: -len(each[1])) if cases]

    def generations(self) -> list[SetSummary]:
        """Return the summary of the hours of whole runs of language models by generation of hardware, of those with many runs first."""
        groups: dict[str, list[Case]] = {}
        for case in self._language():
            groups.setdefault(case.generation, []).append(case)
        return [summary(name, "accelerator_hours_h", cases) for name, cases in sorted(groups.items(), key=lambda each: -len(each[1]))]

    def paired(self, rule: str) -> Paired | None:
        """Return how much nearer language models are predicted than by a simple *rule*, over organisations; None of fewer than two."""
        apart: dict[str, list[float]] = {}
        for case in self._language():
            if rule in case.baselines:
                by_rule = abs(math.log(case.baselines[rule] / case.published))
                apart.setdefault(case.organisation, []).append(abs(case.error_ln) - by_rule)
        means = [sum(errors) / len(errors) for errors in apart.values()]
        if len(means) < 2:
            return None
        mean = sum(means) / len(means)
        return Paired(len(means), mean, math.sqrt(sum((each - mean) ** 2 for each in means) / (len(means) - 1) / len(means)))

    def _language(self) -> list[Case]:
        """Return the hours of whole runs of language models whose numbers give their work."""
        return [case for case in self.cases if case.quantity == "accelerator_hours_h" and case.family in LANGUAGE_FAMILIES and not case.unusable]

    def worst(self, count: int) -> list[Case]:
        """Return the whole runs whose hours were predicted worst, the worst first."""
        hours = [case for case in self.cases if case.quantity == "accelerator_hours_h" and case.family]
        return sorted(hours, key=lambda case: -abs(case.error_ln))[:count]

    def to_dict(self) -> dict[str, object]:
        """Return sets, rows and what was set aside, in the schema ``traincarbon/validation/1``."""
        from traincarbon.validation.targets import targets

        columns = ("id", "set", "quantity", "published", "low", "median", "high")
        return {
            "schema": "traincarbon/validation/1",
            "runs": self.source,
            "sets": [each.to_dict() for each in self.sets()],
            "families": [each.to_dict() for each in self.families()],
            "generations": [each.to_dict() for each in self.generations()],
            "power": [each.to_dict() for each in self.power],
            "targets": [each.to_dict() for each in targets(self)],
            "rows": [{column: getattr(case, column) for column in columns} for case in self.cases],
            "set_aside": [aside.to_dict() for aside in self.set_aside],
        }


def summary(set: str, quantity: str, cases: Sequence[Case]) -> SetSummary:
    """Return the errors, the bias and the coverage of *cases*, and the errors of the simple rules."""
    names = dict.fromkeys(name for case in cases for name in case.baselines)
    return SetSummary(
        set,
        quantity,
        any(case.fitted_on for case in cases),
        errors_of([(case.error_ln, case.sigma) for case in cases]),
        {name: _errors([math.log(case.baselines[name] / case.published) for case in cases if name in case.baselines]) for name in names},
    )


def errors_of(found: Sequence[tuple[float, float]]) -> Errors:
    """Return the errors of predictions: of each, the logarithm of predicted over published and the log-spread of the prediction."""
    coverage = (sum(abs(error) <= z_of(level) * sigma for error, sigma in found) / len(found) for level in (0.5, 0.9))
    return _errors([error for error, _ in found], *coverage)


def set_id(name: str) -> str:
    """Return the id of a set from its *name*.

    Example:
        >>> set_id("Narayanan 2021 T1"), set_id("MegaScale's Megatron-LM A100"), set_id("NeMo 24.12 H100 fp8")
        ('narayanan-2021-t1', 'megascales-megatron-lm-a100', 'nemo-24-12-h100-fp8')
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


def _errors(errors: Sequence[float], coverage_50: float | None = None, coverage_90: float | None = None) -> Errors:
    sizes = sorted(abs(error) for error in errors)
    return Errors(
        n=len(sizes),
        median_abs_ln=quantile(sizes, 0.5),
        mean_abs_ln=sum(sizes) / len(sizes),
        p90_abs_ln=quantile(sizes, 0.9),
        bias_ln=sum(errors) / len(errors),
        mape=sum(abs(math.expm1(error)) for error in errors) / len(errors),
        coverage_50=coverage_50,
        coverage_90=coverage_90,
    )
