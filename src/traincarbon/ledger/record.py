"""The record of a run, merged from the journal lines of all its processes."""

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, TypeVar

from traincarbon.errors import CarbonError
from traincarbon.ledger.attempts import Attempt, attempts_of
from traincarbon.ledger.done import counts_of
from traincarbon.ledger.folding import fold, fold_files
from traincarbon.ledger.journal import run_journals
from traincarbon.ledger.journal_lines import Line
from traincarbon.ledger.launcher import latest_launcher
from traincarbon.ledger.machines import on_machines
from traincarbon.ledger.nodes import MISSING, attendance, with_absent
from traincarbon.ledger.phases import Phase, phases_of
from traincarbon.ledger.process_summary import End, Process
from traincarbon.ledger.record_checks import RUN_SCHEMA, checked_record, contradiction
from traincarbon.ledger.run_energy import DeviceUse, coverage_notes, energy_of
from traincarbon.ledger.sessions import Session, clusters, share_all, share_nothing, share_once
from traincarbon.ledger.waste import NO_WASTE, Waste, waste_of
from traincarbon.quantities import J_PER_KWH, RECORDED, EnergySource, Part
from traincarbon.uncertain import Interval

_T = TypeVar("_T")
_WORST_FIRST = ("running", "failed", "killed", "lost", "finished")
_BY_TIME = ("embodied_kgco2e", "cost_usd")
"""What follows from the hours of accelerators more than from energy."""
_NOT_PUBLISHED = ("restarts", "signal", "counts", "by_device", "cost_basis", "unread_gpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run: what was measured, what is missing and why, and its results. What is not known is None, never 0."""

    run_id: str
    project: str = ""
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    state: str
    started_at: str
    duration_s: float
    nodes: int = 1
    nodes_expected: int | None = None
    """Nodes of the run by its launcher, None if it is unknown."""
    hosts: tuple[str, ...] = ()
    """Names of its nodes in the ledger, which are hashes, in the order of their numbers."""
    accelerators: int | None = None
    hw: str = ""
    energy_j: dict[str, float | None]
    how: dict[str, EnergySource]
    missing: dict[str, str]
    gaps_s: float = 0.0
    samples: int = 0
    facility_energy_kwh: dict[str, float] | None = None
    operational_kgco2e: dict[str, float] | None = None
    embodied_kgco2e: dict[str, float] | None = None
    cost_usd: dict[str, float] | None = None
    tokens: float | None = None
    params: float | None = None
    mfu: float | None = None
    forecast: Mapping[str, Any] | None = None
    plan: Mapping[str, Any] | None = None
    versions: dict[str, str]
    launcher: Mapping[str, Any] | None = None
    """What launched it and what gave its id, see :mod:`traincarbon.ledger.launcher`."""
    restarts: int = 0
    signal: int | None = None
    counts: dict[str, float]
    """Tokens, samples and steps that the script reported."""
    by_device: tuple[DeviceUse, ...] = ()
    phases: tuple[Phase, ...] = ()
    """What its script named, and the rest; they add up to the run. Empty if it named none."""
    attempts: tuple[Attempt, ...] = ()
    waste: Waste = NO_WASTE
    shared_with: tuple[str, ...] = ()
    """Other runs that were metered on the same GPUs at the same time: each record has all of their energy."""
    notes: tuple[str, ...] = ()
    unread_gpu: bool = False
    """Whether a GPU was there that no meter read, so that every total is unknown."""
    cost_basis: str = ""
    """What the cost counts, see :class:`traincarbon.quantities.CostBasis`; several, separated by semicolons, if its sessions counted differently."""

    @property
    def metered_kwh(self) -> float | None:
        """Energy of all parts that were metered or modelled, None if there is none, or if a GPU that was there is not among them."""
        known = [energy_j for energy_j in self.energy_j.values() if energy_j is not None]
        return sum(known) / J_PER_KWH if known and not self.unread_gpu else None

    def to_dict(self) -> dict[str, Any]:
        """Return the record in the schema ``traincarbon/run/1``, which other programs may rely on."""
        stated = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in _NOT_PUBLISHED}
        how = {part: source.value for part, source in self.how.items()}
        lists = {
            "argv": list(self.argv),
            "hosts": list(self.hosts),
            "shared_with": list(self.shared_with),
            "notes": list(self.notes),
            "devices": [use.to_dict() for use in self.by_device],
        }
        parts = {"phases": [phase._asdict() for phase in self.phases], "attempts": [each.to_dict(timestamp) for each in self.attempts]}
        return {"schema": RUN_SCHEMA, **stated, "how": how, **lists, **parts, "waste": self.waste.to_dict()}

    @classmethod
    def from_dict(cls, stated: Mapping[str, object]) -> "Run":
        """Return the record that :meth:`to_dict` gave.

        Raises:
            CarbonError: it is not such a record, or a value in it is impossible.
        """
        return cls(**checked_record(stated))

    def to_stored(self) -> dict[str, object]:
        """Return all fields as JSON can hold them, for the index."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> "Run":
        """Return the record that :meth:`to_stored` gave."""
        how = {part: EnergySource(source) for part, source in stored["how"].items()}
        by_device = tuple(map(DeviceUse.from_stored, stored["by_device"]))
        parts = {
            "phases": tuple(Phase(*phase) for phase in stored["phases"]),
            "attempts": tuple(Attempt(*attempt) for attempt in stored["attempts"]),
            "waste": Waste(*stored["waste"]),
            **{name: tuple(stored.get(name, ())) for name in ("hosts", "shared_with")},
        }
        return cls(**{**stored, **parts, "argv": tuple(stored["argv"]), "how": how, "by_device": by_device, "notes": tuple(stored["notes"])})


def merge(lines: Iterable[Line], *, now_s: float | None = None) -> Run:
    """Return the record of a run from its journal *lines*, in any order. Lines that come twice count once.

    Args:
        lines: The lines of all journals of one run, see :func:`traincarbon.ledger.journal_lines.read_journal`.
        now_s: The wall clock, which tells a process that stopped writing from one that still runs.

    Raises:
        CarbonError: there are no lines, or they belong to several runs.
    """
    return combine(fold(lines), now_s=time.time() if now_s is None else now_s)


def read_run(store: str, run_id: str, *, unwritten: Iterable[str] = (), but: str = "") -> Run | None:
    """Return the record of one run from its journals, without the index, or None if it has none.

    Args:
        store: The folder that holds the journals.
        run_id: The run.
        but: Name of a journal to leave out, such as one that is still being written.
        unwritten: Lines that a journal of the run could not write yet, see :meth:`traincarbon.ledger.journal.Journal.unwritten`.

    Raises:
        OSError: the folder cannot be read.
    """
    processes = fold_files(run_journals(store, run_id, but=but), run_id, unwritten=[json.loads(line) for line in unwritten])
    return combine(processes, now_s=time.time()) if processes else None


def combine(processes: Sequence[Process], *, now_s: float) -> Run:
    """Return the record of a run from the summaries of its processes.

    Raises:
        CarbonError: there is no process, or they belong to several runs.
    """
    runs = {process.run_id for process in processes}
    if len(runs) != 1:
        raise CarbonError(f"{len(runs)} runs cannot be read as one", hint="give the lines of one run")
    metered = [process for process in processes if process.record is None]
    if not metered:
        return _longest_imported(processes)
    nodes = attendance(metered)
    metered = on_machines(metered)
    n_machines = len({process.node for process in metered})
    found = clusters(metered)
    ordered = [process for cluster in found for session in cluster for process in session.processes]
    facts = [process.facts for process in ordered]
    state, end = _outcome(found, now_s=now_s)
    began = min(ordered, key=lambda process: (not process.began, process.first_wall_s, process.writer))
    energy = energy_of(found)
    counts = counts_of(found)
    nodes, is_running = nodes.on_machines(n_machines), state == "running"
    unread_gpu = any(each.unread_gpu for each in facts) or any(use.is_unread_gpu for use in energy.by_device)
    notes = [note for name in RECORDED if not unread_gpu and (note := _left_out(name, found))]
    results = {name: None if unread_gpu else _total(name, found, 0 if is_running else nodes.absent) for name in RECORDED}
    cost, cost_basis = results["cost_usd"], _cost_basis(ordered)
    duration_s = _most_by_node(found, lambda cluster: max(session.to_s for session in cluster) - min(session.from_s for session in cluster))
    notes += [found_fault] if (found_fault := contradiction(energy_j=energy.energy_j, how=energy.how, facility_kwh=results["facility_energy_kwh"])) else []
    attempts, known_j = attempts_of(found, now_s=now_s), [energy_j for energy_j in energy.energy_j.values() if energy_j is not None]
    return Run(
        run_id=runs.pop(),
        project=_first(each.project for each in facts) or "",
        argv=_first(each.argv for each in facts) or (),
        exit_code=end.exit_code if end else None,
        state="incomplete" if state == "finished" and nodes.absent else state,
        started_at=timestamp(began.first_wall_s),
        duration_s=duration_s,
        nodes=nodes.seen,
        nodes_expected=nodes.expected,
        hosts=tuple(dict.fromkeys(cluster[0].node for cluster in found)),
        accelerators=_accelerators(ordered, energy.by_device),
        hw=" + ".join(dict.fromkeys(each.hw for each in facts if each.hw)),
        energy_j=energy.energy_j,
        how=energy.how,
        missing=energy.missing | ({MISSING: nodes.reason + (" so far" if is_running else "")} if nodes.absent else {}),
        gaps_s=_most_by_node(found, lambda cluster: max(session.gaps_s for session in cluster)),
        samples=sum(process.samples for process in ordered),
        unread_gpu=unread_gpu,
        **results,
        tokens=counts.get("tokens"),
        params=_first(each.params for each in facts),
        mfu=next((process.mfu for process in reversed(ordered) if process.mfu is not None), None),
        forecast=next((process.forecast for process in reversed(ordered) if process.forecast is not None), None),
        plan=_first(each.plan for each in facts),
        versions=dict(_first(each.versions for each in facts) or {}),
        launcher=latest_launcher(each.launcher for each in facts),
        restarts=len(found) - n_machines,
        signal=end.signal if end else None,
        counts=counts,
        by_device=energy.by_device,
        phases=phases_of(found, duration_s=duration_s, energy_j=sum(known_j) if known_j else None, tokens=counts.get("tokens")),
        attempts=attempts,
        shared_with=tuple(sorted({other for process in ordered for other in process.shared_with})),
        waste=waste_of(energy.by_device, attempts, cost_usd=None if cost is None else cost["median"], cost_basis=cost_basis),
        notes=tuple(dict.fromkeys([*coverage_notes(energy.by_device), *notes, *(note for process in ordered for note in process.notes)])),
        cost_basis=cost_basis,
    )


def _cost_basis(ordered: Sequence[Process]) -> str:
    """Return what the cost counts, several separated by semicolons if the processes counted differently."""
    return "; ".join(dict.fromkeys(process.cost_basis for process in ordered if process.cost_basis and "cost_usd" in process.results))


def _longest_imported(processes: Sequence[Process]) -> Run:
    """Return the longest of the records that were imported for a run, or the latest of equal ones."""
    imported = [(Run.from_dict(process.record), process.first_wall_s) for process in processes if process.record is not None]
    return max(imported, key=lambda item: (item[0].duration_s, item[0].metered_kwh or 0.0, item[1], repr(item[0])))[0]


def _outcome(found: list[tuple[Session, ...]], *, now_s: float) -> tuple[str, End | None]:
    """Return the worst state in which a node left the run, and how its process ended."""
    last = {cluster[0].node: cluster for cluster in found}
    outcomes = {session.last.outcome(now_s=now_s): session.last.end for cluster in reversed(last.values()) for session in reversed(cluster)}
    state = next(state for state in _WORST_FIRST if state in outcomes)
    return state, outcomes[state]


def _most_by_node(found: list[tuple[Session, ...]], seconds: Callable[[tuple[Session, ...]], float]) -> float:
    """Return the most seconds of any node, its restarts added up. Nodes run side by side."""
    by_node: dict[str, float] = {}
    for cluster in found:
        by_node[cluster[0].node] = by_node.get(cluster[0].node, 0.0) + seconds(cluster)
    return max(by_node.values())


def _first(values: Iterable[_T | None]) -> _T | None:
    """Return the first value that is stated."""
    return next((value for value in values if value), None)


def _accelerators(ordered: list[Process], devices: Sequence[DeviceUse]) -> int | None:
    """Return the number of distinct GPUs, or what the nodes stated where none was metered."""
    metered = len({(use.node, use.device) for use in devices if use.part == Part.GPU})
    if metered:
        return metered
    by_node: dict[str, int] = {}
    for process in ordered:
        if process.facts.accelerators is not None:
            by_node[process.node] = max(by_node.get(process.node, 0), process.facts.accelerators)
    return sum(by_node.values()) if by_node else None


def _total(name: str, found: list[tuple[Session, ...]], absent: int) -> dict[str, float] | None:
    """Return a recorded quantity of all nodes, with the share of those that sent nothing in its interval."""
    total = with_absent(_sum(name, found), found, absent, partial(_sum, name))
    return None if total is None else total.to_dict()


def _sum(name: str, found: Sequence[tuple[Session, ...]]) -> Interval | None:
    """Return a recorded quantity summed over the processes that state it. What several sessions metered at once counts once."""
    stated: list[Interval] = []
    for cluster in found:
        results = list(_by_session(name, cluster))
        if len(results) < 2 or share_nothing(cluster):
            stated += results
        elif share_all(cluster):
            stated.append(max(results, key=lambda result: float(result.median)))
        else:
            stated.append(_scaled(_added(results), share_once(cluster, by_time=name in _BY_TIME)))
    return _added(stated) if stated else None


def _scaled(interval: Interval, factor: float) -> Interval:
    return Interval(*(bound * factor for bound in interval))


def _by_session(name: str, cluster: tuple[Session, ...]) -> Iterator[Interval]:
    """Yield a quantity for each session of a cluster that states it, its processes added up."""
    for session in cluster:
        results = [process.results[name] for process in session.processes if name in process.results]
        if results:
            yield _added(results)


def _added(intervals: Sequence[Interval]) -> Interval:
    return Interval(*(sum(bounds) for bounds in zip(*intervals, strict=True)))


def _left_out(name: str, found: list[tuple[Session, ...]]) -> str:
    """Return a note if processes metered energy and ended before they could state a quantity that others state."""
    metered = [process for cluster in found for session in cluster for process in session.processes if process.devices]
    without = sum(name not in process.results for process in metered)
    if not 0 < without < len(metered):
        return ""
    return f"{name} leaves out {without} of {len(metered)} processes, which ended before they could state it"


def timestamp(wall_s: float) -> str:
    """Return the instant as ISO 8601 in UTC, empty if no calendar has it."""
    try:
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(math.floor(wall_s)))
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{whole}.{int(wall_s % 1 * 1e6):06d}Z"
