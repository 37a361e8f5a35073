"""Boards that several runs metered at the same time: what of each run counts in a total, so that a board counts once."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from traincarbon.ledger.machines import is_of_one_board
from traincarbon.ledger.run import Run
from traincarbon.ledger.run_energy import DeviceUse
from traincarbon.ledger.same_energy import second_opinions
from traincarbon.quantities import Part

_MOST_NAMED = 3


class Counted(NamedTuple):
    """What of a run counts in a total of several runs.

    Attributes:
        by_energy: Share of its energy, and of what follows from energy. [1]
        by_time: Share of the time of its GPUs, and of what follows from it: hours, cost, embodied carbon. [1]
        others: The runs that metered one of its boards at the same time.
        counted_in: The run whose record states the same energy better, empty if there is none.
    """

    by_energy: float = 1.0
    by_time: float = 1.0
    others: tuple[str, ...] = ()
    counted_in: str = ""


WHOLE = Counted()
"""A run that shared no board."""


class _Piece(NamedTuple):
    """A time in which a run metered a board."""

    run_id: str
    from_s: float
    to_s: float
    energy_j: float
    is_gpu: bool


@dataclass(slots=True)
class _Tally:
    """What other runs keep of a run's boards."""

    less_j: float = 0.0
    less_gpu_s: float = 0.0
    others: set[str] = field(default_factory=set)


def counted_once(records: Iterable[Run]) -> dict[str, Counted]:
    """Return what counts of each run that shared a board with another one, by its id; all of the others counts.

    Each run has all of the energy of a board that it metered. While several metered it, the run that has the most energy of that board keeps it,
    and the others count only for the time outside. Of records of the same energy by several programs, the better measured one counts alone.
    """
    known = {record.run_id: record for record in records}
    doubles = {run_id: best for run_id, (best, _) in second_opinions(known.values()).items()}
    tallies: dict[str, _Tally] = {}
    for pieces in _by_board([record for run_id, record in known.items() if run_id not in doubles]).values():
        for cluster in _shared(pieces):
            _count(cluster, tallies)
    found = {run_id: _counted(known[run_id], tally) for run_id, tally in tallies.items()}
    return found | {run_id: Counted(0.0, 0.0, counted_in=best) for run_id, best in doubles.items()}


def with_others(records: Sequence[Run], among: Iterable[Run] | None = None) -> list[Run]:
    """Return *records*, each with all runs that shared a board with it: those that it names itself, and those *among* others that metered it too.

    Args:
        records: The runs.
        among: The runs to look among; by default *records* themselves.
    """
    found = counted_once({record.run_id: record for record in [*(among or ()), *records]}.values())
    return [
        replace(record, shared_with=tuple(sorted({*record.shared_with, *found[record.run_id].others}))) if record.run_id in found else record
        for record in records
    ]


def described(counted: Mapping[str, Counted]) -> str:
    """Return which runs shared boards, and how a total counts them; "" if none did.

    Example:
        >>> described({"a": Counted(others=("b",)), "b": Counted(0.0, 0.0, ("a",))})
        'a and b shared boards at the same time. Each record has all of their energy; a total counts it once, in the run with more energy of the board.'
    """
    shared = sorted(run_id[:40] for run_id, each in counted.items() if each.others)
    doubles = [f"{run_id[:40]} in {each.counted_in[:40]}" for run_id, each in sorted(counted.items()) if each.counted_in]
    sentences = []
    if shared:
        sentences.append(
            f"{_named(shared)} shared boards at the same time."
            " Each record has all of their energy; a total counts it once, in the run with more energy of the board."
        )
    if doubles:
        sentences.append(f"Records of the same energy count once, in the better measured one: {_named(doubles)}.")
    return " ".join(sentences)


def _named(names: Sequence[str]) -> str:
    over = len(names) - _MOST_NAMED
    if over > 0:
        return f"{', '.join(names[:_MOST_NAMED])} and {over:,} more"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def metered_once_kwh(records: Iterable[Run], counted: Mapping[str, Counted]) -> float | None:
    """Return the metered energy [kWh] of *records* together, None if none states any."""
    known = [energy_kwh * counted.get(record.run_id, WHOLE).by_energy for record in records if (energy_kwh := record.metered_kwh) is not None]
    return sum(known) if known else None


def boards_of(record: Run) -> Iterator[tuple[str, float, float]]:
    """Yield each board that a record tells from all others by itself, and between which instants the run metered it. [s]."""
    for use in _weighed(record):
        if board := _board(use, place=use.host):
            pieces = list(_pieces(record, use))
            if pieces:
                yield board, min(piece.from_s for piece in pieces), max(piece.to_s for piece in pieces)


def _by_board(records: Collection[Run]) -> dict[str, list[_Piece]]:
    found: dict[str, list[_Piece]] = {}
    circles = _circles(records)
    for record in records:
        for use in _weighed(record):
            if board := _board(use, place=use.host or circles.get(record.run_id, "")):
                found.setdefault(board, []).extend(_pieces(record, use))
    return found


def _circles(records: Iterable[Run]) -> dict[str, str]:
    """Return one name for all runs that name each other, directly or through others, by run id."""
    found: dict[str, str] = {}
    for record in records:
        named = [record.run_id, *record.shared_with] if record.shared_with else []
        united = {found.get(run_id, run_id) for run_id in named}
        if len(named) > 1:
            name = min(united)
            found |= {run_id: name for run_id, other in found.items() if other in united} | dict.fromkeys(named, name)
    return found


def _board(use: DeviceUse, *, place: str) -> str:
    """Return what tells the device from all others, "" if several runs cannot be said to have metered the same one.

    The id of an NVIDIA GPU is enough. Other ids come on every machine again, so the *place* tells too: the node or, where no record states it,
    the runs that name each other. A model of anything but a GPU is that of the run's own work.
    """
    if use.part == Part.GPU and is_of_one_board(use.device):
        return use.device
    return f"{place}/{use.device}" if place and (use.part == Part.GPU or use.how.is_measured) else ""


def _pieces(record: Run, use: DeviceUse) -> Iterator[_Piece]:
    """Yield when the run metered the device, and the energy of each time. Without the times of the device, those of the run count."""
    is_gpu = use.part == Part.GPU
    if use.spans:
        yield from (_Piece(record.run_id, *span, is_gpu) for span in use.spans)
        return
    times = [(attempt.began_s, attempt.ended_s) for attempt in record.attempts] or _whole_time(record)
    total_s = sum(to_s - from_s for from_s, to_s in times)
    for from_s, to_s in times:
        yield _Piece(record.run_id, from_s, to_s, use.energy_j * ((to_s - from_s) / total_s if total_s > 0.0 else 1.0 / len(times)), is_gpu)


def _whole_time(record: Run) -> list[tuple[float, float]]:
    try:
        began_s = datetime.fromisoformat(record.started_at).timestamp()
    except (ValueError, OverflowError):
        return []
    return [(began_s, began_s + record.duration_s)]


def _shared(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Yield the pieces that overlap, if they are of several runs."""
    cluster: list[_Piece] = []
    end_s = -math.inf
    for piece in sorted(pieces, key=lambda piece: (piece.from_s, piece.to_s)):
        if piece.from_s >= end_s:
            if len({each.run_id for each in cluster}) > 1:
                yield cluster
            cluster = []
        cluster.append(piece)
        end_s = max(end_s, piece.to_s)
    if len({piece.run_id for piece in cluster}) > 1:
        yield cluster


def _count(cluster: list[_Piece], tallies: dict[str, _Tally]) -> None:
    """Take from each run what another one keeps. The run with the most energy of the board in this time comes first."""
    energies: dict[str, float] = {}
    for piece in cluster:
        energies[piece.run_id] = energies.get(piece.run_id, 0.0) + piece.energy_j
    _name_others(cluster, tallies)
    covered: list[tuple[float, float]] = []
    for piece in sorted(cluster, key=lambda piece: (-energies[piece.run_id], piece.run_id, piece.from_s)):
        length_s = piece.to_s - piece.from_s
        less_s = _cover(covered, piece.from_s, piece.to_s)
        tally = tallies[piece.run_id]
        tally.less_j += piece.energy_j * less_s / length_s if length_s > 0.0 else 0.0
        tally.less_gpu_s += less_s if piece.is_gpu else 0.0


def _name_others(cluster: list[_Piece], tallies: dict[str, _Tally]) -> None:
    """Add to each run of the cluster those that metered the board at the same time."""
    present: list[_Piece] = []
    for piece in cluster:
        present = [each for each in present if each.to_s > piece.from_s]
        tally = tallies.setdefault(piece.run_id, _Tally())
        for other in present:
            if other.run_id != piece.run_id:
                tally.others.add(other.run_id)
                tallies[other.run_id].others.add(piece.run_id)
        present.append(piece)


def _cover(covered: list[tuple[float, float]], from_s: float, to_s: float) -> float:
    """Add a time to the ordered, disjoint times in *covered*; return for how many seconds of it there was one already."""
    first = bisect_left(covered, from_s, key=lambda time: time[1])
    last = bisect_right(covered, to_s, key=lambda time: time[0])
    touched = covered[first:last]
    covered[first:last] = [(min([from_s, *(begin for begin, _ in touched)]), max([to_s, *(end for _, end in touched)]))]
    return sum(max(min(end_s, to_s) - max(begin_s, from_s), 0.0) for begin_s, end_s in touched)


def _counted(record: Run, tally: _Tally) -> Counted:
    total_j = sum(use.energy_j for use in _weighed(record))
    gpu_s = sum(piece.to_s - piece.from_s for use in record.by_device if use.part == Part.GPU for piece in _pieces(record, use))
    by_energy = max(1.0 - tally.less_j / total_j, 0.0) if total_j > 0.0 else 1.0
    by_time = max(1.0 - tally.less_gpu_s / gpu_s, 0.0) if gpu_s > 0.0 else by_energy
    return Counted(by_energy, by_time, tuple(sorted(tally.others)))


def _weighed(record: Run) -> list[DeviceUse]:
    """Return the devices whose energies add up: where a whole server was metered, it stands for all that is in it."""
    whole = {use.node for use in record.by_device if use.part == Part.SERVER}
    return [use for use in record.by_device if use.node not in whole or use.part == Part.SERVER]
