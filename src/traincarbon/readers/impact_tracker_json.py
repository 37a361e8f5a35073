"""Import ``impacttracker/data.json`` of experiment-impact-tracker: a line of JSON for each sample of power."""

import json
from os import path
from typing import TextIO

from traincarbon.decode import amount, table, text
from traincarbon.errors import CarbonError
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.imported import UNKNOWN_END, Format, Imported, ImportOptions, instant, record_of
from traincarbon.readers.limits import accelerator_limits
from traincarbon.readers.plausible import Basis
from traincarbon.readers.samples import Samples
from traincarbon.readers.table import lines_of

_GPU, _CPU = "nvidia_estimated_attributable_power_draw", "rapl_estimated_attributable_power_draw"
"""The power of the process: its share of the GPUs, and of processors and memory."""
_STATES = "per_gpu_performance_state"
_NO_ENERGY = "experiment-impact-tracker has no sensor for it"
_WITH_CPU = "experiment-impact-tracker states processors and memory together; it is under cpu"
_MOST_GPUS = 16


def is_impact_tracker(beginning: str) -> bool:
    """Return whether a file with this beginning holds samples of experiment-impact-tracker."""
    return beginning.lstrip()[:1] == "{" and '"timestamp"' in beginning and (f'"{_GPU}"' in beginning or f'"{_CPU}"' in beginning)


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the run of a file: the energy of the process by the trapezoidal rule, without gaps.

    The folder above ``impacttracker`` names the run, as all files have one name.

    Raises:
        CarbonError: a line has no end.
    """
    gpu = Samples(most_w=accelerator_limits(options.hw).most_w * _MOST_GPUS)
    cpu = Samples()
    left_out: list[str] = []
    devices: set[str] = set()
    for number, line in enumerate(lines_of(stream), 1):
        if not line.strip():
            continue
        try:
            sample = table(json.loads(line))
        except (ValueError, RecursionError):
            left_out.append(f"line {number}: it is no JSON{'; it is cut off' if not line.endswith(chr(10)) else ''}")
            continue
        time_s = amount(sample.get("timestamp"))
        if time_s is None:
            left_out.append(f"line {number}: it states no time")
            continue
        for samples, name in ((gpu, _GPU), (cpu, _CPU)):
            if (power_w := amount(sample.get(name))) is not None:
                samples.add(name, time_s, power_w)
        devices.update(state.partition("::")[0] for state in (text(sample.get(_STATES)) or "").split("|") if "::" in state)
    return _run(gpu, cpu, len(devices), left_out, options)


def _run(gpu: Samples, cpu: Samples, devices: int, left_out: list[str], options: ImportOptions) -> Imported:
    known = [samples for samples in (gpu, cpu) if samples.count]
    if fault := next((fault for samples in known if (fault := samples.fault())), "") or ("" if known else "it holds no power"):
        return Imported([], [*left_out, fault], [])
    energy_j = {part: (samples.energy_j(), EnergySource.POWER) for part, samples in ((Part.GPU, gpu), (Part.CPU, cpu)) if samples.count}
    began = instant(min(samples.began_s for samples in known))
    try:
        record = record_of(
            run_id=f"impacttracker-{_name(options)}-{began:%Y%m%dT%H%M%S}",
            state=UNKNOWN_END,
            began=began,
            duration_s=max(samples.duration_s for samples in known),
            gaps_s=max(samples.gaps_s() for samples in known),
            samples=max(samples.count for samples in known),
            accelerators=devices or None,
            hw=options.hw,
            energy_j=energy_j,
            missing={"dram": _WITH_CPU if cpu.count else _NO_ENERGY, "": _NO_ENERGY},
            basis=Basis(unit="J", has_floor=False),
            versions={},
            notes=[note for samples in known if (note := samples.note())],
        )
    except (CarbonError, ValueError) as error:
        return Imported([], [*left_out, str(error)], [])
    return Imported([record], left_out, [])


def _name(options: ImportOptions) -> str:
    """Return the name of the folder above ``impacttracker``, or else that of the file."""
    folder, within = path.split(path.dirname(path.abspath(options.path))) if options.path else ("", "")
    return path.basename(folder) if within == "impacttracker" and path.basename(folder) else options.name.rpartition(".")[0] or "log"


FORMAT = Format(
    "impacttracker",
    "`impacttracker/data.json` of experiment-impact-tracker",
    "energy of the process: its share of the GPUs, and of processors and memory, from sampled power; GPUs",
    "hardware, state, parameters, tokens, CO2e; its `info.pkl` is not read, as a pickle can run code",
    "the folder above `impacttracker` names the run",
    is_impact_tracker,
    read,
    files=("impacttracker/data.json",),
)
