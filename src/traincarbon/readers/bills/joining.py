"""Join the charges of bills to runs: by tag, or by resource and time. What no run used stays unmatched, and nothing is counted twice."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from traincarbon.ledger.bills import BY_RESOURCE, BY_TAG, Part
from traincarbon.ledger.run import Run
from traincarbon.ledger.same_energy import job_of
from traincarbon.ledger.same_run import counted_in
from traincarbon.readers.bills.charge import Charge

_NO_USD = 1e-9
"""Less than this of a charge is no rest of it. [$]"""
_JOB_WORDS = ("job",)


class Unmatched(NamedTuple):
    """What no run used of one resource.

    Attributes:
        service: What was bought.
        resource: The id of the resource, empty if the bill names none.
        usd: Its cost. [$]
        first_day: The first day of it.
        last_day: The last day of it.
    """

    service: str
    resource: str
    usd: float
    first_day: str
    last_day: str


class Joined(NamedTuple):
    """A bill, joined to runs.

    Attributes:
        usd: All of it. [$]
        by_run: The parts of each run, by id.
        unmatched: The rest by resource, the most expensive first.
    """

    usd: float
    by_run: Mapping[str, tuple[Part, ...]]
    unmatched: tuple[Unmatched, ...]

    @property
    def unmatched_usd(self) -> float:
        """What no run used, in dollars."""
        return sum(each.usd for each in self.unmatched)

    def to_dict(self) -> dict[str, object]:
        """Return it fit for JSON."""
        runs = [{"run_id": run_id, "usd": sum(part.usd for part in parts)} for run_id, parts in self.by_run.items()]
        return {
            "usd": self.usd,
            "joined_usd": self.usd - self.unmatched_usd,
            "unmatched_usd": self.unmatched_usd,
            "runs": runs,
            "unmatched": [each._asdict() for each in self.unmatched],
        }


class _Ran(NamedTuple):
    """When a run ran, and on how many accelerators."""

    run_id: str
    from_s: float
    to_s: float
    weight: float


def join(
    charges: Iterable[Charge], runs: Iterable[Run], *, hosts: Mapping[str, Sequence[str]] | None = None, name_of: Callable[[str], str] | None = None
) -> Joined:
    """Return which run each charge belongs to.

    A tag whose value is the id of a run, or the number of its job, gives it the whole charge. A tag with the name of its project, or a resource
    that is one of its hosts, gives it the charge for the time in which it ran; runs at the same time share it by their accelerators.

    Args:
        charges: The charges.
        runs: The runs.
        hosts: Names of the hosts of runs, by id.
        name_of: Turns the name of a machine into the one that the ledger has of it.
    """
    known = _Known(runs, hosts or {}, name_of)
    parts: dict[str, dict[tuple[str, str], Part]] = {}
    rest: dict[tuple[str, str], list[float]] = {}
    total_usd = 0.0
    for charge in charges:
        total_usd += charge.usd
        left_usd = charge.usd
        by, shares = known.shares(charge)
        day = datetime.fromtimestamp(charge.from_s, UTC).strftime("%Y-%m-%d")
        for run_id, share in shares:
            left_usd -= charge.usd * share
            mine = parts.setdefault(run_id, {})
            before = mine.get((charge.key, by))
            mine[charge.key, by] = Part(charge.key, day, (before.usd if before else 0.0) + charge.usd * share, by)
        if abs(left_usd) > max(_NO_USD, 1e-12 * abs(charge.usd)):
            seen = rest.setdefault((charge.service, charge.resource), [0.0, charge.from_s, charge.from_s])
            seen[0] += left_usd
            seen[1], seen[2] = min(seen[1], charge.from_s), max(seen[2], charge.from_s)
    found = [Unmatched(service, resource, usd, _day(first_s), _day(last_s)) for (service, resource), (usd, first_s, last_s) in rest.items()]
    found.sort(key=lambda each: (-abs(each.usd), each.service, each.resource))
    return Joined(total_usd, {run_id: tuple(mine.values()) for run_id, mine in sorted(parts.items())}, tuple(found))


class _Known:
    """The runs by what a charge may name of them."""

    def __init__(self, runs: Iterable[Run], hosts: Mapping[str, Sequence[str]], name_of: Callable[[str], str] | None) -> None:
        known = {run.run_id: run for run in runs}
        best_of = counted_in(list(known.values()))
        self._name_of = name_of
        self._ids: dict[str, str] = {}
        self._jobs: dict[str, str] = {}
        self._projects: dict[str, dict[str, _Ran]] = {}
        self._hosts: dict[str, dict[str, _Ran]] = {}
        for run in known.values():  # what names one record of a run gives the charge to the one in which the others count
            best = known[best_of.get(run.run_id, run.run_id)]
            self._ids[run.run_id] = best.run_id
            if job := job_of(run.run_id):
                self._jobs.setdefault(job, best.run_id)
            ran = _ran(best)
            if ran is None:
                continue
            if run.project:
                self._projects.setdefault(run.project, {})[best.run_id] = ran
            for host in {*run.hosts, *hosts.get(run.run_id, ())}:
                self._hosts.setdefault(host, {})[best.run_id] = ran

    def shares(self, charge: Charge) -> tuple[str, list[tuple[str, float]]]:
        """Return how a charge is joined, and the share of it of each run."""
        for tag, value in charge.tags.items():
            if value in self._ids:
                return BY_TAG, [(self._ids[value], 1.0)]
            if value in self._jobs and any(word in tag.lower() for word in _JOB_WORDS):
                return BY_TAG, [(self._jobs[value], 1.0)]
        for value in charge.tags.values():
            if found := _split(charge, self._projects.get(value, {}).values()):
                return BY_TAG, found
        for name in charge.names:
            for known in dict.fromkeys((name, name.partition(".")[0])):
                anonymous = self._name_of(known) if self._name_of is not None else ""
                if found := _split(charge, (self._hosts.get(known) or self._hosts.get(anonymous) or {}).values()):
                    return BY_RESOURCE, found
        return "", []


def _split(charge: Charge, ran: Collection[_Ran]) -> list[tuple[str, float]]:
    """Return the share of a charge of each run: the time in which any ran, divided by their time on it and their accelerators."""
    during = [(each, max(each.from_s, charge.from_s), min(each.to_s, charge.to_s)) for each in ran]
    if charge.to_s <= charge.from_s:
        there = [each for each in ran if each.from_s <= charge.from_s <= each.to_s]
        weight = sum(each.weight for each in there)
        return [(each.run_id, each.weight / weight) for each in there]
    during = [each for each in during if each[1] < each[2]]
    if not during:
        return []
    used = _union_s([(begin_s, end_s) for _, begin_s, end_s in during]) / (charge.to_s - charge.from_s)
    weight = sum(each.weight * (end_s - begin_s) for each, begin_s, end_s in during)
    return [(each.run_id, used * each.weight * (end_s - begin_s) / weight) for each, begin_s, end_s in during]


def _union_s(spans: list[tuple[float, float]]) -> float:
    """Return how long any of the spans lasts."""
    total_s, until_s = 0.0, -1e300
    for begin_s, end_s in sorted(spans):
        total_s += max(end_s - max(begin_s, until_s), 0.0)
        until_s = max(until_s, end_s)
    return total_s


def _ran(run: Run) -> _Ran | None:
    try:
        began_s = datetime.fromisoformat(run.started_at).timestamp()
    except (ValueError, OverflowError):
        return None
    return _Ran(run.run_id, began_s, began_s + run.duration_s, float(run.accelerators or 1)) if run.duration_s > 0.0 else None


def _day(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d")
