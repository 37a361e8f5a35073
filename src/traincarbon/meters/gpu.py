"""One GPU as a vendor's library shows it: what it answers, and which answers are possible."""

from typing import NamedTuple, Protocol

from traincarbon.errors import CarbonError

FALLBACK_LIMIT_W = 2000.0
"""The power limit of a GPU that states none, or an impossible one."""
_LEAST_LIMIT_W, _MOST_LIMIT_W = 5.0, 10_000.0
"""Libraries return 0, 1 W or 2**32 - 1 mW for an unknown limit."""
_MOST_AT_ONCE = 2.0
"""No sample is more than this many times the power limit: a sensor averages over what GPUs exceed for milliseconds."""


class GpuError(CarbonError):
    """A vendor's library could not answer."""


class Details(NamedTuple):
    """What else a GPU states, or None if it does not."""

    utilisation: float | None = None
    temperature_c: float | None = None
    clock_hz: float | None = None
    memory_used_b: float | None = None


class AssumedPower(NamedTuple):
    """The power of a GPU that tells nothing, with its log-spread."""

    power_w: float
    sigma_ln: float
    text: str
    """What it rests on, for a note."""


class Gpu(Protocol):
    """One GPU as its vendor's library shows it. All methods except ``details`` may raise :class:`GpuError`."""

    name: str
    limit_w: float
    unit_j: float
    """Joules of one count of the energy counter."""
    share: float
    """Share of the GPU that belongs to the job, 1 for a whole GPU."""
    sigma_ln: float
    """Log-spread of that share."""

    @property
    def device(self) -> str:
        """Its id, which may be known better once the GPU is found."""
        ...

    def counts(self) -> int | None:
        """Return the energy counter, None if the GPU has none."""
        ...

    def power_w(self) -> float | None:
        """Return the power now, None if the GPU does not state it."""
        ...

    def details(self) -> Details:
        """Return what else it states."""
        ...

    def users(self) -> tuple[int, ...]:
        """Return the processes that compute on it, none where it does not tell."""
        ...

    def reopen(self) -> None:
        """Look for the GPU again after it was lost."""
        ...


def is_possible(power_w: float, *, limit_w: float) -> bool:
    """Return whether *power_w* is possible for a GPU with a limit of *limit_w*. Other values mean that the power is unknown."""
    return 0.0 < power_w <= _MOST_AT_ONCE * limit_w


def is_limit(power_w: float) -> bool:
    """Return whether *power_w* can be the power limit of a GPU. Other values mean that it is unknown."""
    return _LEAST_LIMIT_W <= power_w <= _MOST_LIMIT_W
