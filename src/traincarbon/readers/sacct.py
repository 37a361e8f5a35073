"""Import jobs of SLURM from ``sacct``, parsable or plain.

The columns are those of SLURM's manual, https://slurm.schedmd.com/sacct.html. JobID, State, Start, and Elapsed or ElapsedRaw are required.
JobName, NNodes, AllocTRES, ConsumedEnergyRaw or ConsumedEnergy, ExitCode and Cluster are optional. Users and names of nodes are not read.
"""

import re
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple, TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.energy_coverage import WHOLE
from traincarbon.ledger.run import Run
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.imported import ENDINGS, NO_ZONE, Format, Imported, ImportOptions, moment, record_of
from traincarbon.readers.limits import LEAST_NODE_W, accelerator_limits
from traincarbon.readers.plausible import Basis
from traincarbon.readers.sacct_layout import is_parsable, is_plain, layout_rows
from traincarbon.readers.table import Row

COMMAND = "sacct --parsable2 --format=JobID,JobName,State,ExitCode,Start,End,ElapsedRaw,NNodes,AllocTRES,ConsumedEnergyRaw"

_NOT_VALUES = (0.0, float(0xFFFFFFFFFFFFFFFE), float(0xFFFFFFFF), float(0xFFFFFFFE))
"""What SLURM writes for an unknown energy: 0, and its NO_VAL and INFINITE of 64 bits (one number as a float) and of 32 bits."""
_GRES = re.compile(r"(?P<node>gres[:/])?gpu(?:[:=](?P<kind>[a-z][\w.-]*))?(?:[:=](?P<count>\d+))?(?:\(.*)?$", re.IGNORECASE)
_PREFIXES = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_JOB = re.compile(r"(\d+(?:_\d+)?(?:\+\d+)?)(?:\.(.+))?")
_ELAPSED = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_ZONE = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_NO_PLUGIN = "SLURM states no energy; the cluster does not meter or store it"
_BELOW_IDLE = "below idle"
_REASONS = {
    "": "SLURM's energy may be that of the processors alone, of the GPUs or of whole nodes, as its plugin decides; it is under other",
    "node": "SLURM states the energy of whole nodes, not of their parts; it is under other",
    "cpu": "SLURM states the energy of processors and memory alone; it is under cpu",
    "gpu": "SLURM states the energy of the GPUs alone",
    _BELOW_IDLE: "SLURM's energy is less than the GPUs draw idle, so it is that of the processors alone; it is under cpu",
}
_PART_OF = {"": Part.OTHER, _BELOW_IDLE: Part.CPU, "node": Part.OTHER, "cpu": Part.CPU, "gpu": Part.GPU}
_UNKNOWN_COVER = (
    "what SLURM's energy covers depends on its plugin (scontrol show config: AcctGatherEnergyType): rapl meters the processors alone, gpu the GPUs,"
    " ipmi and xcc whole nodes; state it with --energy-covers cpu, gpu or node"
)
_SHARED = "SLURM's energy is that of nodes: each job on a shared node is charged with all of it"


class _Step(NamedTuple):
    """A step of a job, with the energy of its nodes while it ran."""

    name: str
    nodes: float
    began: datetime | None
    ended: datetime | None
    energy_j: float | None


def is_sacct(beginning: str) -> bool:
    """Return whether a file with this beginning is output of ``sacct``."""
    return is_parsable(beginning) or is_plain(beginning)


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the jobs of ``sacct`` as runs, without those that never began or have not ended.

    The steps of a job run on the nodes of the job, so the energy of the job counts; if it states none, that of its steps.

    Raises:
        CarbonError: the file lacks a required column.
    """
    jobs: dict[str, list[Run | Row]] = {}
    steps: dict[str, list[_Step]] = {}
    left_out = []
    checked = has_zone = False
    for row in layout_rows(stream):
        if isinstance(row, str):
            left_out.append(row)
            continue
        if not checked:
            _check(row)
            checked = True
        has_zone = has_zone or _names_a_zone(row.text("Start"))
        id = row.text("JobID", "JobIDRaw")
        known = _JOB.fullmatch(id.rstrip("+"))
        if not known:
            left_out.append(f"{row.place(id)}: {'it has not begun' if '[' in id else 'this is not the number of a job'}")
            continue
        try:
            if not known[2]:
                needs_steps = _stated_j(row) is None
                jobs.setdefault(known[1], []).append(row if needs_steps else _record(known[1], row, [], options))
            elif not all(isinstance(each, Run) for each in jobs.get(known[1], [row])):
                steps.setdefault(known[1], []).append(_step(known[2], row, options))
        except (CarbonError, ValueError) as error:
            left_out.append(f"{row.place(id)}: {error}")
    return _runs(jobs, steps, left_out, options, has_zone=has_zone)


def _runs(jobs: dict[str, list[Run | Row]], steps: dict[str, list[_Step]], left_out: list[str], options: ImportOptions, *, has_zone: bool) -> Imported:
    """Return the runs of all jobs, those without an energy of their own by their steps."""
    records: list[Run] = []
    for id, found in jobs.items():
        for each in found:
            try:
                records.append(each if isinstance(each, Run) else _record(id, each, steps.get(id, []), options))
            except (CarbonError, ValueError) as error:
                left_out.append(f"{each.place(id) if isinstance(each, Row) else id}: {error}")
    notes = [] if options.zone or not records or has_zone else [NO_ZONE]
    if any(energy_j for record in records for energy_j in record.energy_j.values()):
        notes += [_SHARED] if options.energy_covers else [_SHARED, _UNKNOWN_COVER]
    left_out += [f"job {id}: the file has only its steps, not the job itself" for id in sorted(steps.keys() - jobs.keys())]
    return Imported(records, left_out, notes)


def _names_a_zone(text: str) -> bool:
    return _ZONE.search(text) is not None or text.isdigit()


def _check(row: Row) -> None:
    lacking = [column for column in ("State", "Start") if column not in row.cells]
    if not {"Elapsed", "ElapsedRaw"} & row.cells.keys():
        lacking.append("ElapsedRaw")
    if lacking:
        raise CarbonError(f"the output of sacct lacks {', '.join(lacking)}", hint=COMMAND)


def _record(id: str, row: Row, steps: list[_Step], options: ImportOptions) -> Run:
    state = _state(row.text("State"))
    duration_s = _elapsed_s(row)
    if row.text("Start").lower() in ("", "unknown") or (state in ENDINGS and not duration_s):
        raise ValueError("it never began")
    if state not in ENDINGS:
        raise ValueError(f"it is {state.upper()[:20]} and has not ended; import it when it has")
    began = moment(row.text("Start"), options.zone)
    nodes = row.amount("NNodes") or row.amount("AllocNodes") or _tres(row).get("node") or 1.0
    energy_j = _stated_j(row)
    energy_j = _of_steps_j(steps, nodes=nodes) if energy_j is None else energy_j
    accelerators, kind = _accelerators(_tres(row), nodes)
    covers = options.energy_covers
    if not covers and energy_j and LEAST_NODE_W * nodes * duration_s <= energy_j < _idle_j(accelerators, kind, duration_s):
        covers = _BELOW_IDLE
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
        energy_j={} if energy_j is None else {_PART_OF[covers]: (energy_j, EnergySource.POWER)},
        missing={"": _NO_PLUGIN if energy_j is None else _REASONS[covers]},
        basis=Basis(unit="J", whole_includes_gpus=covers == WHOLE),
        energy_covers=covers if covers == WHOLE else "",
        versions={},
    )


def _idle_j(accelerators: int | None, kind: str, duration_s: float) -> float:
    """Return the least energy that the accelerators of a job draw, 0 if their kind is unknown."""
    limits = accelerator_limits(kind)
    return (accelerators or 0) * limits.least_w * duration_s if limits.name else 0.0


def _state(text: str) -> str:
    """Return a state in small letters. Plain output cuts it off, as CANCELLED+."""
    word = text.split(" ", maxsplit=1)[0].lower()
    return next((each for each in ENDINGS if each.startswith(word[:-1])), word) if word.endswith("+") else word


def _step(name: str, row: Row, options: ImportOptions) -> _Step:
    began, ended = (moment(text, options.zone) if (text := row.text(column)) and text.lower() != "unknown" else None for column in ("Start", "End"))
    return _Step(name, row.amount("NNodes") or 1.0, began, ended, _stated_j(row))


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
    """Return the count of each resource of a job, such as 8 of ``gres/gpu:a100``. Before SLURM 21.08 AllocGRES states ``gpu:v100:4``."""
    tres = dict(_pair(pair) for pair in row.text("AllocTRES").split(",") if "=" in pair)
    if not any(name.startswith("gres/gpu") for name in tres):
        for text in row.text("AllocGRES", "ReqGRES", "ReqTRES").split(","):
            if known := _GRES.match(text.strip()):
                name = "gres/gpu" + (f":{known['kind']}" if known["kind"] else "") + ("/node" if known["node"] else "")
                tres[name] = tres.get(name, 0.0) + float(known["count"] or 1.0)
    return tres


def _pair(text: str) -> tuple[str, float]:
    name, _, count = text.strip().partition("=")
    return name, float(count) if count.isdigit() else 0.0


def _accelerators(tres: dict[str, float], nodes: float) -> tuple[int | None, str]:
    """Return the number and the names of the accelerators. A count without a name includes all named ones; ``gres:gpu:2`` counts those of a node."""
    total = {name.removesuffix("/node"): count * (nodes if name.endswith("/node") else 1.0) for name, count in tres.items()}
    named = {name.partition(":")[2]: count for name, count in total.items() if name.startswith("gres/gpu:") and count}
    count = sum(named.values()) or total.get("gres/gpu")
    return int(count) if count else None, " + ".join(named)


FORMAT = Format(
    "sacct",
    "output of SLURM's `sacct`: `--parsable2` (`-P`), `--parsable` (`-p`) or plain",
    "energy of what the plugin meters, duration, state, nodes, accelerators",
    "parameters, tokens; energy by part, unless `--energy-covers` states it",
    "a job counts with its steps; each task of an array is a run; jobs on a shared node are each charged with all of its energy; plain output cuts long cells off",
    is_sacct,
    read,
)
