"""The phases of a run, as evaluation and checkpoints: time, energy and tokens of each, and of the rest."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from traincarbon.decode import amount, table

if TYPE_CHECKING:
    from traincarbon.ledger.sessions import Session

REST = ("train", "unnamed")
"""What the rest of a run is called, and what if a phase has that name."""
_MOST = 100
_LONGEST = 100


class PhaseUse(NamedTuple):
    """What a phase of one process took."""

    duration_s: float = 0.0
    energy_j: float = 0.0
    tokens: float = 0.0


class Phase(NamedTuple):
    """A phase of a run; the phases of a run add up to it."""

    name: str
    duration_s: float
    energy_j: float | None = None
    """Energy of all parts that were metered; None where nothing was. [J]"""
    tokens: float | None = None


def fold_phases(known: Mapping[str, PhaseUse], stated: object) -> dict[str, PhaseUse]:
    """Return the phases of a process after a journal line that states them.

    What it states is cumulative, and counts instead of what was stated before, also where it is less: a report of a phase may come late.
    """
    found = dict(known)
    for name, values in table(stated).items():
        if str(name)[:_LONGEST] in found or len(found) < _MOST:
            before, now = found.get(str(name)[:_LONGEST], PhaseUse()), table(values)
            used = ((amount(now.get(field)), getattr(before, field)) for field in PhaseUse._fields)
            found[str(name)[:_LONGEST]] = PhaseUse(*(earlier if value is None else value for value, earlier in used))
    return found


def phases_of(clusters: Sequence[tuple["Session", ...]], *, duration_s: float, energy_j: float | None, tokens: float | None) -> tuple[Phase, ...]:
    """Return the phases of a run, the rest last; none if its script named none.

    The nodes of a run are in the same phase at the same time: one whose processes name no phase shares the mean of those that do.

    Args:
        clusters: The sessions of the run, ordered as by :func:`traincarbon.ledger.sessions.clusters`.
        duration_s: Wall-clock of the run. [s]
        energy_j: Its energy at the meters, None where nothing was metered. [J]
        tokens: Its tokens, None where it reported none. [1]
    """
    ran_s, used_s, used_j, seen_tokens = dict[str, float](), dict[str, float](), dict[str, float](), dict[str, float]()
    metered_j = 0.0
    for cluster in clusters:
        session = max(cluster, key=_named_s)
        node = session.node
        ran_s[node] = ran_s.get(node, 0.0) + max(each.to_s for each in cluster) - min(each.from_s for each in cluster)
    reporters = {cluster[0].node for cluster in clusters if any(map(_named_s, cluster))}
    is_whole = len(reporters) > 1 and not any(process.per_rank for cluster in clusters for session in cluster for process in session.processes)
    for cluster in clusters:
        if cluster[0].node not in reporters:
            continue
        metered_j += _metered_j(cluster)
        for process in max(cluster, key=_named_s).processes:
            for name, use in process.phases.items():
                used_s[name] = used_s.get(name, 0.0) + use.duration_s
                used_j[name] = used_j.get(name, 0.0) + use.energy_j
                seen_tokens[name] = max(seen_tokens.get(name, 0.0), use.tokens) if is_whole else seen_tokens.get(name, 0.0) + use.tokens
    whole_s = sum(ran_s[node] for node in reporters)
    if not used_s or whole_s <= 0.0:
        return ()
    silent_j = max((energy_j or 0.0) - metered_j, 0.0) if len(reporters) < len(ran_s) else 0.0
    named = [
        Phase(
            name,
            seconds / whole_s * duration_s,
            None if energy_j is None else used_j[name] + silent_j * seconds / whole_s,
            None if tokens is None else seen_tokens[name],
        )
        for name, seconds in used_s.items()
    ]
    return _with_rest(named, Phase("", duration_s, energy_j, tokens))


def _with_rest(named: list[Phase], run: Phase) -> tuple[Phase, ...]:
    """Return the phases and the rest of the run. Where sessions overlapped and name more than the run took, they are scaled down to it."""
    columns: list[list[float | None]] = []
    for field in ("duration_s", "energy_j", "tokens"):
        whole, parts = getattr(run, field), [getattr(phase, field) or 0.0 for phase in named]
        if whole is None:
            columns.append([None] * (len(named) + 1))
        else:
            scale = min(whole / sum(parts), 1.0) if sum(parts) > 0.0 else 1.0
            columns.append([*(part * scale for part in parts), max(whole - sum(parts) * scale, 0.0)])
    names = [phase.name for phase in named]
    rest = next((name for name in REST if name not in names), REST[-1])
    return tuple(Phase(name, seconds or 0.0, joules, tokens) for name, seconds, joules, tokens in zip([*names, rest], *columns, strict=True))


def _named_s(session: "Session") -> float:
    return sum(use.duration_s for process in session.processes for use in process.phases.values())


def _metered_j(cluster: Sequence["Session"]) -> float:
    from traincarbon.ledger.run_energy import counted_j
    from traincarbon.ledger.sessions import shared_devices

    return counted_j(shared_devices(cluster).values())
