"""Import jobs of SLURM from ``sacct --parsable2``.

The columns are those of SLURM's manual, https://slurm.schedmd.com/sacct.html. JobID, State, Start, and Elapsed or ElapsedRaw are required.
JobName, NNodes, AllocTRES, ConsumedEnergyRaw or ConsumedEnergy, ExitCode and Cluster are optional. Users and names of nodes are not read.
"""

import re
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple, TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.imported import ENDINGS, NO_ZONE, Format, Imported, ImportOptions, moment, names_a_zone, record_of
from traincarbon.readers.table import Row, header_of, rows

COMMAND = "sacct --parsable2 --format=JobID,JobName,State,ExitCode,Start,End,ElapsedRaw,NNodes,AllocTRES,ConsumedEnergyRaw"

_NOT_VALUES = (0.0, float(0xFFFFFFFFFFFFFFFE), float(0xFFFFFFFF), float(0xFFFFFFFE))
"""What SLURM writes for an unknown energy: 0, and its NO_VAL and INFINITE of 64 bits (one number as a float) and of 32 bits."""
_MOST_W = 30_000.0
"""More than any server draws; counters that wrapped or were reset give such values."""
_PREFIXES = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_JOB = re.compile(r"(\d+(?:_\d+)?(?:\+\d+)?)(?:\.(.+))?")
_ELAPSED = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_NO_PLUGIN = "SLURM states no energy; the cluster does not meter or store it"
_TOO_MUCH = "SLURM states more than {watts:,.0f} W for each node, which is impossible"
_NOT_BY_PART = "SLURM states the energy of whole nodes, not of their parts; it is under other"
_SHARED = "SLURM's energy is that of whole nodes: each job on a shared node is charged with all of it"


class _Step(NamedTuple):
    """A step of a job, with the energy of its nodes while it ran."""

    name: str
    nodes: float
    began: datetime | None
    ended: datetime | None
    energy_j: float | None


def is_sacct(beginning: str) -> bool:
    """Return whether a file with this beginning is parsable output of ``sacct``."""
    header = header_of(beginning, "|")
    return "State" in header and ("JobID" in header or "JobIDRaw" in header)


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the jobs of ``sacct`` as runs, without those that never began or have not ended.

    The steps of a job run on the nodes of the job, so the energy of the job counts; if it states none, that of its steps.

    Raises:
        CarbonError: the file lacks a required column.
    """
    jobs: list[tuple[str, Row]] = []
    steps: dict[str, list[_Step]] = {}
    left_out = []
    checked = False
    for row in rows(stream, delimiter="|", quoted=False):
        if isinstance(row, str):
            left_out.append(row)
            continue
        if not checked:
            _check(row)
            checked = True
        id = row.text("JobID", "JobIDRaw")
        known = _JOB.fullmatch(id)
        if not known:
            left_out.append(f"{row.place(id)}: {'it has not begun' if '[' in id else 'this is not the number of a job'}")
            continue
        try:
            if known[2]:
                steps.setdefault(known[1], []).append(_step(known[2], row, options))
            else:
                jobs.append((known[1], row))
        except ValueError as error:
            left_out.append(f"{row.place(id)}: {error}")
    return _runs(jobs, steps, left_out, options)


def _runs(jobs: list[tuple[str, Row]], steps: dict[str, list[_Step]], left_out: list[str], options: ImportOptions) -> Imported:
    records, notes = [], []
    for id, row in jobs:
        try:
            records.append(_record(id, row, steps.get(id, []), options))
            if not options.zone and not names_a_zone(row.text("Start")):
                notes.append(NO_ZONE)
        except (CarbonError, ValueError) as error:
            left_out.append(f"{row.place(id)}: {error}")
    if any(record.metered_kwh for record in records):
        notes.append(_SHARED)
    orphans = steps.keys() - {id for id, _ in jobs}
    left_out += [f"job {id}: the file has only its steps, not the job itself" for id in sorted(orphans)]
    return Imported(records, left_out, list(dict.fromkeys(notes)))


def _check(row: Row) -> None:
    lacking = [column for column in ("State", "Start") if column not in row.cells]
    if not {"Elapsed", "ElapsedRaw"} & row.cells.keys():
        lacking.append("ElapsedRaw")
    if lacking:
        raise CarbonError(f"the output of sacct lacks {', '.join(lacking)}", hint=COMMAND)


def _record(id: str, row: Row, steps: list[_Step], options: ImportOptions) -> Run:
    state = row.text("State").split(" ")[0].lower()
    duration_s = _elapsed_s(row)
    if row.text("Start").lower() in ("", "unknown") or (state in ENDINGS and not duration_s):
        raise ValueError("it never began")
    if state not in ENDINGS:
        raise ValueError(f"it is {state.upper()[:20]} and has not ended; import it when it has")
    began = moment(row.text("Start"), options.zone)
    nodes = row.amount("NNodes") or row.amount("AllocNodes") or _tres(row).get("node") or 1.0
    energy_j, reason = _energy_j(row, steps, nodes=nodes, duration_s=duration_s)
    accelerators, kind = _accelerators(_tres(row))
    cluster = row.text("Cluster")
    code, _, signal = row.text("ExitCode").partition(":")
    return record_of(
        run_id="-".join(["slurm", *([cluster] if cluster else []), id, re.sub(r"\D", "", row.text("Start"))]),
        project=row.text("JobName"),
        state=ENDINGS[state],
        exit_code=int(code) if code.isdigit() and signal in ("", "0") and ENDINGS[state] != "killed" else None,
        began=began,
        duration_s=duration_s,
        nodes=int(nodes),
        accelerators=accelerators,
        hw=kind,
        energy_j={} if energy_j is None else {Part.OTHER: (energy_j, EnergySource.POWER)},
        missing={"": reason} if energy_j is None else {"": _NOT_BY_PART},
        versions={},
    )


def _step(name: str, row: Row, options: ImportOptions) -> _Step:
    began, ended = (moment(text, options.zone) if (text := row.text(column)) and text.lower() != "unknown" else None for column in ("Start", "End"))
    return _Step(name, row.amount("NNodes") or 1.0, began, ended, _stated_j(row))


def _energy_j(row: Row, steps: list[_Step], *, nodes: float, duration_s: float) -> tuple[float | None, str]:
    """Return the energy of a job, or the reason why there is none."""
    energy_j = _stated_j(row)
    if energy_j is None:
        energy_j = _of_steps_j(steps, nodes=nodes)
    if energy_j is None:
        return None, _NO_PLUGIN
    if energy_j > _MOST_W * nodes * duration_s:
        return None, _TOO_MUCH.format(watts=_MOST_W)
    return energy_j, ""


def _of_steps_j(steps: list[_Step], *, nodes: float) -> float | None:
    """Return the most energy that the steps of a job show. ``batch`` and ``extern`` include all others, which may share nodes."""
    numbered = sorted((step for step in steps if step.name.isdigit() and step.energy_j), key=lambda step: (step.began is None, str(step.began)))
    around = [step.energy_j for step in steps if not step.name.isdigit() and step.energy_j]
    apart = all(here.ended and there.began and here.ended <= there.began for here, there in pairwise(numbered))
    beside = sum(step.nodes for step in numbered) <= nodes
    energies = [step.energy_j or 0.0 for step in numbered]
    together = [sum(energies)] if apart or beside else energies
    return max([*together, *around], default=None) or None


def _stated_j(row: Row) -> float | None:
    for column in ("ConsumedEnergyRaw", "ConsumedEnergy"):
        cell = row.text(column)
        if not cell:
            continue
        prefix = _PREFIXES.get(cell[-1].upper(), 1.0)
        try:
            energy_j = float(cell if prefix == 1.0 else cell[:-1]) * prefix
        except ValueError as error:
            raise ValueError(f"column {column}: {cell[:40]!r} is not a number of joules") from error
        if not 0.0 <= energy_j < 1e300:
            raise ValueError(f"column {column}: {cell[:40]!r} is not a number of joules")
        return None if energy_j in _NOT_VALUES else energy_j
    return None


def _elapsed_s(row: Row) -> float:
    raw = row.amount("ElapsedRaw")
    if raw is not None:
        return raw
    found = _ELAPSED.fullmatch(row.text("Elapsed"))
    if not found:
        raise ValueError(f"column Elapsed: {row.text('Elapsed')[:40]!r} is not a time such as 1-02:03:04")
    days, hours, minutes, seconds = (float(part or 0.0) for part in found.groups())
    return ((days * 24.0 + hours) * 60.0 + minutes) * 60.0 + seconds


def _tres(row: Row) -> dict[str, float]:
    """Return the count of each resource of a job, such as 8 of ``gres/gpu:a100``."""
    pairs = (pair.partition("=") for pair in row.text("AllocTRES", "AllocGRES").split(","))
    return {name: float(count) for name, _, count in pairs if count.isdigit()}


def _accelerators(tres: dict[str, float]) -> tuple[int | None, str]:
    """Return the number and the names of the accelerators. A count without a name includes all named ones."""
    named = {name.partition(":")[2]: count for name, count in tres.items() if name.startswith("gres/gpu:")}
    count = sum(named.values()) or tres.get("gres/gpu")
    return int(count) if count else None, " + ".join(named)


FORMAT = Format(
    "sacct",
    "output of SLURM's `sacct --parsable2` (`-P`)",
    "energy of the nodes, duration, state, nodes, accelerators",
    "parameters, tokens; energy by part, unless `--energy-covers` states it",
    "a job counts with its steps; each task of an array is a run; jobs on a shared node are each charged with all of its energy",
    is_sacct,
    read,
)
