"""Make the record of a run from the journal lines of all its processes."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from traincarbon.errors import CarbonError
from traincarbon.ledger.attempts import attempts_of
from traincarbon.ledger.bills import billed_in
from traincarbon.ledger.done import counts_of
from traincarbon.ledger.energy_coverage import WHOLE
from traincarbon.ledger.folding import fold, fold_files
from traincarbon.ledger.hours import hours_of
from traincarbon.ledger.journal import run_journals, run_packs
from traincarbon.ledger.journal_lines import Line
from traincarbon.ledger.launcher import latest_launcher
from traincarbon.ledger.machines import on_machines
from traincarbon.ledger.nodes import MISSING, attendance, on_nodes
from traincarbon.ledger.phases import phases_of
from traincarbon.ledger.process_summary import End, Process
from traincarbon.ledger.reported import progress_of
from traincarbon.ledger.run import RUN_SCHEMA, Run, timestamp
from traincarbon.ledger.run_energy import DeviceUse, coverage_notes, energy_of
from traincarbon.ledger.run_totals import above_measured, contradiction, cost_basis_of, left_out, total_of
from traincarbon.ledger.sessions import Session, clusters
from traincarbon.ledger.warm_up import warm_up_of_nodes
from traincarbon.ledger.waste import waste_of
from traincarbon.quantities import J_PER_KWH, RECORDED, Part

_T = TypeVar("_T")
_WORST_FIRST = ("running", "failed", "killed", "lost", "finished")


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
    processes = fold_files([*run_journals(store, run_id, but=but), *run_packs(store, run_id)], run_id, unwritten=[json.loads(line) for line in unwritten])
    return combine(processes, now_s=time.time()) if processes else None


def combine(processes: Sequence[Process], *, now_s: float) -> Run:
    """Return the record of a run from the summaries of its processes.

    Raises:
        CarbonError: there is no process, or they belong to several runs.
    """
    runs = {process.run_id for process in processes}
    if len(runs) != 1:
        raise CarbonError(f"{len(runs)} runs cannot be read as one", hint="give the lines of one run")
    billed = billed_in(processes)
    metered = [process for process in processes if process.record is None and not process.bill]
    if not metered:
        record = _longest_imported(processes)
        return replace(record, billed=billed) if billed else record
    nodes = attendance(metered)
    metered = on_machines(metered)
    everywhere = clusters(metered)
    found = on_nodes(everywhere)
    n_machines = len({cluster[0].node for cluster in found})
    ordered = [process for cluster in found for session in cluster for process in session.processes]
    facts = [process.facts for process in ordered]
    state, end = _outcome(everywhere, now_s=now_s)
    began = min(ordered, key=lambda process: (not process.began, process.first_wall_s, process.writer))
    energy = energy_of(found)
    counts = counts_of(everywhere)
    nodes, is_running = nodes.on_machines(n_machines), state == "running"
    unread_gpu = any(each.unread_gpu for each in facts) or any(use.is_unread_gpu for use in energy.by_device)
    several, measured_j = len(ordered) > 1 and not unread_gpu, energy.measured_j
    notes = [note for name in RECORDED if several and (note := left_out(name, found))]
    results: dict[str, Any] = {name: None if unread_gpu else total_of(name, found, 0 if is_running else nodes.absent) for name in RECORDED}
    results["facility_energy_kwh"] = above_measured(results["facility_energy_kwh"], measured_j=measured_j)
    cost, cost_basis = results["cost_usd"], cost_basis_of(ordered)
    duration_s = _most_by_node(found, lambda cluster: max(session.to_s for session in cluster) - min(session.from_s for session in cluster))
    notes += [found_fault] if (found_fault := contradiction(measured_j=measured_j, facility_kwh=results["facility_energy_kwh"])) else []
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
        progress=progress_of(counts, [process.latest for process in ordered]),
        params=_first(each.params for each in facts),
        mfu=next((process.mfu for process in reversed(ordered) if process.mfu is not None), None),
        forecast=next((process.forecast for process in reversed(ordered) if process.forecast is not None), None),
        plan=_first(each.plan for each in facts),
        versions=dict(_first(each.versions for each in facts) or {}),
        site=_first(each.site for each in facts),
        launcher=latest_launcher(each.launcher for each in facts),
        restarts=len(found) - n_machines,
        signal=end.signal if end else None,
        counts=counts,
        by_device=energy.by_device,
        phases=phases_of(found, duration_s=duration_s, energy_j=sum(known_j) if known_j else None, tokens=counts.get("tokens")),
        attempts=attempts,
        shared_with=tuple(sorted({other for process in ordered for other in process.shared_with})),
        hours=hours_of(found, metered_kwh=None if unread_gpu or not known_j else sum(known_j) / J_PER_KWH),
        warm_up=warm_up_of_nodes([(process.marks, process.first_mono_s) for process in ordered]) if len(ordered) == n_machines else None,
        waste=waste_of(energy.by_device, attempts, cost_usd=None if cost is None else cost["median"], cost_basis=cost_basis),
        notes=tuple(dict.fromkeys([*coverage_notes(energy.by_device), *notes, *(note for process in ordered for note in process.notes)])),
        cost_basis=cost_basis,
        energy_covers=WHOLE if energy.energy_j[Part.OTHER] is not None else "",
        billed=billed,
    )


def _longest_imported(processes: Sequence[Process]) -> Run:
    """Return the longest of the records that were imported for a run, or the latest of equal ones."""
    imported = [(Run.from_dict(process.record), process.first_wall_s) for process in processes if process.record is not None]
    if not imported:  # of the run itself nothing is left, only of its bills
        return Run.from_dict({"schema": RUN_SCHEMA, "run_id": processes[0].run_id, "state": "lost"})
    if len(imported) == 1:
        return imported[0][0]
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
