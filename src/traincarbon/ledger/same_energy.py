"""Records that state the same energy: of one run by a tracker, by other programs and by a scheduler, or by ranks that each metered the whole machine.

The better measured record counts; the others are second opinions of it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import combinations
from typing import NamedTuple

from traincarbon.ledger.common_boards import share_boards
from traincarbon.ledger.machines import is_of_one_board
from traincarbon.ledger.run import Run, SecondOpinion, timestamp
from traincarbon.quantities import EnergySource, Part

RANKS_OF = ("codecarbon",)
"""Programs of which each rank states the whole machine."""

LOOKED_UP = ("prometheus",)
"""Programs that are asked for what they know of some time: two answers may be of the same boards."""
SCHEDULERS = ("sacct",)
"""Programs that list a job under a number of its own, whenever they are asked."""
_BY_HOSTS = re.compile(r"prometheus-\d{8}T\d{6}-[0-9a-f]{8}")
"""Names of runs that were found by their hosts, not by the label of a job."""

_LEAST_OVERLAP = 0.5
"""Two records of one run overlap for at least this share of the longer one: a job takes longer than the training in it."""
_SAME_TIME_S, _SAME_TIME = 120.0, 0.05
"""Ranks of one run begin and end within this time, or this share of the run."""
_MOST_FACTOR = 2.0
"""Two records of one run state energies of the same parts within this factor."""
_ZONES_S, _MOST_ZONES_S = 900.0, 26.0 * 3600.0
"""Time zones differ by multiples of a quarter of an hour, and by no more than 26 hours."""
_RANKS_AGREE = 0.05
"""Energies of one machine by several of its ranks differ by no more than this share."""
_TWINS_AGREE = 0.1
"""Energies of the same GPUs by a counter and by samples of power differ by no more than this share."""
_JOB = re.compile(r"slurm-(?:[A-Za-z][\w.-]*?-)?(\d+)(?:_\d+)?(?:[-.].*)?")
_NO_NAMES = {"nvidia", "amd", "intel", "geforce", "tesla", "quadro", "instinct", "gpu", "x", "gb", "graphics", "generation", "laptop"}
_SURE = {source: at for at, source in enumerate(EnergySource)}


class _Timed(NamedTuple):
    """A record with energy, and when it was metered."""

    from_s: float
    to_s: float
    record: Run


def second_opinions(records: Iterable[Run]) -> dict[str, tuple[str, SecondOpinion]]:
    """Return the records whose energy another record states better, by run id: the run in which it counts, and what the opinion is."""
    timed = sorted((each for record in records if (each := _timed(record))), key=lambda each: each.from_s)
    found: dict[str, tuple[str, SecondOpinion]] = {}
    for group in _groups(timed):
        best = min(group, key=_worse)
        for other in group:
            if other.run_id != best.run_id:
                found[other.run_id] = (best.run_id, _opinion(best, other))
    return found


def with_second_opinions(records: Sequence[Run], among: Iterable[Run] | None = None) -> list[Run]:
    """Return *records*, each with its second opinions and with the run in which its own energy counts.

    Args:
        records: The runs.
        among: The runs to look among; by default *records* themselves.
    """
    found = second_opinions({record.run_id: record for record in [*(among or ()), *records]}.values())
    opinions: dict[str, list[SecondOpinion]] = {}
    for best, opinion in found.values():
        opinions.setdefault(best, []).append(opinion)
    return [
        replace(record, counted_in=found[record.run_id][0] if record.run_id in found else "", second_opinions=tuple(opinions.get(record.run_id, ())))
        if record.run_id in found or record.run_id in opinions
        else record
        for record in records
    ]


def job_of(run_id: str) -> str:
    """Return the number of the job of SLURM that a run was, empty if it was none.

    Example:
        >>> job_of("slurm-1234-20260301100000"), job_of("slurm-west-1234_7-20260301100000"), job_of("run-1234")
        ('1234', '1234', '')
    """
    found = _JOB.fullmatch(run_id)
    return found[1] if found else ""


def group_of(record: Run, among: Iterable[Run]) -> list[Run]:
    """Return *record* and those *among* others that state the same energy."""
    known = {each.run_id: each for each in (*among, record)}
    found = second_opinions(known.values())
    best = found[record.run_id][0] if record.run_id in found else record.run_id
    return [known[best], *(known[run_id] for run_id, (other, _) in found.items() if other == best)]


def times_of(group: Iterable[Run]) -> tuple[str, str] | None:
    """Return between which instants a run that states the same energy as one of a *group* ran for some time, None if no time is known."""
    timed = [found for each in group if (found := _timed(each)) is not None]
    if not timed:
        return None
    other_zones_s = _MOST_ZONES_S if any(each.record.source in SCHEDULERS for each in timed) else 0.0
    return timestamp(min(each.from_s for each in timed) - other_zones_s), timestamp(max(each.to_s for each in timed) + other_zones_s)


def _timed(record: Run) -> _Timed | None:
    """Return a record with the time in which it was metered, None if it states no energy or no time."""
    if not any(record.energy_j.values()) or record.duration_s <= 0.0:
        return None
    try:
        began_s = datetime.fromisoformat(record.started_at).timestamp()
    except (ValueError, OverflowError):
        return None
    return _Timed(began_s, began_s + record.duration_s, record)


def may_repeat(sources: Iterable[str]) -> bool:
    """Return whether records of these programs, and no others, may state the same energy twice. Tracked runs are told apart by their devices."""
    known = set(sources)
    return len(known) > 1 or not known.isdisjoint((*RANKS_OF, *LOOKED_UP, *SCHEDULERS))


def pairs_of(records: Iterable[Run]) -> Iterator[tuple[str, str]]:
    """Yield the ids of two records that state the same energy, if no other record does."""
    timed = sorted((each for record in records if (each := _timed(record))), key=lambda each: each.from_s)
    for _, here, there in (*_pairs(timed), *_repeated(timed)):
        yield here.record.run_id, there.record.run_id


def rank_groups(records: Iterable[Run]) -> list[list[Run]]:
    """Return the records of ranks that metered the same machine together, the best first."""
    timed = sorted((each for record in records if record.source in RANKS_OF and (each := _timed(record))), key=lambda each: each.from_s)
    return [sorted(group, key=_worse) for group in _groups(timed)]


def _groups(timed: Sequence[_Timed]) -> Iterator[list[Run]]:
    """Yield the records of one energy together, those that are nearest in time first."""
    group_of: dict[str, list[_Timed]] = {}
    for _, here, there in sorted([*_pairs(timed), *_repeated(timed)], key=lambda pair: pair[0]):
        ours = group_of.setdefault(here.record.run_id, [here])
        theirs = group_of.setdefault(there.record.run_id, [there])
        if ours is not theirs and _may_be_together([*ours, *theirs]):
            ours += theirs
            for each in theirs:
                group_of[each.record.run_id] = ours
    for group in {id(group): group for group in group_of.values()}.values():
        if len(group) > 1:
            yield [each.record for each in group]


def _may_be_together(members: Sequence[_Timed]) -> bool:
    """Return whether these may be of one run: one record of each source, or several of one that may be."""
    by_source: dict[str, list[_Timed]] = {}
    for each in members:
        by_source.setdefault(each.record.source, []).append(each)
    return all(len(same) == 1 or _are_of_one_source(same) for same in by_source.values())


def _are_of_one_source(same: Sequence[_Timed]) -> bool:
    """Return whether several records of one source may be of one run: answers of a server, or ranks, no more than the machine has accelerators."""
    if same[0].record.source in SCHEDULERS:
        return all(_listed(each) == _listed(same[0]) for each in same[1:])
    if same[0].record.source in LOOKED_UP:
        return all(_are_two_answers(*pair) for pair in combinations(same, 2))
    return len(same) <= (same[0].record.accelerators or 1) and all(_are_ranks(same[0], each) for each in same[1:])


def _pairs(timed: Sequence[_Timed]) -> Iterator[tuple[tuple[bool, float], _Timed, _Timed]]:
    """Yield pairs of records of the same energy, each with whether their machines have other names, and how far their times are apart.

    Tracked runs are told apart by their devices.
    """
    running: dict[str, list[_Timed]] = {}
    for there in timed:
        source = there.record.source
        for other, known in running.items():
            if other == source and source not in (*RANKS_OF, *LOOKED_UP):
                continue
            known[:] = [each for each in known if each.to_s > there.from_s]
            for here in known:
                if (_are_of_one_run if other != source else _are_two_answers if source in LOOKED_UP else _are_ranks)(here, there):
                    apart_s = abs(here.from_s - there.from_s) + abs(here.to_s - there.to_s)
                    yield (_are_on_other_hosts(here.record, there.record), apart_s), here, there
        running.setdefault(source, []).append(there)


def _repeated(timed: Sequence[_Timed]) -> Iterator[tuple[tuple[bool, float], _Timed, _Timed]]:
    """Yield pairs of records of one job that a scheduler listed twice, with times in other forms or zones, by which they are named."""
    seen: dict[tuple[object, ...], _Timed] = {}
    for there in timed:
        if there.record.source in SCHEDULERS and job_of(there.record.run_id):
            here = seen.setdefault(_listed(there), there)
            if here is not there and (there.from_s - here.from_s) % _ZONES_S == 0.0 and there.from_s - here.from_s <= _MOST_ZONES_S:
                yield (False, 0.0), here, there


def _listed(each: _Timed) -> tuple[object, ...]:
    """Return what a scheduler lists of a job beside its beginning: cluster and number, how long it took, and its energy."""
    return each.record.run_id.rpartition("-")[0], each.record.duration_s, tuple(each.record.energy_j.values())


def _are_of_one_run(here: _Timed, there: _Timed) -> bool:
    """Return whether two programs metered the same run: by the number of its job, or by time, devices and energy.

    The name of a machine may be that of a container on it: without a common GPU, runs on machines of other names are one only if their times and energies agree closely.
    """
    if (job := job_of(here.record.run_id)) and (other := job_of(there.record.run_id)):
        return job == other
    have_common = share_boards(here.record, there.record)
    if have_common is False or not _overlap(here, there) or not _are_alike(here.record, there.record):
        return False
    return have_common or not _are_on_other_hosts(here.record, there.record) or _are_twins(here, there)


def _are_on_other_hosts(one: Run, other: Run) -> bool:
    """Return whether both records name their machines, and none is common."""
    mine, theirs = ({*record.hosts, *(use.host for use in record.by_device)} - {""} for record in (one, other))
    return bool(mine and theirs) and not mine & theirs


def _are_twins(here: _Timed, there: _Timed) -> bool:
    """Return whether two records began and ended together and took the same energy of GPUs."""
    mine_j, theirs_j = (record.energy_j.get(Part.GPU) or 0.0 for record in (here.record, there.record))
    return _begin_and_end_together(here, there) and mine_j > 0.0 and abs(mine_j - theirs_j) <= _TWINS_AGREE * max(mine_j, theirs_j)


def _begin_and_end_together(here: _Timed, there: _Timed) -> bool:
    near_s = max(_SAME_TIME_S, _SAME_TIME * max(here.record.duration_s, there.record.duration_s))
    return abs(here.from_s - there.from_s) <= near_s and abs(here.to_s - there.to_s) <= near_s


def _are_two_answers(here: _Timed, there: _Timed) -> bool:
    """Return whether two answers of one server are of the same run: one of them by its hosts, on the same boards or else hosts, at the same time.

    Two jobs that share a board have labels of their own; what of each counts is told by their boards (:mod:`traincarbon.ledger.shared_boards`).
    """
    one, other = here.record, there.record
    if not (_BY_HOSTS.fullmatch(one.run_id) or _BY_HOSTS.fullmatch(other.run_id)) or not _overlap(here, there):
        return False
    boards, others = _boards(one), _boards(other)
    if boards and others:
        return boards == others
    mine_j, theirs_j = _comparable_j(one, other)
    return one.nodes == other.nodes and set(one.hosts) == set(other.hosts) and abs(mine_j - theirs_j) <= _RANKS_AGREE * max(mine_j, theirs_j)


def _boards(record: Run) -> frozenset[str]:
    """Return names of the GPUs of a record that no other boards have, empty if one has none."""
    gpus = [use for use in record.by_device if use.part == Part.GPU]
    if not all(use.host or is_of_one_board(use.device) for use in gpus):
        return frozenset()
    return frozenset(use.device if is_of_one_board(use.device) else f"{use.host}/{use.device}" for use in gpus)


def _overlap(here: _Timed, there: _Timed) -> bool:
    """Return whether two records are of the same time for at least half of the longer one."""
    overlap_s = min(here.to_s, there.to_s) - max(here.from_s, there.from_s)
    return overlap_s >= _LEAST_OVERLAP * max(here.record.duration_s, there.record.duration_s)


def _are_alike(one: Run, other: Run) -> bool:
    """Return whether two records may be of the same devices: their number, their names, and a similar energy."""
    if one.accelerators != other.accelerators or not _names_agree(one.hw, other.hw):
        return False
    mine_j, theirs_j = _comparable_j(one, other)
    return bool(mine_j and theirs_j) and 1.0 / _MOST_FACTOR <= theirs_j / mine_j <= _MOST_FACTOR


def _are_ranks(here: _Timed, there: _Timed) -> bool:
    """Return whether two records are of ranks of one run that each metered the whole machine, several accelerators at the same time."""
    one, other = here.record, there.record
    if one.source not in RANKS_OF or one.source != other.source or (one.accelerators or 0) < 2:
        return False
    if not _begin_and_end_together(here, there):
        return False
    mine_j, theirs_j = _comparable_j(one, other)
    same = (one.project, one.hw, one.accelerators) == (other.project, other.hw, other.accelerators)
    return same and abs(mine_j - theirs_j) <= _RANKS_AGREE * max(mine_j, theirs_j)


def _comparable_j(one: Run, other: Run) -> tuple[float, float]:
    """Return the energies of two records over the parts that both state; if one states only a sum, those of everything."""
    common = [part for part in (Part.GPU, Part.CPU, Part.DRAM) if one.energy_j.get(part) and other.energy_j.get(part)]
    if Part.GPU in common or (common and not (one.energy_j.get(Part.OTHER) or other.energy_j.get(Part.OTHER))):
        return sum(one.energy_j[part] or 0.0 for part in common), sum(other.energy_j[part] or 0.0 for part in common)
    return sum(each or 0.0 for each in one.energy_j.values()), sum(each or 0.0 for each in other.energy_j.values())


def _opinion(best: Run, other: Run) -> SecondOpinion:
    mine_j, theirs_j = _comparable_j(best, other)
    return SecondOpinion(other.run_id, other.source or "traincarbon", theirs_j, theirs_j / mine_j - 1.0 if mine_j else None)


def _worse(record: Run) -> tuple[bool, int, int, float, bool, str]:
    """Return what orders records by how well they are measured, the best first: all of the machine, surely, without gaps."""
    parts = [part for part, energy_j in record.energy_j.items() if energy_j]
    main = max(parts, key=lambda part: record.energy_j[part] or 0.0)
    how = _SURE.get(record.how.get(main, EnergySource.ASSUMED), len(_SURE))
    return record.unread_gpu, how, -len(parts), record.gaps_s / record.duration_s, bool(record.source), record.run_id


def _names_agree(one: str, other: str) -> bool:
    """Return whether two names may be of the same hardware: the words of one are among those of the other.

    Example:
        >>> _names_agree("a100", "8 x NVIDIA A100-SXM4-80GB"), _names_agree("a100", "NVIDIA H100"), _names_agree("", "v100")
        (True, False, True)
    """
    words = [{word for word in re.findall(r"[a-z]*\d+[a-z]*|[a-z]+", name.lower()) if word not in _NO_NAMES and not _is_count(word)} for name in (one, other)]
    return words[0] <= words[1] or words[1] <= words[0]


def _is_count(word: str) -> bool:
    return word.isdigit() and len(word) < 3
