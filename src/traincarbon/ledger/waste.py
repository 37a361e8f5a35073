"""What a run paid for and did not use: idle GPUs, work that was done twice, and time between attempts."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from traincarbon.ledger.attempts import Attempt, repeated_steps
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.quantities import J_PER_KWH, S_PER_H, CostBasis, Part

_LEAST_S = 300.0
"""A GPU is judged after so long: before, data may still load."""
_WHOLLY = 0.9
"""Share of the time for which a GPU is idle that the run does not use."""


class Waste(NamedTuple):
    """What a run did not use; None where that cannot be known, as without a price."""

    idle_gpus: int | None = None
    """GPUs that were idle for at least 90 % of the time."""
    idle_gpu_h: float | None = None
    """Their hours without work. [h]"""
    idle_gpu_kwh: float | None = None
    """Their energy in these hours, at their meters. [kWh]"""
    idle_gpu_usd: float | None = None
    waiting_gpu_h: float | None = None
    """Hours without work of the other GPUs. [h]"""
    waiting_gpu_kwh: float | None = None
    waiting_gpu_usd: float | None = None
    repeated_steps: float | None = None
    """Steps that were done again, as an attempt resumed from an earlier checkpoint. [1]"""
    repeated_kwh: float | None = None
    """What they took the first time, at the meters. [kWh]"""
    repeated_usd: float | None = None
    interrupted_s: float = 0.0
    """Time from the end of an attempt that did not finish to the next. [s]"""

    def to_dict(self) -> dict[str, float | int | None]:
        """Return it as a record states it."""
        return self._asdict()


NO_WASTE = Waste()
"""Of a run of which nothing is known."""


def waste_of(by_device: Sequence[DeviceUse], attempts: Sequence[Attempt], *, cost_usd: float | None, cost_basis: str) -> Waste:
    """Return what a run did not use. A GPU without evidence, and one metered for less than five minutes, is not judged.

    Args:
        by_device: The devices of the run.
        attempts: Its attempts.
        cost_usd: Its cost, None where that is unknown. [$]
        cost_basis: What the cost counts: that of electricity is shared by energy, that of hardware by time.
    """
    gpus = [use for use in by_device if use.part == Part.GPU]
    judged = [use for use in gpus if use.idle_s is not None and use.metered_s >= _LEAST_S]
    idle = [use for use in judged if (use.idle_s or 0.0) >= _WHOLLY * use.metered_s]
    waiting = [use for use in judged if use not in idle]
    by_energy = cost_basis == CostBasis.ELECTRICITY
    whole = sum(use.energy_j for use in by_device) if by_energy else sum(use.metered_s + use.gaps_s for use in gpus)
    price = cost_usd / whole if cost_usd is not None and whole > 0.0 and cost_basis in set(CostBasis) else None
    pauses_s = (max(after.began_s - before.ended_s, 0.0) for before, after in pairwise(attempts) if before.was_interrupted)
    found = Waste(interrupted_s=sum(pauses_s, 0.0))
    if judged:
        found = found._replace(idle_gpus=len(idle))
        (idle_s, idle_j), (waiting_s, waiting_j) = _unused(idle), _unused(waiting)
        found = found._replace(
            idle_gpu_h=idle_s / S_PER_H,
            idle_gpu_kwh=idle_j / J_PER_KWH,
            idle_gpu_usd=None if price is None else price * (idle_j if by_energy else idle_s),
            waiting_gpu_h=waiting_s / S_PER_H,
            waiting_gpu_kwh=waiting_j / J_PER_KWH,
            waiting_gpu_usd=None if price is None else price * (waiting_j if by_energy else waiting_s),
        )
    return _with_repeated(found, attempts, cost_usd=cost_usd)


def _unused(devices: Sequence[DeviceUse]) -> tuple[float, float]:
    """Return the seconds without work of *devices*, and their joules in these seconds."""
    return sum(use.idle_s or 0.0 for use in devices), sum(use.idle_j or 0.0 for use in devices)


def _with_repeated(found: Waste, attempts: Sequence[Attempt], *, cost_usd: float | None) -> Waste:
    """Return *found* with the work that was done twice, where attempts say from which step they resumed."""
    if not any(attempt.start_steps is not None for attempt in attempts[1:]):
        return found
    repeated = repeated_steps(attempts)
    shares = [min(steps / attempt.steps, 1.0) if attempt.steps else 0.0 for steps, attempt in zip(repeated, attempts, strict=True)]
    joules = [share * attempt.energy_j for share, attempt in zip(shares, attempts, strict=True) if attempt.energy_j is not None]
    seconds, whole_s = sum(share * attempt.duration_s for share, attempt in zip(shares, attempts, strict=True)), sum(each.duration_s for each in attempts)
    return found._replace(
        repeated_steps=sum(repeated),
        repeated_kwh=sum(joules) / J_PER_KWH if joules else None,
        repeated_usd=None if cost_usd is None or whole_s <= 0.0 else cost_usd * seconds / whole_s,
    )
