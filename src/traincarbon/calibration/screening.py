"""Find runs that a calibration must not use: impossible numbers, idle accelerators, duplicates."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from traincarbon.calibration.expected import Expected
from traincarbon.calibration.observed import Observed
from traincarbon.quantities import W_PER_KW

if TYPE_CHECKING:
    import numpy.typing as npt
    from numpy import bool_

    Flags = npt.NDArray[bool_]

_LEAST_MFU = 1e-3
"""Accelerators below it did something other than this training."""
_ABOVE_CAP = 1.1
"""Greatest mean power over the power cap: meters are off by a few per cent, and caps can be raised."""
IDLE_SHARE = 0.08
"""Least mean power over the power cap: idle accelerators take 0.1 to 0.3 of it."""


def reasons(observed: Observed, expected: Expected) -> dict[int, str]:
    """Return the first reason against each run that cannot be used, by its position."""
    import numpy as np

    found: dict[int, str] = {}

    def note(wrong: "Flags", say: Callable[[int], str]) -> None:
        for at in np.flatnonzero(wrong).tolist():
            found.setdefault(at, say(at))

    params, tokens, hours, n = observed.params, observed.tokens, observed.hours_h, observed.accelerators
    energy, server = observed.accelerator_kwh, observed.server_kwh
    with np.errstate(invalid="ignore", divide="ignore"):
        power_w, server_w = energy * W_PER_KW / hours, server * W_PER_KW / hours
        note(~(params > 0.0) | ~np.isfinite(params), lambda at: f"its parameters are {params[at]:g}")
        note(~(tokens > 0.0) | ~np.isfinite(tokens), lambda at: f"its tokens are {tokens[at]:g}")
        note(~(hours > 0.0) | ~np.isfinite(hours), lambda at: f"a clock error: its accelerator-hours are {hours[at]:g}")
        note((n < 1.0) | (n % 1.0 != 0.0) & ~np.isnan(n), lambda at: f"its accelerators are {n[at]:g}")
        note(observed.active_params > params, lambda at: f"more active parameters than parameters: {observed.active_params[at]:g}")
        note((energy < 0.0) | (server < 0.0), lambda at: f"negative energy: {min(energy[at], server[at]):g} kWh")
        note(np.isinf(energy) | np.isinf(server), lambda _: "its energy is infinite")
        note(expected.reached_mfu > 1.0, lambda at: f"fewer hours than the work takes at the peak rate: an MFU of {expected.reached_mfu[at]:.3g}")
        note(expected.reached_mfu < _LEAST_MFU, lambda at: f"idle accelerators: an MFU of {expected.reached_mfu[at]:.2g}")
        note(power_w > _ABOVE_CAP * expected.most_w, lambda at: f"energy above nameplate × hours: {power_w[at]:,.0f} W each, of {expected.most_w[at]:,.0f} W")
        most_w = expected.most_server_w
        note(
            server_w > _ABOVE_CAP * most_w,
            lambda at: f"energy above nameplate × hours: servers take {server_w[at]:,.0f} W per accelerator, their nameplate is {most_w[at]:,.0f} W",
        )
        is_idle = (power_w < IDLE_SHARE * expected.most_w) & ~observed.modelled  # a modelled power is no evidence
        note(is_idle, lambda at: f"idle accelerators: they took {power_w[at]:.3g} W each, of {expected.most_w[at]:,.0f} W")
        note(server < energy, lambda at: f"its servers used {server[at]:g} kWh, less than their accelerators, {energy[at]:g} kWh")
    note(np.isnan(expected.mfu), lambda at: expected.faults[int(observed.job_of[at])] or "its numbers are not those of a training")
    note(_seen_before(observed), lambda _: "the same numbers as another run: was it imported twice?")
    return found


def _seen_before(observed: Observed) -> "Flags":
    """Return which runs repeat an earlier one number by number. Different runs never take the same time to the last digit."""
    import numpy as np

    columns = (observed.params, observed.tokens, observed.hours_h, observed.accelerators, observed.job_of, observed.site_of, observed.accelerator_kwh)
    order = np.lexsort(columns)
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for column in columns:
        left, right = column[order[1:]], column[order[:-1]]
        same &= (left == right) | (np.isnan(left) & np.isnan(right)) if column.dtype.kind == "f" else left == right
    repeated = np.zeros(len(order), dtype=bool)
    repeated[order[1:][same]] = True
    return repeated
