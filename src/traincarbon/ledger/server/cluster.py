"""Which runs of several stores are one: two clusters count their jobs from 1, while the nodes of one training may each have a store."""

import re
from collections.abc import Iterable, Sequence

from traincarbon.decode import items, text
from traincarbon.ledger.process_summary import Process

_OURS = re.compile("[0-9a-f]{12}")
"""An id that a tracker drew by lot."""
_GIVEN = ("--run-id", "CARBON_RUN_ID")
_NAMES_ITS_CLUSTER = ("SLURM_CLUSTER_NAME", "PBS_JOBID")
"""Variables that make the number of a job different on each cluster."""


def cluster_of(run_id: str, processes: Sequence[Process], *, store: str, stated: str = "") -> str:
    """Return what tells a run from those of the same id in other stores, empty if that id is of this run alone.

    Args:
        run_id: The run.
        processes: The processes that metered it.
        store: What tells its store from others.
        stated: The cluster that the user states, empty if none.
    """
    if stated:
        return stated
    origin = set(_origins(processes))
    if _OURS.fullmatch(run_id) or origin & set(_NAMES_ITS_CLUSTER):
        return ""
    has_other_nodes = any((process.facts.nodes_expected or 1) > 1 for process in processes)
    return "" if has_other_nodes and origin & set(_GIVEN) else store


def _origins(processes: Iterable[Process]) -> Iterable[str]:
    """Yield the variables that gave the id, as the launchers of the processes state them."""
    for process in processes:
        for name in items((process.facts.launcher or {}).get("run_id_from")):
            yield text(name) or ""
