"""What the database says of a run in advance: the question to the lookup process and its answer."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.tracking.value.run_results import Coefficients
from traincarbon.uncertain import Interval, Uncertain


class RunQuestion(NamedTuple):
    """What is known of a run when its metering begins."""

    stated: Mapping[str, object] = {}
    """Fields of a plan that the user stated; they override those of the plan."""
    plan: Mapping[str, object] | None = None
    """Fields of the plan that the run is compared with."""
    devices: Mapping[str, str] = {}
    """Device to the name that its driver reports."""
    accelerators: int | None = None
    """GPUs at work on this node."""
    nodes: int = 1
    database: str | None = None
    """A folder of facts that override the built-in ones."""
    store: str = ""
    run_id: str = ""
    journal: str = ""
    """The journal of this session, which is not an earlier one."""


class PlannedRun(NamedTuple):
    """What the plan expects of the run on this hardware; None where it cannot be known."""

    results: Mapping[str, Interval] = {}
    """Of the whole run on all nodes, by the names of :data:`traincarbon.quantities.QUANTITIES`."""
    tokens: float | None = None
    batch_tokens: float | None = None
    params: float | None = None
    flop_per_token: float | None = None


class EarlierSessions(NamedTuple):
    """What earlier sessions of the same run took and did."""

    values: Mapping[str, Uncertain] = {}
    counts: Mapping[str, float] = {}
    notes: tuple[str, ...] = ()


class Valuation(NamedTuple):
    """What a run's energy and hours are worth; what is not known is empty or None."""

    hw: str = ""
    """Id of the hardware."""
    coefficients: Coefficients = Coefficients()
    is_rented: bool = False
    processors: float = 0.0
    """Processors that are the accelerators of this hardware, as of a machine without GPUs that was benchmarked."""
    idle_gpu_w: float | None = None
    """Power of one GPU without work. [W]"""
    flop_per_token: float | None = None
    """Model FLOP of a token. [FLOP]"""
    site: Mapping[str, object] = {}
    """Where it runs, see :mod:`traincarbon.ledger.site`; medians."""
    plan: PlannedRun | None = None
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    earlier: EarlierSessions = EarlierSessions()
