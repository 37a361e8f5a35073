"""What the process that meters is told when it starts."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

INTERVAL_S = 5.0
"""How often a record is written unless told otherwise."""
POLICIES = ("warn", "signal", "stop")
"""What happens at the end of a budget."""


class Settings(NamedTuple):
    """What to meter, for whom, where to keep it, and when to step in; fit to cross to another process as JSON."""

    run_id: str
    session: str
    """What the processes share that meter one training one after the other."""
    store: str
    owner: int
    """The process that asked: the supervisor of a command, or the training itself."""
    project: str
    argv: Sequence[str]
    """The command line, secrets hidden."""
    env: Mapping[str, str]
    """What of the environment bears on the training, secrets hidden."""
    nodes: int
    """Machines that work at the run, this one among them."""
    interval_s: float
    meters: Sequence[str]
    """Names of meters; all that can be read unless named."""
    tell_s: float
    """How often to tell how things stand; 0 where nobody looks on."""
    plan: Mapping[str, Any] | None
    """Fields of the plan that the run is held against."""
    context: Mapping[str, Any]
    """What is known of hardware, place, prices and the model, by the names of a plan's fields."""
    database: str | None
    totals: Mapping[str, float]
    """Tokens, samples or steps of the whole training, as far as stated."""
    pattern: str
    """What to look for in the training's output, see :class:`traincarbon.tracking.pattern.Pattern`."""
    limits: Mapping[str, float]
    """Budgets: ``kwh``, ``usd``, ``kgco2e``, ``hours``."""
    on_budget: str
    budget_signal: int
    grace_s: float
    """Between the signal at the end of a budget, the request to stop and the end."""
    versions: Mapping[str, str]
    carries_on: bool = False
    """Whether another process has metered the beginning of this session."""
