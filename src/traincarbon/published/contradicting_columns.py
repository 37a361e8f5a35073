"""Columns of a published run that contradict each other: hours, counts, energy, carbon, and FLOP beside parameters and tokens."""

from collections.abc import Mapping

from traincarbon.errors import DatabaseError
from traincarbon.estimation.families import published_family
from traincarbon.quantities import H_PER_DAY

_POWER_KW = (0.01, 60.0)
"""Mean power of one accelerator, with its share of the site: from a small idle card to a wafer."""
_INTENSITY_G_PER_KWH = 3000.0
_CO2E_KG_PER_H = 60.0
_HOURS_APART = 5.0
_FLOP_APART = 10.0


def check_together(numbers: Mapping[str, float], family: str) -> None:
    """Refuse columns of a row of this *family* of models that contradict each other, which only wrong units explain.

    Raises:
        DatabaseError: one column contradicts another.
    """
    _check_flop(numbers, family)
    hours_h, days, n = (numbers.get(name) for name in ("accelerator_hours", "wallclock_days", "accelerators"))
    energy_kwh, co2e_t = numbers.get("energy_kwh"), numbers.get("co2e_t")
    counted_h = days * H_PER_DAY * n if days is not None and n is not None else None
    if hours_h is not None and counted_h is not None and not 1.0 / _HOURS_APART < hours_h / counted_h < _HOURS_APART:
        raise DatabaseError(
            f"column accelerator_hours: {hours_h:g} contradicts wallclock_days, {days:g} days on {n:g} accelerators: {counted_h:g} h; is one in another unit?"
        )
    hours_h = hours_h if hours_h is not None else counted_h
    if energy_kwh is not None and hours_h is not None and not _POWER_KW[0] <= energy_kwh / hours_h <= _POWER_KW[1]:
        raise DatabaseError(f"column energy_kwh: {energy_kwh:g} kWh in {hours_h:g} h is {energy_kwh / hours_h:.3g} kW an accelerator; is it in kWh?")
    if co2e_t is not None and energy_kwh is not None and co2e_t * 1e6 / energy_kwh > _INTENSITY_G_PER_KWH:
        raise DatabaseError(f"column co2e_t: {co2e_t:g} t from {energy_kwh:g} kWh is {co2e_t * 1e6 / energy_kwh:.3g} g/kWh, beyond any grid; is it in tonnes?")
    if co2e_t is not None and hours_h is not None and co2e_t * 1e3 / hours_h > _CO2E_KG_PER_H:
        raise DatabaseError(f"column co2e_t: {co2e_t:g} t in {hours_h:g} h is {co2e_t * 1e3 / hours_h:.3g} kg an accelerator-hour; is it in tonnes?")


def _check_flop(numbers: Mapping[str, float], family: str) -> None:
    """Refuse FLOP that contradict parameters and tokens, of a family whose FLOP follow from these.

    Raises:
        DatabaseError: one is ten times the other.
    """
    flop, tokens = numbers.get("training_flops"), numbers.get("tokens")
    params, teacher = numbers.get("active_params", numbers.get("total_params")), numbers.get("teacher_params", 0.0)
    known = published_family(family)
    if flop is None or tokens is None or params is None or known.medium or known.needs:
        return
    expected = float(known.training_flop(active_params=params, tokens=tokens)) + 2.0 * teacher * tokens
    if not 1.0 / _FLOP_APART < flop / expected < _FLOP_APART:
        raise DatabaseError(f"column training_flops: {flop:g} contradicts parameters × tokens, which give {expected:.3g}; is one in another unit?")
