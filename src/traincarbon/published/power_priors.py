"""Fit the law of power: the share of the power cap by generation, and of cards with graphics memory by who they are made for."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from traincarbon.database.records import TABLES
from traincarbon.fitting.left_out import honest_scatter, left_out
from traincarbon.fitting.regression import Fit, Observation, fit
from traincarbon.published.power_rows import REFERENCE_MFU, REFERENCE_MFU_OF_CARDS, PowerRow
from traincarbon.published.prior_rows import AMPLE_ROWS, prior_of

FITTED = ("power_share", "power_exponent", "power_reference_mfu")
"""The priors that this module writes."""
_SPREADS = {"all": 1.0, "generation": 0.15, "exponent": 0.3, "group:run": 0.05}
_SPREADS_OF_CARDS = {"all": 1.0, "segment": 0.1, "exponent": 0.3, "group:run": 0.1}
"""Log-spreads of the effects while power shares are fitted: too few rows tell them."""
_CARDS = ("workstation", "consumer", "laptop")
_WHAT = "mean power over the power cap, at the reference utilisation and above"
_CHOSEN = "chosen with organisations left out; docs/method.md, Power"
_PROCESSOR_SHARE, _PROCESSOR_SPREAD, _PROCESSOR_EXPONENT = 0.85, 0.2, 0.05
"""A processor in training keeps its cores busy at a small part of its peak rate, so that its power hardly follows the utilisation."""


def fit_accelerators(rows: Sequence[PowerRow]) -> Fit | None:
    """Return the law of accelerators of data centres, None without a row of them."""
    return _fit([row.observed for row in rows if not row.law], _SPREADS)


def fit_cards(rows: Sequence[PowerRow]) -> Fit | None:
    """Return the law of cards with graphics memory, None without a row of them."""
    return _fit([row.observed for row in rows if row.law], _SPREADS_OF_CARDS)


def _fit(rows: Sequence[Observation], spreads: dict[str, float]) -> Fit | None:
    """Return the law fitted to *rows*, None without any; where they are many, with the scatter that makes its intervals honest."""
    found = fit(rows, start={"scatter:run": 0.15}, fixed=spreads) if rows else None
    if found is None or len(rows) < AMPLE_ROWS:
        return found
    scatter = honest_scatter(left_out(rows, found), groups=len({row.group for row in rows}))
    return replace(found, sigmas={**found.sigmas, "scatter:run": scatter})


def fit_of(row: PowerRow) -> Callable[[Sequence[PowerRow]], Fit | None]:
    """Return what fits the law that *row* follows."""
    return fit_cards if row.law else fit_accelerators


def fitted(rows: Sequence[PowerRow]) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` about power, fitted to *rows*; none of a law without rows."""
    written = []
    accelerators, cards = fit_accelerators(rows), fit_cards(rows)
    if accelerators is not None:
        own = [row for row in rows if not row.law]
        generations = sorted({name.partition("=")[2] for name in accelerators.names if name.startswith("generation=")})
        written += [_share(accelerators, own, f"generation={generation}") for generation in [*generations, "*"]]
        exponent, error = accelerators.effect("exponent")
        written.append(prior_of("power_exponent", "*", exponent, 0.0, len(own), f"standard error {error:.2f}"))
        written.append(prior_of("power_reference_mfu", "*", REFERENCE_MFU, 0.0, len(own), _CHOSEN))
    if cards is not None:
        own = [row for row in rows if row.law]
        written += [_share(cards, own, f"segment={segment}") for segment in _CARDS]
        exponent, error = cards.effect("exponent")
        written.append(prior_of("power_exponent", "segment=*", exponent, 0.0, len(own), f"cards with graphics memory; standard error {error:.2f}"))
        written.append(prior_of("power_reference_mfu", "segment=*", REFERENCE_MFU_OF_CARDS, 0.0, len(own), _CHOSEN))
    return [*written, *_of_processors()]


def _share(found: Fit, rows: Sequence[PowerRow], scope: str) -> dict[str, str]:
    mean, sigma = found.predict({"all": 1.0, scope: 1.0}, "run")
    n = sum(scope in row.observed.effects for row in rows) if not scope.endswith("=*") else len(rows)
    return prior_of("power_share", scope, min(math.exp(mean), 1.0), sigma, n, _WHAT)


def _of_processors() -> list[dict[str, str]]:
    """Return the assumed law of processors."""
    evidence = ("", "choice", "docs/method.md, Power", "assumed")
    note = "busy cores take a processor to its cap; 0.61 to 1.18 at 90 %; no row of training on processors that states power and work was found"
    share = ("power_share", "type=cpu", f"{_PROCESSOR_SHARE:g}", f"{_PROCESSOR_SPREAD:g}", *evidence, note)
    exponent = ("power_exponent", "type=cpu", f"{_PROCESSOR_EXPONENT:g}", "", *evidence, "the power of busy cores hardly follows their FLOP")
    return [dict(zip(TABLES["priors"], cells, strict=True)) for cells in (share, exponent)]
