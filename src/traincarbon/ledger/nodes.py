"""The nodes of a run that sent nothing: how many there are, and the share of each result that they may have."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from traincarbon.decode import number
from traincarbon.ledger.process_summary import Process
from traincarbon.ledger.sessions import Session
from traincarbon.uncertain import Interval

_STARTED_S = 10.0
"""After this time all meters of an attempt have started, or never will."""
MISSING = "nodes"
"""The name under which a record says why nodes are missing."""


class Attendance(NamedTuple):
    """How many nodes a run has by its launcher, and how many sent anything."""

    expected: int | None
    """None if no process stated it, as in journals of older versions."""
    seen: int

    @property
    def absent(self) -> int:
        """How many nodes sent nothing."""
        return max((self.expected or 0) - self.seen, 0)

    def on_machines(self, machines: int) -> "Attendance":
        """Return the attendance if the nodes ran on *machines*: one with several names counts once, unless its launcher started as many nodes.

        Example:
            >>> Attendance(None, 3).on_machines(1).seen, Attendance(2, 2).on_machines(1).seen
            (1, 2)
        """
        return self._replace(seen=min(self.seen, max(machines, self.expected or 0)))

    @property
    def reason(self) -> str:
        """The sentence of the record, "" if all nodes are there.

        Example:
            >>> Attendance(4, 3).reason, Attendance(1, 1).reason
            ('1 of 4 nodes sent nothing', '')
        """
        return f"{self.absent} of {self.expected} nodes sent nothing" if self.absent else ""


def attendance(processes: Iterable[Process]) -> Attendance:
    """Return the attendance of a run: the most nodes that any of its processes expected, and those that sent a line.

    A job that was requeued may run on other nodes, which do not make up for one that sent nothing: the attempt that lacks most nodes counts, without
    earlier ones that were over before all meters could have started.
    """
    by_attempt: dict[int, list[Process]] = {}
    for process in processes:
        attempt = number((process.facts.launcher or {}).get("attempt"))
        by_attempt.setdefault(int(attempt or 0), []).append(process)
    found = [_of_attempt(members) for attempt, members in sorted(by_attempt.items()) if attempt == max(by_attempt) or _lasted_s(members) >= _STARTED_S]
    return max(found, key=lambda each: (each.absent, each.seen))


def on_nodes(found: Sequence[tuple[Session, ...]]) -> list[tuple[Session, ...]]:
    """Return the sessions without those of machines that are no node of the run, as a login node, unless there are no others."""
    within = [cluster for cluster in found if not all(_is_outside(process) for session in cluster for process in session.processes)]
    return within or list(found)


def _of_attempt(processes: Sequence[Process]) -> Attendance:
    expected = max((process.facts.nodes_expected for process in processes if process.facts.nodes_expected is not None), default=None)
    return Attendance(expected, len({process.node for process in processes if not _is_outside(process)}))


def _lasted_s(processes: Sequence[Process]) -> float:
    return max(process.last_mono_s - process.first_mono_s for process in processes)


def _is_outside(process: Process) -> bool:
    return process.facts.is_outside


def with_absent(
    result: Interval | None, found: Sequence[tuple[Session, ...]], absent: int, sum_of: Callable[[Sequence[tuple[Session, ...]]], Interval | None]
) -> Interval | None:
    """Return *result*, a sum over the nodes that were seen, as an interval that covers the share of those that were not.

    The nodes of one job are alike, so an absent node is taken to be as one that was seen: the median adds the mean of these, the upper end
    the greatest. The lower end adds nothing, as an absent node may never have started. A result that one of the seen nodes does not state is unknown.

    Args:
        result: The sum.
        found: The sessions, each cluster on one node.
        absent: How many nodes sent nothing.
        sum_of: Returns the result of some clusters, None if it is unknown.
    """
    if result is None or not absent:
        return result
    by_node: dict[str, list[tuple[Session, ...]]] = {}
    for cluster in found:
        by_node.setdefault(cluster[0].node, []).append(cluster)
    known = [value for clusters in by_node.values() if (value := sum_of(clusters)) is not None]
    if len(known) < len(by_node):
        return None
    mean = sum(value.median for value in known) / len(known)
    return Interval(result.low, result.median + absent * mean, result.high + absent * max(value.high for value in known))
