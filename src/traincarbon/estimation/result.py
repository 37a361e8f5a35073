"""The estimate of a plan: every result with its interval, the steps that led to it, and what was assumed."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from traincarbon.errors import CarbonError
from traincarbon.estimation import server_counts
from traincarbon.estimation.consequences import SCOPES
from traincarbon.estimation.trace import Trace
from traincarbon.estimation.walk import Assumption, ComputedLink, Step, steps_of, walk
from traincarbon.quantities import ESTIMATED, SCOPED
from traincarbon.uncertain import Interval, Num, Uncertain, any_of, median_of

if TYPE_CHECKING:
    import pandas as pd

    from traincarbon.estimation.facts.evidence import Given
    from traincarbon.estimation.facts.rent import Quote
    from traincarbon.estimation.layout.task import Found
    from traincarbon.estimation.plan import Plan


_GOOD_SUPPORT = 10
"""Published runs from which on their spread is known well."""


class Result:
    """A result of an estimate as an attribute: its interval at the level of the estimate.

    Raises:
        CarbonError: the result is unknown for this plan; the hint says what to give.
    """

    def __init__(self, description: str) -> None:
        self.__doc__ = description

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, answer: None, owner: type) -> "Result": ...

    @overload
    def __get__(self, answer: "Estimate", owner: type) -> Interval: ...

    def __get__(self, answer: "Estimate | None", owner: type) -> "Interval | Result":
        """Return the interval."""
        return self if answer is None else answer.interval(answer.known(self.name))


class Estimate:
    """What a plan takes; see :func:`traincarbon.estimate`.

    Each result is an attribute, which raises where the result is unknown, and an item, which is None there.

    Attributes:
        plan: The plan.
        facts: The facts about its hardware, place and time.
        values: Every result as it was computed, None where it is unknown.
        warnings: What a reader should know before relying on it: :attr:`cautions`, then :attr:`gaps`.
        slips: Numbers of the plan that few would mean, to be said before the figures.
        cautions: Why the figures may be wrong: what does not fit, or was likely meant otherwise, or rests on too little.
        gaps: Why a result is unknown or a field has no effect, by the name of either.
        level: Confidence level of :attr:`results`. [1]
        fewest_accelerators: Accelerators that hold the training's state, None where unknown. [1]
        accelerators: Accelerators that work together, None where the plan does not state it: those that it states, or the fewest
            that hold the training's state where it states fewer. [1]
        stated_accelerators: Accelerators that the plan states, None where it states none. [1]
        find_uncalibrated: Returns the same estimate without its calibration; None where none was applied.
    """

    __slots__ = (
        "_find_layout",
        "_layout",
        "_scopes",
        "_trace",
        "accelerators",
        "cautions",
        "facts",
        "fewest_accelerators",
        "find_uncalibrated",
        "gaps",
        "level",
        "plan",
        "slips",
        "stated_accelerators",
        "values",
        "warnings",
    )

    compute_flop = Result("Floating-point operations of the model. [FLOP]")
    mfu = Result("Model FLOP utilisation over the whole run. [1]")
    accelerator_hours_h = Result("Accelerator-hours, also called GPU-hours. [h]")
    duration_s = Result("Wall-clock time. [s]")
    it_energy_kwh = Result("Energy of servers and network. [kWh]")
    facility_energy_kwh = Result("Energy at the meter of the facility. [kWh]")
    operational_kgco2e = Result("Emissions of the electricity, by the intensity of the grid. [kg CO2e]")
    operational_market_kgco2e = Result("Emissions of the electricity, by the plan's market_intensity. [kg CO2e]")
    embodied_kgco2e = Result("The run's share of the emissions of making the hardware. [kg CO2e]")
    scope2_location_kgco2e = Result("Direct emissions of the electricity by the grid, Scope 2 of the GHG Protocol. [kg CO2e]")
    scope2_market_kgco2e = Result("Direct emissions of the electricity by the plan's market_intensity, Scope 2. [kg CO2e]")
    scope3_upstream_kgco2e = Result("Emissions upstream of the electricity, Scope 3, category 3. [kg CO2e]")
    total_kgco2e = Result("Operational and embodied emissions. [kg CO2e]")
    water_l = Result("Water consumed, on the site and for the electricity. [L]")
    electricity_usd = Result("Cost of the electricity. [$]")
    rent_usd = Result("Cost of renting the accelerators. [$]")
    own_usd = Result("Cost of ownership: the run's share of the purchase, and the electricity. [$]")
    tco_usd = Result("Total cost of ownership: hardware less its resale, electricity, building, support, staff, spare parts, capital and disposal. [$]")
    purchase_usd = Result("Purchase price of the cluster. [$]")

    def __init__(
        self, trace: Trace, *, level: float, stated_accelerators: Num | None, find_layout: "Callable[[], Found]", layout: "Found | None" = None
    ) -> None:
        self.plan = trace.plan
        self.facts = trace.facts
        computed = trace.values  # noqa: PD011  not a data frame
        self.values: dict[str, Num | None] = {name: computed[name] for name in ESTIMATED}
        if trace.plan.market_intensity is not None:
            self.values["operational_market_kgco2e"] = computed["operational_market_kgco2e"]
        self._trace = trace
        self.slips = tuple(trace.slips)
        self.cautions = tuple(trace.warnings)
        self.gaps = trace.gaps
        self.warnings = [*self.slips, *self.cautions, *self.gaps.values()]
        self.level = level
        self.fewest_accelerators: Num | None = computed["fewest_accelerators"]
        self.accelerators: Num | None = computed["accelerators"]
        self.stated_accelerators = stated_accelerators
        self.find_uncalibrated: Callable[[], Estimate] | None = None
        self._find_layout = find_layout
        self._layout = layout
        self._scopes: list[ComputedLink] | None = None

    def of_link(self, name: str) -> Num | None:
        """Return what a link of the chain computed, also one that is no result; None where it is unknown."""
        found: Num | None = self._trace.values.get(name)  # noqa: PD011  not a data frame
        return found

    def __getitem__(self, name: str) -> Interval | None:
        value = self.values[name] if name in self.values else self.scopes[name]
        return None if value is None else self.interval(value)

    def known(self, name: str) -> Num:
        """Return the result *name* as it was computed.

        Raises:
            CarbonError: it is unknown for this plan.
        """
        value = self.scopes[name] if name in SCOPED else self.values.get(name)
        if value is None:
            raise CarbonError(f"{name} is not known for this plan", hint=" ".join(self.warnings))
        return value

    def median(self, name: str) -> Any:
        """Return the median of the result *name*; an array is that of the estimate itself: copy it before you change it in place.

        Raises:
            CarbonError: it is unknown for this plan.
        """
        return median_of(self.known(name))

    @property
    def fits(self) -> bool:
        """Whether the stated accelerators hold the training's state, as far as is known; of an array of plans, whether all do."""
        n, fewest = self.stated_accelerators, self.fewest_accelerators
        return n is None or fewest is None or not any_of(median_of(n) < median_of(fewest))

    @property
    def stated(self) -> "Plan":
        """The plan as it was given, before what follows from it took the place of samples, epochs and wall-clock time."""
        return self._trace.stated

    @property
    def is_raised(self) -> bool:
        """Whether the results are for more accelerators than the plan states, because those cannot hold the training."""
        return not self.fits and self.plan.accelerator_hours is None

    @property
    def calibration(self) -> dict[str, Any] | None:
        """The calibration that was applied, its factors, and the results without it; None where there is none."""
        if self.find_uncalibrated is None:
            return None
        from traincarbon.estimation.calibration_effect import calibration_effect

        return calibration_effect(self, self.find_uncalibrated())

    @property
    def quotes(self) -> "tuple[Quote, ...]":
        """What each provider asks for an accelerator-hour, where the cost to rent rests on such quotes."""
        return self.facts.quotes if "rent_price" in self.inputs else ()

    @property
    def support(self) -> dict[str, Any]:
        """How many published runs are of the plan's generation of hardware, family and kind, how much that is, and how many are of each alone."""
        alike, of_generation, of_family = self.facts.support or (0, 0, 0)
        level = "good" if alike >= _GOOD_SUPPORT else "some" if alike else "none"
        return {"published_runs": alike, "level": level, "of_generation": of_generation, "of_family": of_family}

    @property
    def links(self) -> list[ComputedLink]:
        """The links that were computed, each with its inputs and its value, in their order."""
        return self._trace.links

    @property
    def inputs(self) -> "dict[str, Given]":
        """The facts and priors that entered the chain, by name."""
        return self._trace.used

    @property
    def scopes(self) -> dict[str, Num | None]:
        """The emissions of the electricity by scope, as they were computed, None where they cannot be told apart; computed when first asked for."""
        return {link.name: value for link, _, value in self._scope_links}

    @property
    def _scope_links(self) -> list[ComputedLink]:
        if self._scopes is None:
            self._scopes = walk(SCOPES, self._trace.values.copy())  # noqa: PD011  not a data frame
        return self._scopes

    @property
    def results(self) -> dict[str, Interval | None]:
        """Every result with its interval at :attr:`level`; None where it cannot be known.

        The bounds of arrays share one piece of memory: keep a copy of a bound where the others are not needed.
        """
        scopes, level = self.scopes, self.level
        known = (*self.values.items(), *((name, scopes[name]) for name in SCOPED))
        if any(hasattr(median_of(self.values[name]), "shape") for name in ("facility_energy_kwh", "tco_usd")):
            from traincarbon.estimation.array_intervals import intervals_of_arrays

            return intervals_of_arrays(known, level)
        return {name: None if value is None else Interval.of(value, level) for name, value in known}

    @property
    def spread_shares(self) -> dict[str, dict[str, Any]]:
        """For each result, the share of its spread (variance of the logarithm) by source, largest first."""
        shares = {}
        for name, value in (self.values | self.scopes).items():
            if isinstance(value, Uncertain) and value.spreads:
                parts = value.shares()
                shares[name] = dict(sorted(parts.items(), key=lambda part: -_mean(part[1])))
        return shares

    @property
    def ownership_usd(self) -> dict[str, Any]:
        """The lines of the total cost of ownership at the medians, which add up to it; empty where it is unknown. [$]."""
        inputs = next((found for link, found, value in self.links if link.name == "tco_usd" and value is not None), None)
        if inputs is None:
            return {}
        from traincarbon.formulas.ownership import ownership_usd  # few answers are asked for them

        return ownership_usd({name: median_of(value) for name, value in inputs.items()})

    @property
    def flop_counts(self) -> dict[str, Any] | None:
        """How the FLOP were counted, ``6nd``, ``exact``, ``usual_shape``, ``stated`` or ``per_sample``, with the parts that add up to them; None where they are unknown."""
        counts = self._trace.flop_counts
        return None if counts is None else {"how": counts.how, "parts": {name: median_of(flop) for name, flop in counts.parts.items()}}

    @property
    def steps(self) -> tuple[Step, ...]:
        """The facts that entered the chain, the formulas that gave some of them, and the links in the order in which they were computed, scopes last."""
        scopes = [computed for computed in self._scope_links if computed[2] is not None]
        split = [given for link, _, _ in scopes for name in link.names if (given := self.facts.known.get(name)) is not None]
        facts = (
            Step(given.name, given.reason, {}, median_of(given.value), given.unit, f"{given.source}: {given.locator}" if given.source else "")
            for given in (*self.inputs.values(), *split)
        )
        derivations = (step for given in self.inputs.values() for step in steps_of(given.derivation))
        return (
            *facts,
            *derivations,
            *steps_of(self.links),
            *(step._replace(name=link.name) for (link, _, _), step in zip(scopes, steps_of(scopes), strict=True)),
        )

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What the plan leaves open, and the value assumed for it."""
        priors = (Assumption(given.name, median_of(given.value), given.reason) for given in self.inputs.values() if given.assumed)
        step = self.facts.given("step_calibration")
        if step is None or not step.assumed or self.accelerators is None or self.layout.spread is None:
            return (*self._trace.assumed, *priors)
        return (*self._trace.assumed, *priors, Assumption(step.name, self.layout.spread.calibration, step.reason))

    @property
    def server_counts(self) -> list[int]:
        """Numbers of servers, or of accelerators for a bare accelerator, that are worth comparing; empty for arrays."""
        hours = self.values["accelerator_hours_h"]
        if hours is None or hasattr(median_of(hours), "shape"):
            return []
        fewest = 1.0 if self.fewest_accelerators is None else float(median_of(self.fewest_accelerators))
        return server_counts.server_counts(accelerator_hours_h=float(median_of(hours)), accelerator_count=self.facts.accelerator_count, fewest=fewest)

    @property
    def layout(self) -> "Found":
        """The fastest layout that fits on the plan's accelerators, searched when first asked for, or why there is none; of many plans, as arrays."""
        if self._layout is None:
            self._layout = self._find_layout()
        return self._layout

    def missing_layout(self) -> list[str]:
        """Return a warning where a number of accelerators is known but no layout for it, and :attr:`warnings` does not say so already."""
        stated = any(getattr(self.plan, degree) is not None for degree in ("tp", "pp", "dp"))
        has_no_work = self.values["compute_flop"] is None
        return [] if stated or has_no_work or self.accelerators is None or self.layout.spread is not None else [f"no layout: {self.layout.why_none}"]

    def interval(self, value: Num) -> Interval:
        """Return *value* with its bounds at :attr:`level`."""
        return Interval.of(value, self.level)

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate fit for JSON, in the schema ``traincarbon/estimate/1``."""
        from traincarbon.estimation.result_forms import as_dict

        return as_dict(self)

    def to_frame(self) -> "pd.DataFrame":
        """Return the results as a DataFrame: a row for each result, or for arrays a row for each plan with columns (result, bound).

        Raises:
            MissingExtraError: pandas is not installed.
        """
        from traincarbon.estimation.result_forms import as_frame

        return as_frame(self)

    def _repr_html_(self) -> str:
        from traincarbon.estimation.result_forms import as_html

        return as_html(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:  # noqa: ARG002  IPython chooses among all of them
        from traincarbon.notebooks import mime_bundle

        return mime_bundle(text=repr(self), html=self._repr_html_())

    def __repr__(self) -> str:
        from traincarbon.estimation.result_forms import scalars

        return f"Estimate({', '.join(f'{name}={result.median:.3g}' for name, result in scalars(self))})"


def _mean(value: Any) -> float:
    return float(value.mean()) if hasattr(value, "mean") else float(value)
