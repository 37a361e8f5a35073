"""Show a calibration on a screen of 80 columns: by run, by quantity, by scope, and the runs that were set aside."""

import math
from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.uncertain import Z_90

if TYPE_CHECKING:
    from collections.abc import Sequence

    from traincarbon.calibration.fit import Fitted
    from traincarbon.estimation.billed_rent import Rent
    from traincarbon.estimation.calibration import Calibration, Effect
    from traincarbon.published.reported_runs import SetAside

_MOST_RUNS = 12
_MOST_SCOPES = 8
_MOST_ASIDE = 8
_NAME = 28
_QUANTITIES = {
    "hours": "GPU-hours",
    "energy": "Energy, accelerators",
    "host": "Power, rest of server",
    "step": "Step on its layout",
    "price": "Price of a GPU-hour",
}
_EFFECTS = {"mfu": "utilisation", "power": "power, chips", "host": "power, rest", "step": "step"}


def screen(fitted: "Fitted") -> str:
    """Return predicted over measured of each run, errors by quantity, and effects by scope."""
    calibration = fitted.calibration
    parts = [_runs(fitted), ""] if "hours" in fitted.errors else []
    parts += [_errors(calibration), ""] if fitted.errors else []
    parts += [_scopes(calibration.effects), ""] if calibration.effects else []
    parts += [*(output.wrapped("Real price", _rent(rent)) for rent in calibration.rents), ""] if calibration.rents else []
    if fitted.set_aside:
        parts += [_aside(fitted.set_aside), ""]
    parts += [output.wrapped("Note", note) for note in calibration.notes]
    return "\n".join(parts).rstrip("\n")


def listing(found: "Sequence[Calibration]") -> str:
    """Return a table of calibrations."""
    rows: list[tuple[str, ...]] = [("name", "made", "runs", "hardware", "error without", "left out", "automatic")]
    for each in found:
        hours = each.errors.get("hours", {})
        chips = [*dict.fromkeys([*(effect.hardware for effect in each.effects if effect.hardware), *(rent.hardware for rent in each.rents)])]
        hardware = _cut(", ".join(chips[:2]) + (f" and {len(chips) - 2} more" if len(chips) > 2 else ""), 24)
        errors = (percent(hours[name]) if name in hours else "" for name in ("before", "left_out"))
        rows.append((_cut(each.name, 20), each.made[:10], f"{each.n_runs:,}", hardware, *errors, "yes" if each.automatic else "no"))
    return output.fitting_table(rows, right=(2, 4, 5), drop=(5, 1), cut=(3, 0))


def percent(log: float) -> str:
    """Return the size of a logarithm in per cent: how much larger the larger number is.

    Example:
        >>> percent(0.0953), percent(0.7)
        ('10 %', '100 %')
    """
    return f"{output.significant(100.0 * math.expm1(abs(log)), 2)} %"


def _rent(rent: "Rent") -> str:
    """Return what an hour of an accelerator cost by bills, and where."""
    place = f" in {output.clean(rent.site)}" if rent.site else ""
    runs = output.counted(rent.runs, "run")
    return (
        f"${rent.usd_per_h:,.2f} per GPU-hour of {output.clean(rent.hardware)}{place}: ${rent.usd:,.2f} for {rent.accelerator_hours_h:,.0f} GPU-hours of {runs}"
    )


def _runs(fitted: "Fitted") -> str:
    used, errors = fitted.used, fitted.errors["hours"]
    rows: list[tuple[str, ...]] = [("predicted over measured", "hours", "without", "with", "left out")]
    for at in range(min(len(used), _MOST_RUNS)):
        ratios = (f"× {math.exp(column[at]):.2f}" for column in (errors.before, errors.after, errors.left_out))
        rows.append((_cut(used.ids[at], _NAME), output.significant(float(used.hours_h[at]), 3), *ratios))
    head, *lines = output.fitting_table(rows, right=range(1, 5), cut=(0,)).split("\n")
    over = len(used) - _MOST_RUNS
    return "\n".join([head, *lines, *([output.dim(f"and {over:,} more runs; --json has each")] if over > 0 else [])])


def _errors(calibration: "Calibration") -> str:
    rows: list[tuple[str, ...]] = [("median error", "runs", "without", "with", "left out", "inside", "left out")]
    for quantity, errors in calibration.errors.items():
        sizes = (percent(errors[name]) for name in ("before", "after", "left_out"))
        inside = (f"{100.0 * errors[name]:.0f} %" for name in ("coverage_before", "coverage_left_out"))
        rows.append((_QUANTITIES[quantity], f"{errors['n']:,.0f}", *sizes, *inside))
    table = output.fitting_table(rows, right=range(1, 7), drop=(5, 1))
    return "\n".join([table, output.dim(output.filled("left out: each run predicted by the others; inside: runs in the 90 % interval"))])


def _scopes(effects: "Sequence[Effect]") -> str:
    named = [effect for effect in effects if effect.family]
    named += [effect for effect in effects if effect.hardware and not effect.site and not effect.family]
    rows: list[tuple[str, ...]] = [("over expected", "hardware, site, kind", "runs", "factor", "90 % interval")]
    for effect in named[:_MOST_SCOPES]:
        mean, sigma = effect.at(None)
        reach = Z_90 * sigma
        where = _cut(", ".join(word for word in effect.scope if word) + ("" if effect.family else ", other sites and kinds"), 40)
        bounds = f"{math.exp(mean - reach):.2f} – {math.exp(mean + reach):.2f}"
        rows.append((_EFFECTS[effect.quantity], where, f"{effect.runs:,}", f"× {math.exp(mean):.2f}", bounds))
    head, *lines = output.fitting_table(rows, right=(2, 3, 4), cut=(1, 0), gap=" ").split("\n")
    over = len(named) - _MOST_SCOPES
    return "\n".join([head, *lines, *([output.dim(f"and {over:,} more scope{'s' * (over > 1)}; --json has each")] if over > 0 else [])])


def _aside(set_aside: "Sequence[SetAside]") -> str:
    lines = [output.wrapped("Set aside", f"{_cut(each.id, 40)}, {output.clean(each.reason)}") for each in set_aside[:_MOST_ASIDE]]
    over = len(set_aside) - _MOST_ASIDE
    return "\n".join([*lines, *([output.dim(f"and {over:,} more set aside; --json lists each")] if over > 0 else [])])


def _cut(text: str, most: int) -> str:
    plain = output.clean(text)
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
