"""The settings of the metering process."""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from traincarbon.tracking.launchers.launch import Launch

OUTSIDE = "this machine is not a node of the job, so it is not metered"
"""What a record says that was made from a login node."""
INTERVAL_S = 5.0
"""Default time between two journal records. [s]"""
SINK_TAKES_S, SINK_OPENS_S = 5.0, 30.0
"""How much later a run may end where it is logged elsewhere: what it came to is to be there then. A sink that is not open yet has the longer time since it was started. [s]"""

SINK_LAST_S = 120.0
"""Longest life of the process of a sink after the end of the run. [s]"""
LOG_TO, PROMETHEUS = "CARBON_LOG_TO", "CARBON_PROMETHEUS"
"""The environment variables that ask for the same as the options ``--log-to`` and ``--prometheus``."""


class BudgetPolicy(StrEnum):
    """What to do when a budget is used up, each step with those before it."""

    WARN = "warn"
    """Tell the user."""
    SIGNAL = "signal"
    """Send the training a signal, so that it can save its state."""
    STOP = "stop"
    """Stop the training after a grace period."""


class NodeScope(StrEnum):
    """Which nodes of a batch job the tracker on its first one meters."""

    ALL = "all"
    """All that the scheduler or the MPI launcher of the command can reach."""
    HERE = "here"
    """This one alone."""
    SSH = "ssh"
    """All, the others through ssh."""


class LogFormat(StrEnum):
    """The tools whose log lines tell the progress of a training."""

    MEGATRON = "megatron"
    TORCHTITAN = "torchtitan"
    NEMO = "nemo"
    MAXTEXT = "maxtext"
    DEEPSPEED = "deepspeed"
    LITGPT = "litgpt"
    NANOGPT = "nanogpt"
    HF = "hf"


class Limits(NamedTuple):
    """The budgets of a run over all its sessions; None means no limit. The names are those of :data:`~traincarbon.quantities.BUDGETED`."""

    kwh: float | None = None
    """Energy of the facility. [kWh]"""
    usd: float | None = None
    """Cost. [$]"""
    kgco2e: float | None = None
    """Operational and embodied emissions. [kg CO2e]"""
    hours: float | None = None
    """Wall-clock time. [h]"""

    @property
    def given(self) -> dict[str, float]:
        """The limits that are set, by name."""
        return {name: limit for name, limit in self._asdict().items() if limit is not None}


class SinkRequest(NamedTuple):
    """Where the run is logged while it is metered, see :mod:`traincarbon.tracking.sinks`."""

    name: str
    where: str = ""
    """Its project, folder or address; "" for its own default."""


class Settings(NamedTuple):
    """What to meter, where to write it, and when to step in; the first message to the metering process."""

    run_id: str
    session: str
    """An id that all metering processes of one training share, as one replaces another."""
    store: str
    owner: int
    """The process that asked for the metering: the supervisor of a command, or the training itself."""
    project: str
    argv: tuple[str, ...]
    """The command line without secrets."""
    env: Mapping[str, str]
    """The environment variables that affect a training, without secrets."""
    nodes: int
    """Machines that work on the run, including this one."""
    interval_s: float
    meters: tuple[str, ...]
    """The only meters to use; all available ones if empty."""
    state_every_s: float
    """Time between two live states; 0 sends none. [s]"""
    plan: Mapping[str, object] | None
    """Fields of the plan that the run is compared with."""
    context: Mapping[str, object]
    """Fields of a plan that the user stated: hardware, place, prices, model."""
    database: str | None
    totals: Mapping[str, float]
    """Tokens, samples or steps of the whole training, if stated."""
    pattern: str
    """Regular expression for progress in the training's output, see :class:`traincarbon.tracking.pattern.Pattern`."""
    limits: Limits
    on_budget: BudgetPolicy
    budget_signal: int
    grace_s: float
    """Time from the budget signal to SIGTERM, and from SIGTERM to SIGKILL. [s]"""
    versions: Mapping[str, str]
    launch: Launch = Launch()
    """Who launched the training, and its place among the nodes and ranks of the run."""
    within: str = ""
    """The session of the tracked command around this one; "" if there is none."""
    notes: tuple[str, ...] = ()
    """What the record should say of these settings."""
    continues: bool = False
    """Whether this process replaces one that metered the beginning of the session."""
    scope: NodeScope = NodeScope.ALL
    is_outside: bool = False
    """Whether this machine is no node of the job, as a login node after ``salloc``: nothing is metered here."""
    is_machine: bool = False
    """Whether processor and memory are those of the whole machine, as the job's processes are no children of the one that is metered."""
    log_format: LogFormat | None = None
    """The tool whose log lines tell the progress, see :mod:`traincarbon.tracking.logs`."""
    starts_unmetered: bool = False
    """Whether the user asked to be warned only, so that a training may start whose budget cannot be metered."""
    joins: bool = False
    """Whether the tracker around this one meters, and takes its plan and its budgets: nothing is metered for this one alone."""

    sinks: tuple[SinkRequest, ...] = ()
    """Where the run is logged while it is metered."""
    open_runs: Mapping[str, str] = {}
    """What the training has open there, see :mod:`traincarbon.tracking.open_runs`."""

    @property
    def sinks_of_other_nodes(self) -> tuple[SinkRequest, ...]:
        """Where the other nodes of the run log: Prometheus reads each of them, and else the first speaks for the run."""
        return tuple(request for request in self.sinks if request.name == "prometheus")

    @property
    def has_own_sinks(self) -> bool:
        """Whether the first process of a node asks for sinks by options of its own, which no environment hands to other trackers."""
        is_shared = LOG_TO in os.environ or PROMETHEUS in os.environ
        return bool(self.sinks) and not is_shared and not self.launch.local_rank

    @property
    def sinks_wait_s(self) -> float:
        """Longest wait [s] for sinks to take the last values."""
        return SINK_OPENS_S if self.sinks else 0.0

    @property
    def reads_output(self) -> bool:
        """Whether the training's output is searched for progress."""
        return bool(self.pattern) or self.log_format is not None

    @property
    def needs_meters(self) -> bool:
        """Whether there is a budget that only meters can watch, and the training must not start without them; time needs none."""
        return not self.starts_unmetered and any(name != "hours" for name in self.limits.given)
