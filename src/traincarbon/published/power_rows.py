"""Rows of measured power: the mean power of an accelerator in a training as a share of its power cap, at the utilisation that it reached."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.hardware import power_scope, speed_up_of
from traincarbon.fitting.regression import Observation
from traincarbon.formulas import throughput
from traincarbon.published.prior_rows import NARROW_SHARE
from traincarbon.published.reported_runs import Chip, PublishedRun, chip_of
from traincarbon.published.run_kinds import Unusable
from traincarbon.quantities import W_PER_KW

REFERENCE_MFU = 0.35
"""Utilisation at 16 bits from which on the fitted shares of the power cap hold: chosen among 0.13, 0.19, 0.26, 0.35, 0.43 and no limit."""
REFERENCE_MFU_OF_CARDS = 0.1
"""The same of cards with graphics memory, which are busy at less of their peak: chosen among 0.05 to 0.3."""
PROCESSORS = "processor"
"""The segment of all processors: of servers, of workstations and of laptops."""
_NOMINAL = 0.02
"""Mean power this close to the power cap is the cap times the hours, not a measurement."""
_HOST_SHARE = 0.45
"""Mean power of a host as a share of its nameplate, while power shares are fitted. The fact of the same name says why."""


class PowerRow(NamedTuple):
    """A measurement of power.

    Attributes:
        id: The id of its run.
        segment: Who the accelerator is made for, or that it is a processor; ``datacentre`` where the database does not say.
        law: The scope of the law of power that such accelerators follow.
        observed: The logarithm of the share of the power cap, with its effects.
    """

    id: str
    segment: str
    law: str
    observed: Observation


def of_runs(runs: Iterable[PublishedRun], metered: Iterable[PublishedRun], database: Database) -> list[PowerRow]:
    """Return the rows of whole *runs*, whose energy and hours give the power, then those of *metered* parts of trainings, which state it.

    Where a whole server was metered, the network and the host are subtracted. Rows that state the cap itself are left out.
    """
    return [*_of_runs(runs, database), *_of_metered(metered, database)]


def _of_runs(runs: Iterable[PublishedRun], database: Database) -> Iterator[PowerRow]:
    for run in runs:
        chip = _chip(run, database) if run.unusable in (None, Unusable.SAME_TRAINING) else None
        if chip is None:
            continue
        cap_w, power_w = chip.product.value("board_power_w"), accelerator_power_w(run, chip, database)
        if cap_w is not None and power_w is not None and 0.1 * cap_w < power_w < cap_w:
            yield from _row(run, chip, power_w / cap_w)


def _of_metered(metered: Iterable[PublishedRun], database: Database) -> Iterator[PowerRow]:
    """Yield a row for each; makers give some cards a higher cap than the reference card has, so such a share counts as one."""
    for run in metered:
        product, power_w = _product(run, database), run.mean_power_w_per_accelerator
        cap_w = run.power_cap_w or product.value("board_power_w") if product is not None else None
        if product is None or cap_w is None or power_w is None:
            continue
        chip = _chip(run, database)
        if product.type == "cpu":
            yield _row_of_processor(run, product, power_w / cap_w)
        elif chip is not None:
            yield from _row(run, chip, min(power_w / cap_w, 1.0))


def _product(run: PublishedRun, database: Database) -> Product | None:
    try:
        return run.find_hardware(database)
    except CarbonError:
        return None


def _chip(run: PublishedRun, database: Database) -> Chip | None:
    try:
        return chip_of(run, database)
    except CarbonError:
        return None


def _row_of_processor(run: PublishedRun, product: Product, share: float) -> PowerRow:
    """Return the row of *run*. Its group is the processor, because one organisation measured all; its utilisation is not known.

    The thermal design power is no cap: a processor takes more for as long as its board lets it.
    """
    effects = {"all": 1.0, f"processor={product.id}": 1.0}
    return PowerRow(run.id, PROCESSORS, power_scope(product), Observation(math.log(share), effects, product.id, "run"))


def _row(run: PublishedRun, chip: Chip, share: float) -> Iterator[PowerRow]:
    """Yield the row of *run*, if its utilisation is known."""
    law = power_scope(chip.product)
    wide_mfu = REFERENCE_MFU_OF_CARDS if law.startswith("segment=") else REFERENCE_MFU
    reference_mfu = throughput.narrowed_mfu(mfu=wide_mfu, speed_up=speed_up_of(chip.product, chip.precision), narrow_share=NARROW_SHARE)
    mfu = run.implied_mfu(chip.peak_flop_per_s) or run.mfu or (reference_mfu if run.family == "dense-lm" else None)
    if mfu is None:
        return
    segment = chip.product.segment or "datacentre"
    level = f"segment={segment}" if law else f"generation={chip.generation}"
    effects = {"all": 1.0, level: 1.0, "exponent": min(math.log(mfu / reference_mfu), 0.0)}
    if law:
        effects[f"card={chip.product.id}"] = 1.0
    yield PowerRow(run.id, segment, law, Observation(math.log(share), effects, run.group, "run"))


def accelerator_power_w(run: PublishedRun, chip: Chip, database: Database) -> float | None:
    """Return the mean power of one accelerator in *run*, without the host, or None if it was not measured.

    The unit is watts.
    """
    mean_w = _mean_power_w(run)
    if mean_w is None or is_nominal(run, chip):
        return None
    if run.energy_scope == "gpu-only":
        return mean_w
    if run.energy_scope not in ("server", "facility") or (run.energy_scope == "facility" and run.pue is None):
        return None
    return mean_w / (1.0 + _median(database, "network_share")) - host_nameplate_w(chip, database) * _HOST_SHARE


def is_nominal(run: PublishedRun, chip: Chip) -> bool:
    """Return whether the published energy of *run* is the power cap times its hours rather than a measurement."""
    mean_w, cap_w = _mean_power_w(run), chip.product.value("board_power_w")
    return mean_w is not None and cap_w is not None and abs(mean_w / cap_w - 1.0) < _NOMINAL


def _mean_power_w(run: PublishedRun) -> float | None:
    """Return the published energy over the accelerator-hours, without the facility's overhead."""
    if run.energy_kwh is None or run.hours_h is None:
        return None
    return run.energy_kwh * W_PER_KW / run.hours_h / (run.pue or 1.0 if run.energy_scope == "facility" else 1.0)


def host_nameplate_w(chip: Chip, database: Database) -> float:
    """Return the nameplate of a server without its accelerators, per accelerator and by the prior for such chips, in watts."""
    for scope in (f"generation={chip.generation}", f"type={chip.product.keys.get('type', '')}", "type=*"):
        for row in database.rows("priors", "host_ratio"):
            if row["scope"] == scope:
                return float(row["median"]) * (chip.product.value("board_power_w") or 0.0)
    return 0.0


def _median(database: Database, name: str) -> float:
    return float(next(row for row in database.rows("priors", name) if row["scope"] == "*")["median"])
