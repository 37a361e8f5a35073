"""A run as the ledger knows it: merging the lines of all its processes is reading it."""

import json
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from traincarbon.errors import CarbonError
from traincarbon.ledger.journal import read_journal, run_folder
from traincarbon.ledger.process_summary import COUNTS, FIGURES, Process, fold
from traincarbon.ledger.record_checks import RUN_SCHEMA, checked_record
from traincarbon.ledger.run_energy import DeviceUse, energy_of
from traincarbon.ledger.sessions import Session, clusters, side_by_side

_J_PER_KWH = 3.6e6
_WORST_FIRST = ("running", "failed", "killed", "lost", "finished")
_BEYOND_THE_CONTRACT = ("restarts", "signal", "counts", "by_device", "notes", "cost_basis")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run: what was measured, what is missing and why, and what the tracker made of it. What is not known is None, never 0."""

    run_id: str
    project: str = ""
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    state: str
    started_at: str
    duration_s: float
    nodes: int = 1
    accelerators: int | None = None
    hw: str = ""
    energy_j: dict[str, float | None]
    how: dict[str, str]
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
    forecast: dict[str, Any] | None = None
    plan: dict[str, Any] | None = None
    versions: dict[str, str]
    restarts: int = 0
    signal: int | None = None
    counts: dict[str, float]
    """Tokens, samples and steps that the script reported."""
    by_device: tuple[DeviceUse, ...] = ()
    notes: tuple[str, ...] = ()
    cost_basis: str = ""
    """What the cost counts, in the tracker's words; several where its sessions counted differently, parted by semicolons."""

    @property
    def metered_kwh(self) -> float | None:
        """Energy of all parts that were metered or modelled, None where there is none."""
        known = [energy_j for energy_j in self.energy_j.values() if energy_j is not None]
        return sum(known) / _J_PER_KWH if known else None

    def to_dict(self) -> dict[str, Any]:
        """Return the record in the layout ``traincarbon/run/1``, which other programs may rely on."""
        stated = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in _BEYOND_THE_CONTRACT}
        return {"schema": RUN_SCHEMA, **stated, "argv": list(self.argv)}

    @classmethod
    def from_dict(cls, stated: dict[str, Any]) -> "RunRecord":
        """Return the record that :meth:`to_dict` wrote.

        Raises:
            CarbonError: it is no such record, or a value in it cannot be.
        """
        return cls(**checked_record(stated))

    def to_store(self) -> dict[str, Any]:
        """Return all fields as JSON can hold them, those beyond the contract too, for the index."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def stored(cls, kept: dict[str, Any]) -> "RunRecord":
        """Return the record that :meth:`to_store` gave."""
        by_device = tuple(DeviceUse(*use) for use in kept["by_device"])
        return cls(**{**kept, "argv": tuple(kept["argv"]), "by_device": by_device, "notes": tuple(kept["notes"])})


def merge(lines: Iterable[dict[str, Any]], *, now_s: float | None = None) -> RunRecord:
    """Return the record of the run that wrote *lines*, in any order and however often each comes.

    Args:
        lines: What :func:`traincarbon.ledger.journal.read_journal` gave, of all files of one run.
        now_s: The wall clock, which tells a process that stopped writing from one that runs.

    Raises:
        CarbonError: there is no line, or they belong to several runs.
    """
    return combine(fold(lines), now_s=time.time() if now_s is None else now_s)


def read_run(store: str, run_id: str, *, unwritten: Iterable[str] = (), but: str = "") -> RunRecord | None:
    """Return what the journals say of one run, without any index; None where there is none. What budgets over restarts ask.

    Args:
        store: The folder that holds the journals.
        run_id: The run.
        but: Name of a journal to leave out, as one that is still being written.
        unwritten: Lines that a journal of the run could not write, see :meth:`traincarbon.ledger.journal.Journal.unwritten`.

    Raises:
        OSError: the folder cannot be read.
    """
    folder = run_folder(store, run_id)
    names = sorted(name for name in os.listdir(folder) if name.endswith(".jsonl") and name != but) if os.path.isdir(folder) else []
    lines = [line for name in names for line in read_journal(os.path.join(folder, name))[0] if line["run_id"] == run_id]
    lines += [json.loads(line) for line in unwritten]
    return merge(lines) if lines else None


def combine(processes: Sequence[Process], *, now_s: float) -> RunRecord:
    """Return the record of a run from the summaries of its processes.

    Raises:
        CarbonError: there is none, or they belong to several runs.
    """
    runs = {process.run_id for process in processes}
    if len(runs) != 1:
        raise CarbonError(f"{len(runs)} runs cannot be read as one", hint="give the lines of one run")
    metered = [process for process in processes if process.record is None]
    if not metered:
        imported = [(RunRecord.from_dict(process.record), process.first_wall_s) for process in processes if process.record is not None]
        return max(imported, key=lambda item: (item[0].duration_s, item[0].metered_kwh or 0.0, item[1], repr(item[0])))[0]
    found = clusters(metered)
    ordered = [process for cluster in found for session in cluster for process in session.processes]
    last = _last_sessions(found)
    outcomes = {session.last.outcome(now_s=now_s): session for session in reversed(last)}
    state = next(state for state in _WORST_FIRST if state in outcomes)
    end = outcomes[state].last.end or {}
    began = min(ordered, key=lambda process: (not process.began, process.first_wall_s, process.writer))
    energy = energy_of(found)
    left_out = [note for name in FIGURES if (note := _left_out(name, found))]
    return RunRecord(
        run_id=runs.pop(),
        project=_first(ordered, "project") or "",
        argv=tuple(_first(ordered, "argv") or ()),
        exit_code=end.get("exit_code"),
        state=state,
        started_at=_timestamp(began.first_wall_s),
        duration_s=_most_by_node(found, lambda cluster: max(session.to_s for session in cluster) - min(session.from_s for session in cluster)),
        nodes=len({process.node for process in ordered}),
        accelerators=_accelerators(ordered),
        hw=" + ".join(dict.fromkeys(process.facts["hw"] for process in ordered if process.facts.get("hw"))),
        energy_j=energy.energy_j,
        how=energy.how,
        missing=energy.missing,
        gaps_s=_most_by_node(found, lambda cluster: max(session.gaps_s for session in cluster)),
        samples=sum(process.samples for process in ordered),
        **{name: _figure(name, found) for name in FIGURES},
        tokens=(counts := _counts(found)).get("tokens"),
        params=_first(ordered, "params"),
        mfu=next((process.mfu for process in reversed(ordered) if process.mfu is not None), None),
        forecast=next((process.forecast for process in reversed(ordered) if process.forecast is not None), None),
        plan=_first(ordered, "plan"),
        versions=_first(ordered, "versions") or {},
        restarts=len(found) - len({process.node for process in ordered}),
        signal=end.get("signal"),
        counts=counts,
        by_device=energy.by_device,
        notes=tuple(dict.fromkeys([*left_out, *(note for process in ordered for note in process.notes)])),
        cost_basis="; ".join(dict.fromkeys(process.cost_basis for process in ordered if process.cost_basis and "cost_usd" in process.figures)),
    )


def _last_sessions(found: list[tuple[Session, ...]]) -> list[Session]:
    """Return the sessions in which each node left the run."""
    last = {cluster[0].node: cluster for cluster in found}
    return [session for cluster in last.values() for session in cluster]


def _most_by_node(found: list[tuple[Session, ...]], seconds: Callable[[tuple[Session, ...]], float]) -> float:
    """Return the most that any node has of some span of time, restarts added up, as nodes run side by side."""
    by_node: dict[str, float] = {}
    for cluster in found:
        by_node[cluster[0].node] = by_node.get(cluster[0].node, 0.0) + seconds(cluster)
    return max(by_node.values())


def _first(ordered: list[Process], name: str) -> Any:
    return next((process.facts[name] for process in ordered if process.facts.get(name)), None)


def _accelerators(ordered: list[Process]) -> int | None:
    by_node: dict[str, int] = {}
    for process in ordered:
        if process.facts.get("accelerators") is not None:
            by_node[process.node] = max(by_node.get(process.node, 0), process.facts["accelerators"])
    return sum(by_node.values()) if by_node else None


def _counts(found: list[tuple[Session, ...]]) -> dict[str, float]:
    """Return what the script reported: within a session the highest figure, as it is cumulative, over sessions and nodes the sum."""
    counts: dict[str, float] = {}
    for session in (session for cluster in found for session in cluster):
        for name in COUNTS:
            reported = [process.counts[name] for process in session.processes if name in process.counts]
            if reported:
                counts[name] = counts.get(name, 0.0) + max(reported)
    return counts


def _figure(name: str, found: list[tuple[Session, ...]]) -> dict[str, float] | None:
    """Return the sum of a figure over the processes that state it; where several watched the same, the greatest of theirs."""
    stated: list[dict[str, float]] = []
    for cluster in found:
        figures = _stated(name, cluster)
        stated += figures if side_by_side(cluster) else sorted(figures, key=lambda figure: figure["median"])[-1:]
    if not stated:
        return None
    return {end: sum(figure[end] for figure in stated) for end in ("low", "median", "high")}


def _stated(name: str, cluster: tuple[Session, ...]) -> list[dict[str, float]]:
    """Return the figure of each session of a cluster that states it, its processes added up."""
    found = []
    for session in cluster:
        figures = [process.figures[name] for process in session.processes if name in process.figures]
        if figures:
            found.append({end: sum(figure[end] for figure in figures) for end in ("low", "median", "high")})
    return found


def _left_out(name: str, found: list[tuple[Session, ...]]) -> str:
    """Return a note where a figure leaves out processes that metered energy and ended before they could state it."""
    metered = [process for cluster in found for session in cluster for process in session.processes if process.devices]
    without = sum(name not in process.figures for process in metered)
    if not 0 < without < len(metered):
        return ""
    return f"{name} leaves out {without} of {len(metered)} processes, which ended before they could state it"


def _timestamp(wall_s: float) -> str:
    """Return the instant as ISO 8601 in UTC, empty where the clock was beyond what has a date."""
    try:
        whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(math.floor(wall_s)))
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{whole}.{int(wall_s % 1 * 1e6):06d}Z"
