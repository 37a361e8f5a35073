"""Import jobs of SLURM from ``sacct``, parsable or plain.

The columns are those of SLURM's manual, https://slurm.schedmd.com/sacct.html. JobID, State, Start, and Elapsed or ElapsedRaw are required.
JobName, NNodes, AllocTRES, ConsumedEnergyRaw or ConsumedEnergy, ExitCode and Cluster are optional. Users and names of nodes are not read.
"""

import re
from typing import TextIO

from traincarbon.errors import CarbonError
from traincarbon.ledger.energy_coverage import WHOLE
from traincarbon.ledger.masking import mask_text
from traincarbon.ledger.run import Run
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.alike import Alike, LikeRun
from traincarbon.readers.imported import NO_ZONE, Format, Imported, ImportOptions, masked, moment, record_of
from traincarbon.readers.incomplete import without_hole
from traincarbon.readers.limits import LEAST_NODE_W, accelerator_limits
from traincarbon.readers.on_demand import Entry, runs_of
from traincarbon.readers.plausible import Basis
from traincarbon.readers.sacct_job import Job, Kind, job_of, step_of
from traincarbon.readers.sacct_layout import is_parsable, is_plain, layout_rows
from traincarbon.readers.sacct_steps import Steps
from traincarbon.readers.table import Row

NAME = "sacct"
COMMAND = "sacct --parsable2 --format=JobID,JobName,State,ExitCode,Start,End,ElapsedRaw,NNodes,AllocTRES,ConsumedEnergyRaw"

_JOB = re.compile(r"(\d+(?:_\d+)?(?:\+\d+)?)(?:\.(.+))?")
_NO_DIGIT = re.compile(r"\D")
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


def is_sacct(beginning: str) -> bool:
    """Return whether a file with this beginning is output of ``sacct``."""
    return is_parsable(beginning) or is_plain(beginning)


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the jobs of ``sacct`` as runs, without those that never began or have not ended.

    The steps of a job run on the nodes of the job, so the energy of the job counts; if it states none, that of its steps.

    Raises:
        CarbonError: the file lacks a required column.
    """
    records = _Records(options)
    found: list[Entry | Job] = []
    steps = Steps()
    left_out: list[str] = []
    refused: set[str] = set()
    checked = has_zone = False
    for row in layout_rows(stream):
        if isinstance(row, str):
            left_out.append(row)
            continue
        if not checked:
            _check(row)
            checked = True
        id = row.text("JobID", "JobIDRaw")
        job_id, step_name = (id, None) if id.isdecimal() else _job_and_step(id)
        if not job_id:
            left_out.append(f"{row.place(id)}: {'it has not begun' if '[' in id else 'this is not the number of a job'}")
            continue
        try:
            if not step_name:
                steps.after(job_id)
                has_zone = has_zone or _names_a_zone(row.text("Start"))
                job = job_of(job_id, row, options)
                if job.energy_j is None:
                    steps.need(job_id)
                found.append(job if job.energy_j is None else records.of(job, job.energy_j))
            elif steps.may_count(job_id):
                steps.add(job_id, step_of(step_name, row, options))
        except (CarbonError, ValueError) as error:
            left_out.append(f"{row.place(id)}: {error}")
            refused |= {job_id} if not step_name else set()
    return _runs(found, steps, records, left_out, refused, has_zone=has_zone or options.zone is not None)


def _runs(found: list[Entry | Job], steps: Steps, records: "_Records", left_out: list[str], refused: set[str], *, has_zone: bool) -> Imported:
    """Return the runs of all jobs, those without an energy of their own by their steps."""
    entries: list[Entry] = []
    for each in found:
        if not isinstance(each, Job):
            entries.append(each)
            continue
        try:
            entries.append(records.of(each, steps.energy_j(each.id, nodes=each.kind.nodes)))
        except (CarbonError, ValueError) as error:
            left_out.append(f"{Row(each.line, {}).place(each.id)}: {error}")
            refused.add(each.id)
    notes = [] if has_zone or not entries else [NO_ZONE]
    if any(_has_energy(entry) for entry in entries):
        notes += [_SHARED] if records.covers_are_known else [_SHARED, _UNKNOWN_COVER]
    if orphans := steps.jobs() - refused:
        orphans -= {entry.run_id.split("-")[-2] for entry in entries}
    left_out += [f"job {id}: the file has only its steps, not the job itself" for id in sorted(orphans)]
    return Imported(runs_of(entries), left_out, notes)


def _has_energy(entry: Entry) -> bool:
    return bool(entry.energy_j) if isinstance(entry, LikeRun) else any(entry.energy_j.values())


def _job_and_step(id: str) -> tuple[str, str | None]:
    """Return the number of a job, empty if this is none, and the name of a step of it."""
    known = _JOB.fullmatch(id.rstrip("+"))
    return (known[1], known[2]) if known else ("", None)


def _names_a_zone(text: str) -> bool:
    if (text[-6:-5], text[-3:-2]) == (":", ":"):  # 10:40:37, as in almost all rows
        return False
    return _ZONE.search(text) is not None or text.isdigit()


def _check(row: Row) -> None:
    lacking = [] if {"JobID", "JobIDRaw"} & row.cells.keys() else ["JobID"]
    lacking += [column for column in ("State", "Start") if column not in row.cells]
    if not {"Elapsed", "ElapsedRaw"} & row.cells.keys():
        lacking.append("ElapsedRaw")
    if lacking:
        raise CarbonError(f"the output of sacct lacks {', '.join(lacking)}", hint=COMMAND)


class _Records:
    """Makes the records of jobs: one of each kind is checked in full, and those like it against its bounds."""

    def __init__(self, options: ImportOptions) -> None:
        self._covers = options.energy_covers
        self._alike: dict[tuple[Kind, str, bool], Alike] = {}
        self._prefixes: dict[str, str] = {}
        self._idle_w: dict[Kind, float] = {}

    @property
    def covers_are_known(self) -> bool:
        """Whether the user stated what the energy covers."""
        return bool(self._covers)

    def of(self, job: Job, energy_j: float | None) -> Entry:
        """Return the record of a job with this energy.

        Raises:
            CarbonError: a value is not of its type.
            ValueError: its duration cannot be.
        """
        covers = self._covers_of(job, energy_j)
        key = (job.kind, covers, energy_j is None)
        alike = self._alike.get(key)
        run_id, project = self._run_id(job), masked(job.project)
        if alike and (made := alike.run(run_id=run_id, project=project, started_at=job.started_at, duration_s=job.duration_s, energy_j=energy_j)):
            return made
        basis = Basis(unit="J", whole_includes_gpus=covers == WHOLE)
        checked = _checked(job, run_id, energy_j, covers, basis)
        if checked.energy_j[_PART_OF[covers]] == energy_j:
            self._alike[key] = Alike(checked, basis)
        return checked

    def _covers_of(self, job: Job, energy_j: float | None) -> str:
        """Return what an energy covers: what the user stated, or the processors alone if it is less than the GPUs draw idle."""
        if self._covers or not energy_j:
            return self._covers
        kind = job.kind
        if (idle_w := self._idle_w.get(kind)) is None:
            limits = accelerator_limits(kind.hw)
            idle_w = self._idle_w[kind] = (kind.accelerators or 0) * limits.least_w if limits.name else 0.0
        return _BELOW_IDLE if LEAST_NODE_W * kind.nodes * job.duration_s <= energy_j < idle_w * job.duration_s else ""

    def _run_id(self, job: Job) -> str:
        """Return the name of a job's run. A job is requeued under its number, so its start is in it."""
        cluster = job.kind.cluster
        if cluster not in self._prefixes:
            self._prefixes[cluster] = f"slurm-{mask_text(cluster)}-" if cluster else "slurm-"
        start = job.start.replace("-", "").replace("T", "").replace(":", "")
        return f"{self._prefixes[cluster]}{job.id}-{start if start.isdecimal() else _NO_DIGIT.sub('', start)}"


def _checked(job: Job, run_id: str, energy_j: float | None, covers: str, basis: Basis) -> Run:
    kind = job.kind
    record = record_of(
        run_id=run_id,
        project=job.project,
        source=NAME,
        state=kind.state,
        exit_code=kind.exit_code,
        began=moment(job.started_at, None),
        duration_s=job.duration_s,
        nodes=int(kind.nodes),
        accelerators=kind.accelerators,
        hw=kind.hw,
        energy_j={} if energy_j is None else {_PART_OF[covers]: (energy_j, EnergySource.POWER)},
        missing={"": _NO_PLUGIN if energy_j is None else _REASONS[covers]},
        basis=basis,
        energy_covers=covers if covers == WHOLE else "",
        versions={},
    )
    return without_hole(record)


FORMAT = Format(
    NAME,
    "output of SLURM's `sacct`: `--parsable2` (`-P`), `--parsable` (`-p`), with any `--delimiter`, or plain",
    "energy of what the plugin meters, duration, state, nodes, accelerators",
    "parameters, tokens; energy by part, unless `--energy-covers` states it",
    "a job counts with its steps; each task of an array is a run; jobs on a shared node are each charged with all of its energy; plain output cuts long cells off",
    is_sacct,
    read,
)
