"""The attempts of a run: each start of its training, how it ended, what it took, and which of its steps were done again later."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from traincarbon.ledger.run_energy import counted_j
from traincarbon.ledger.sessions import Session, shared_devices

_WORST_FIRST = ("running", "failed", "killed", "lost", "finished")


class Attempt(NamedTuple):
    """One start of a training, on all of its nodes."""

    began_s: float
    """When, on the wall clock. [s]"""
    duration_s: float
    state: str
    """One of :data:`traincarbon.ledger.process_summary.STATES`."""
    energy_j: float | None = None
    """At the meters; None where nothing was metered. [J]"""
    steps: float | None = None
    """Steps that it did; None where it reported none."""
    start_steps: float | None = None
    """Steps of the checkpoint from which it resumed, 0 if it began anew; None if that is not known."""

    @property
    def ended_s(self) -> float:
        """When it ended, in seconds of the wall clock."""
        return self.began_s + self.duration_s

    @property
    def was_interrupted(self) -> bool:
        """Whether it ended before its training was over."""
        return self.state not in ("finished", "running")

    def to_dict(self, timestamp: Callable[[float], str]) -> dict[str, object]:
        """Return it as a record states it, with instants as *timestamp* writes them."""
        began, ended = timestamp(self.began_s), None if self.state == "running" else timestamp(self.ended_s)
        return {"began": began, "ended": ended, **{name: getattr(self, name) for name in self._fields[1:]}}


def attempts_of(clusters: Iterable[tuple[Session, ...]], *, now_s: float) -> tuple[Attempt, ...]:
    """Return the attempts of a run in the order in which they began: its sessions, those that ran at the same time together."""
    return tuple(_attempt(members, now_s=now_s) for members in side_by_side(clusters))


def side_by_side(clusters: Iterable[tuple[Session, ...]]) -> list[list[tuple[Session, ...]]]:
    """Return the clusters of sessions, those that ran at the same time on any node together, in the order in which they began.

    Clusters of one node come one after the other by its own clock, which is exact; the wall clock, by which nodes are compared, is not.
    """
    found: list[list[tuple[Session, ...]]] = []
    end_s: dict[str, float] = {}
    for cluster in sorted(clusters, key=_began_s):
        began_s, node = _began_s(cluster), cluster[0].node
        if any(began_s < ended_s for other, ended_s in end_s.items() if other != node):
            found[-1].append(cluster)
        else:
            found.append([cluster])
            end_s = {}
        end_s[node] = max(end_s.get(node, began_s), *(session.began_s + session.to_s - session.from_s for session in cluster))
    return found


def repeated_steps(attempts: Sequence[Attempt]) -> tuple[float, ...]:
    """Return of each attempt that did not finish the steps that a later one did again, as it resumed from an earlier checkpoint.

    Example:
        >>> first = Attempt(0.0, 60.0, "killed", steps=150.0, start_steps=0.0)
        >>> repeated_steps([first, Attempt(90.0, 60.0, "finished", steps=200.0, start_steps=100.0)])
        (50.0, 0.0)
    """
    spans: list[tuple[float, float]] = []
    reached = 0.0
    for attempt in attempts:
        start = reached if attempt.start_steps is None else attempt.start_steps
        reached = start + (attempt.steps or 0.0)
        spans.append((start, reached))
    found = []
    for at, (start, end) in enumerate(spans):
        later = [spans[index][0] for index in range(at + 1, len(spans)) if attempts[index].start_steps is not None and attempts[index].steps]
        found.append(max(end - max(start, min(later)), 0.0) if later and attempts[at].was_interrupted else 0.0)
    return tuple(found)


def _attempt(members: list[tuple[Session, ...]], *, now_s: float) -> Attempt:
    sessions = [session for cluster in members for session in cluster]
    began_s = min(session.began_s for session in sessions)
    ended_s = max(session.began_s + session.to_s - session.from_s for session in sessions)
    states = {session.last.outcome(now_s=now_s) for session in sessions}
    devices = [shared_devices(cluster).values() for cluster in members]
    steps = [count for session in sessions if (count := max((process.counts.get("steps", 0.0) for process in session.processes), default=0.0))]
    starts = [process.resumed["steps"] for session in sessions for process in session.processes if "steps" in process.resumed]
    return Attempt(
        began_s,
        ended_s - began_s,
        next(state for state in _WORST_FIRST if state in states),
        sum(map(counted_j, devices)) if any(devices) else None,
        max(steps, default=None),
        min(starts, default=None),
    )


def _began_s(cluster: tuple[Session, ...]) -> float:
    return min(session.began_s for session in cluster)
