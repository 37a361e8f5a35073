"""What a run did by the reports of its script: tokens, samples and steps over sessions, ranks and nodes."""

from collections.abc import Iterable, Sequence

from traincarbon.ledger.attempts import side_by_side
from traincarbon.ledger.process_summary import COUNTS
from traincarbon.ledger.sessions import Session


def counts_of(clusters: Iterable[tuple[Session, ...]]) -> dict[str, float]:
    """Return what the script reported, by name.

    Counts are cumulative, so the highest of a session counts, and sessions that ran one after the other add up. Where sessions ran at the
    same time, each reported the counts of the whole training, of which the highest counts, or tokens and samples of its own ranks, which add up.
    """
    counts: dict[str, float] = {}
    for attempt in side_by_side(clusters):
        for name in COUNTS:
            done = _done(name, attempt)
            if done is not None:
                counts[name] = counts.get(name, 0.0) + done
    return counts


def _done(name: str, attempt: Sequence[tuple[Session, ...]]) -> float | None:
    """Return a count of sessions that ran side by side, None if none reported it. A node's clusters ran one after the other."""
    whole: dict[str, float] = {}
    own: dict[str, float] = {}
    for cluster in attempt:
        node = cluster[0].node
        reported = [(_in_session(name, session), session) for session in cluster]
        of_ranks = [count for count, session in reported if count is not None and _adds_up(name, session)]
        of_all = [count for count, session in reported if count is not None and not _adds_up(name, session)]
        if of_ranks:
            own[node] = own.get(node, 0.0) + sum(of_ranks)
        if of_all:
            whole[node] = whole.get(node, 0.0) + max(of_all)
    return max(sum(own.values()), *whole.values()) if whole else sum(own.values()) if own else None


def _adds_up(name: str, session: Session) -> bool:
    """Return whether a count is of the session's own ranks alone. All ranks do the same steps."""
    return name != "steps" and any(process.per_rank for process in session.processes)


def _in_session(name: str, session: Session) -> float | None:
    base = session.processes[0].resumed.get(name, 0.0)  # later processes of a session count from where the script began
    reported = [process.counts[name] - (base if place else 0.0) for place, process in enumerate(session.processes) if name in process.counts]
    return max(*reported, 0.0) if reported else None
