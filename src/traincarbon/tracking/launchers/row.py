"""One launcher: which of its variables identifies a run, a node and a rank."""

from collections.abc import Callable
from typing import NamedTuple

from traincarbon.tracking.launchers.values import CountReader, Environment, TextReader, stated


class Launcher(NamedTuple):
    """A program that starts trainings, and where its processes find who they are; None where it does not say."""

    name: str
    title: str
    is_there: Callable[[Environment], bool]
    """Whether it started a process with this environment."""
    source: str
    """Where the names of the variables stand."""
    run_id: TextReader | None = None
    """What all processes of a job share and no other job has."""
    step: TextReader | None = None
    """The part of the job that one command of its script is, where the launcher counts them."""
    attempt: CountReader | None = None
    """How many times the job has been started before."""
    node_rank: CountReader | None = None
    nodes: CountReader | None = None
    local_rank: CountReader | None = None
    local_size: CountReader | None = None
    rank: CountReader | None = None
    world_size: CountReader | None = None
    is_job: bool = False
    """Whether it runs a script that may hold several commands, so that its id alone does not name a run."""
    crosses_steps: bool = False
    """Whether its ranks may be in several steps of the batch system around it."""
    has_prefix: bool = True
    """Whether its name becomes part of the run id; not where people choose the id."""


def any_of(*names: str) -> Callable[[Environment], bool]:
    """Return whether one of the variables *names* is set."""
    return lambda env: any(stated(env, name) for name in names)
