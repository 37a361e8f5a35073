"""The live state of a run, as the metering process sends it to the display."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.quantities import CostBasis
from traincarbon.uncertain import Interval


class DeviceState(NamedTuple):
    """The latest reading of a device; None where the device does not report a value."""

    device: str
    part: str
    """``gpu``, ``cpu``, ``dram``, ``server`` or ``other``."""
    power_w: float | None = None
    utilisation: float | None = None
    temperature_c: float | None = None
    memory_used_b: float | None = None
    energy_j: float | None = None
    """Since this session began. [J]"""
    name: str = ""
    """As its meter names it."""


class ProgressState(NamedTuple):
    """How far the training is, and how fast it goes."""

    counts: Mapping[str, float] = {}
    """Tokens, samples and steps, as reported."""
    rates_per_s: Mapping[str, float] = {}
    """The same per second, over the last minute. [1/s]"""
    over_rate: float | None = None
    """The speed by which the time left is forecast over that of the last minute. [1]"""
    late_s: float = 0.0
    """By how much the next report is later than usual. [s]"""
    loss: float | None = None
    accelerator_flop_per_s: float | None = None
    """What each accelerator does, as the script states it. [1/s]"""
    share_done: float | None = None
    left_s: float | None = None
    mfu: float | None = None
    j_per_token: float | None = None


class BudgetState(NamedTuple):
    """A budget and how much of it is used, in the unit of its limit."""

    name: str
    """A name of :data:`traincarbon.quantities.BUDGETED`."""
    limit: float
    spent: float
    forecast: Interval | None = None
    """Expected at the end of the run."""


class LiveState(NamedTuple):
    """The state of a run; what is not known is absent or None."""

    run_id: str
    project: str = ""
    elapsed_s: float | None = None
    devices: tuple[DeviceState, ...] = ()
    metered_kwh: float | None = None
    """Energy as the meters show it. [kWh]"""
    results: Mapping[str, Interval] = {}
    """What the run took so far, by the names of :data:`traincarbon.quantities.QUANTITIES`."""
    earlier: Mapping[str, float] = {}
    """What earlier sessions of the run took, by the same names and ``duration_s``; medians."""
    cost_basis: CostBasis | None = None
    progress: ProgressState = ProgressState()
    phase: str = ""
    """The phase that the script reported, "" for none."""
    idle_gpus: int = 0
    """GPUs that have been idle for a minute."""
    forecast: Mapping[str, Interval] = {}
    """The whole run, by the same names."""
    plan: Mapping[str, Interval] = {}
    """What the plan expects of the whole run, by the same names and for the same tokens."""
    budgets: tuple[BudgetState, ...] = ()
    notes: tuple[str, ...] = ()
