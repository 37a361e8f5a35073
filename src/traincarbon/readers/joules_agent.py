"""Import the jobs that the agent of ``joules`` (landauer-gap) metered on a server: ``curl http://HOST:9877/jobs``."""

import json
import re
from collections.abc import Mapping
from typing import TextIO

from traincarbon.decode import amount, items, table, text
from traincarbon.errors import CarbonError
from traincarbon.ledger.run import Run
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.imported import UNKNOWN_END, Energies, Format, Imported, ImportOptions, instant, record_of
from traincarbon.readers.plausible import Basis

_LONGEST = 64 << 20
_NO_JOBS = ("idle", "system")
"""Kinds of entries that are no jobs: devices without a job, and the system's own processes."""
_OF_GPUS = {"whole_gpu": EnergySource.POWER, "sm_time": EnergySource.MODELLED, "busy_time": EnergySource.MODELLED,
            "memory_share": EnergySource.MODELLED, "cpu_guess": EnergySource.MODELLED}  # fmt: skip
"""How the energy of GPUs was given to a job: all of a GPU that it had alone, or a share by a model."""
_OF_PROCESSORS = "cpu_time"
_GPU = re.compile(r"(?:GPU )?\d+ (.+)")
_NO_ENERGY = "the agent of joules had no sensor for it"
_WITH_CPU = "the agent of joules states processors and memory together; it is under cpu"


def is_joules_agent(beginning: str) -> bool:
    """Return whether a file with this beginning holds jobs of the agent."""
    return beginning.lstrip()[:1] == "{" and '"jobs"' in beginning[:200] and ('"attribution_j"' in beginning or '"finished"' in beginning)


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the jobs that have finished. Users and hosts are not read; cost and CO2e may follow from defaults and are not read either.

    Raises:
        CarbonError: the file is not JSON, for example cut off.
    """
    try:
        stated = table(json.loads(stream.read(_LONGEST)))
    except (ValueError, RecursionError) as error:
        raise CarbonError(f"the file is not JSON: {error}", hint="is it cut off?") from error
    records: list[Run] = []
    left_out: list[str] = []
    notes: list[str] = []
    without = 0
    for place, each in enumerate(items(stated.get("finished")), 1):
        job = table(each)
        if job.get("kind") in _NO_JOBS:
            continue
        if not amount(job.get("energy_j")):
            without += 1
            continue
        try:
            records.append(_record(job, options))
        except (CarbonError, ValueError) as error:
            left_out.append(f"finished job {place}: {error}")
    running = sum(table(each).get("kind") not in _NO_JOBS for each in items(stated.get("jobs")))
    if running:
        notes.append(f"{running} jobs have not finished; import them when they have")
    if without:
        notes.append(f"{without} finished jobs used no device that the agent meters")
    return Imported(records, left_out, notes)


def _record(job: Mapping[str, object], options: ImportOptions) -> Run:
    """Return the record of a job.

    Raises:
        CarbonError: a value is not of its type.
        ValueError: it does not say when it ran.
    """
    began_s, duration_s = amount(job.get("started")), amount(job.get("duration_s"))
    if began_s is None or not duration_s:
        raise ValueError("it does not say when it ran")
    began, kind = instant(began_s), text(job.get("kind")) or "job"
    gpus = [known[1] if (known := _GPU.fullmatch(str(name))) else str(name) for name in items(job.get("gpus"))]
    coverage = amount(job.get("coverage"))
    energy_j = _energy(table(job.get("attribution_j")), amount(job.get("energy_j")) or 0.0)
    name = text(job.get("name")) or kind
    label = f"slurm-{job.get('id')}-joules" if kind == "slurm" else f"joules-{kind}-{name}"
    return record_of(
        run_id=f"{label}-{began:%Y%m%dT%H%M%S}",
        project=name,
        state=UNKNOWN_END,
        began=began,
        duration_s=duration_s,
        gaps_s=duration_s * max(1.0 - (1.0 if coverage is None else coverage), 0.0),
        accelerators=len(gpus) or None,
        hw=options.hw or " + ".join(dict.fromkeys(gpus)),
        energy_j=energy_j,
        missing={"dram": _WITH_CPU if Part.CPU in energy_j else _NO_ENERGY, "": _NO_ENERGY},
        basis=Basis(unit="J", has_floor=False),
        versions={},
    )


def _energy(shares_j: Mapping[str, object], whole_j: float) -> Energies:
    """Return the energy of GPUs and of processors; without a word on how it was given to the job, it is under other."""
    known = {name: found_j for name in (*_OF_GPUS, _OF_PROCESSORS) if (found_j := amount(shares_j.get(name)))}
    if not known:
        return {Part.OTHER: (whole_j, EnergySource.MODELLED)}
    found: dict[Part, tuple[float, EnergySource]] = {}
    of_gpus = {name: energy_j for name, energy_j in known.items() if name in _OF_GPUS}
    if of_gpus:
        found[Part.GPU] = (sum(of_gpus.values()), _OF_GPUS[max(of_gpus, key=lambda name: of_gpus[name])])
    if _OF_PROCESSORS in known:
        found[Part.CPU] = (known[_OF_PROCESSORS], EnergySource.MODELLED)
    return found


FORMAT = Format(
    "joules-agent",
    "jobs of the agent of landauer-gap: `curl http://HOST:9877/jobs`",
    "energy of GPUs and processors by job, time, GPUs, hardware",
    "state, parameters, tokens, CO2e and cost, which may follow from defaults",
    "a GPU that jobs share is split by the agent, which counts as modelled; jobs of SLURM keep their number",
    is_joules_agent,
    read,
)
