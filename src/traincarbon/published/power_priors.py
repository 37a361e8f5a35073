"""Fit the law of power: the share of the power cap by generation, of cards with graphics memory by who they are made for, and of processors."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from traincarbon.database.records import CARD_SEGMENTS, TABLES
from traincarbon.fitting.left_out import honest_scatter, left_out
from traincarbon.fitting.regression import Fit, Observation, fit
from traincarbon.published.power_rows import REFERENCE_MFU, REFERENCE_MFU_OF_CARDS, PowerRow
from traincarbon.published.prior_rows import AMPLE_ROWS, prior_of

FITTED = ("power_share", "power_exponent", "power_reference_mfu")
"""The priors that this module writes."""
_SPREADS = {"all": 1.0, "generation": 0.15, "exponent": 0.3, "group:run": 0.05}
_SPREADS_OF_CARDS = {"all": 1.0, "segment": 0.1, "card": 0.2, "exponent": 0.3, "group:run": 0.1}
_SPREADS_OF_PROCESSORS = {"all": 1.0, "processor": 0.2, "group:run": 0.1}
"""Log-spreads of the effects while power shares are fitted: too few rows tell them."""
_WHAT = "mean power over the power cap, at the reference utilisation and above"
_CHOSEN = "chosen with organisations left out; docs/method.md, Power"
_WHAT_OF_PROCESSORS = "mean power over the thermal design power, in trainings of neural networks"
_ANY_PROCESSOR = "type=cpu"
_PROCESSOR_EXPONENT = 0.05
_COMPUTER_SHARE, _COMPUTER_SPREAD, _COMPUTER_EXPONENT = 0.57, 0.2, 0.08
"""Of Apple's chips, by the power of their Macs: no row states it, but meters in two chips do for what they see; docs/method.md adds the rest."""


def fit_accelerators(rows: Sequence[PowerRow]) -> Fit | None:
    """Return the law of accelerators of data centres, None without a row of them."""
    return _fit([row.observed for row in rows if not row.law], _SPREADS)


def fit_cards(rows: Sequence[PowerRow]) -> Fit | None:
    """Return the law of cards with graphics memory, None without a row of them.

    Its scatter has heavy tails: a large card that small networks keep busy in part only takes far less than its utilisation tells.
    """
    return _fit([row.observed for row in rows if row.law.startswith("segment=")], _SPREADS_OF_CARDS, heavy_tailed=True)


def fit_processors(rows: Sequence[PowerRow]) -> Fit | None:
    """Return the law of processors, None without a row of them; their scatter is that of the rows, since two processors are too few to leave one out."""
    observed = [row.observed for row in rows if row.law == _ANY_PROCESSOR]
    return fit(observed, start={"scatter:run": 0.3}, fixed=_SPREADS_OF_PROCESSORS) if observed else None


def _fit(rows: Sequence[Observation], spreads: dict[str, float], *, heavy_tailed: bool = False) -> Fit | None:
    """Return the law fitted to *rows*, None without any; where they are many, with the scatter that makes its intervals honest."""
    found = fit(rows, start={"scatter:run": 0.15}, fixed=spreads, heavy_tailed=heavy_tailed) if rows else None
    if found is None or len(rows) < AMPLE_ROWS:
        return found
    scatter = honest_scatter(left_out(rows, found), groups=len({row.group for row in rows}))
    return replace(found, sigmas={**found.sigmas, "scatter:run": scatter})


def fit_of(row: PowerRow) -> Callable[[Sequence[PowerRow]], Fit | None]:
    """Return what fits the law that *row* follows."""
    if row.law == _ANY_PROCESSOR:
        return fit_processors
    return fit_cards if row.law else fit_accelerators


def fitted(rows: Sequence[PowerRow]) -> list[dict[str, str]]:
    """Return the rows of ``priors.csv`` about power: fitted to *rows*, none of a law without rows, and the assumed law of whole computers."""
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
        own = [row for row in rows if row.law.startswith("segment=")]
        written += [_share(cards, own, f"segment={segment}", "card=*") for segment in CARD_SEGMENTS]
        exponent, error = cards.effect("exponent")
        written.append(prior_of("power_exponent", "segment=*", exponent, 0.0, len(own), f"cards with graphics memory; standard error {error:.2f}"))
        written.append(prior_of("power_reference_mfu", "segment=*", REFERENCE_MFU_OF_CARDS, 0.0, len(own), _CHOSEN))
    processors = fit_processors(rows)
    if processors is not None:
        own = [row for row in rows if row.law == _ANY_PROCESSOR]
        mean, sigma = processors.predict({"all": 1.0, "processor=*": 1.0}, "run")
        written.append(prior_of("power_share", _ANY_PROCESSOR, math.exp(mean), sigma, len(own), _WHAT_OF_PROCESSORS))
        written.append(_exponent_of_processors())
    return [*written, *_of_whole_computers()]


def _share(found: Fit, rows: Sequence[PowerRow], scope: str, *further: str) -> dict[str, str]:
    """Return the share of *scope*, for a product that is new in the *further* effects."""
    mean, sigma = found.predict(dict.fromkeys(("all", scope, *further), 1.0), "run")
    n = sum(scope in row.observed.effects for row in rows) if not scope.endswith("=*") else len(rows)
    return prior_of("power_share", scope, min(math.exp(mean), 1.0), sigma, n, _WHAT)


def _exponent_of_processors() -> dict[str, str]:
    """Return the assumed exponent of processors: training keeps their cores busy at a small part of the peak rate, so that power hardly follows it."""
    note = "the power of busy cores hardly follows their FLOP; no row of a processor states its utilisation"
    return _assumed("power_exponent", _ANY_PROCESSOR, f"{_PROCESSOR_EXPONENT:g}", "", note)


def _of_whole_computers() -> list[dict[str, str]]:
    """Return the assumed law of chips whose power is that of a whole computer."""
    share = "idle power of the Mac, its GPU on an M1 Max, and for the rest of the chip what an M1 Pro took beside its GPU, over the most that the Mac takes; 0.41 to 0.79 at 90 %"
    exponent = "GPU of an M1 Max and of an M1 Pro: MobileNet v2 against ResNet-50"
    return [
        _assumed("power_share", "type=soc", f"{_COMPUTER_SHARE:g}", f"{_COMPUTER_SPREAD:g}", share),
        _assumed("power_exponent", "type=soc", f"{_COMPUTER_EXPONENT:g}", "", exponent),
    ]


def _assumed(prior: str, scope: str, median: str, sigma: str, note: str) -> dict[str, str]:
    return dict(zip(TABLES["priors"], (prior, scope, median, sigma, "", "choice", "docs/method.md, Power", "assumed", note), strict=True))
