"""Import the log of Megatron-LM that was run with ``--log-energy``: the energy of a GPU in each iteration, the arguments, and the end.

The lines are those of ``training_log`` in ``megatron/training/training.py``. The energy is NVML's counter, summed over all GPUs, without evaluations and checkpoints.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple, TextIO

from traincarbon.errors import CarbonError
from traincarbon.quantities import EnergySource, Part
from traincarbon.readers.imported import NO_ZONE, UNKNOWN_END, Format, Imported, ImportOptions, before, moment, record_of
from traincarbon.readers.plausible import Basis
from traincarbon.readers.table import lines_of

_ITERATION = re.compile(r"(?:\[(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\] )?\s*iteration\s+(?P<at>\d+)/\s*\d+ \|(?P<rest>.*)")
_ELAPSED = re.compile(r"elapsed time per iteration \(ms\): ([\d.]+) \|")
_ENERGY = re.compile(r"energy per GPU \(J/iter/GPU\): ([\d.]+) \|")
_SAMPLES = re.compile(r"consumed samples:\s+(\d+) \|")
_BATCH = re.compile(r"global batch size:\s+(\d+) \|")
_ARGUMENT = re.compile(
    r"(?:\S+: ?)?\s*(world_size|seq_length|log_interval|num_experts|tensor_model_parallel_size|pipeline_model_parallel_size) \.{3,} (\S+)\s*"
)
_WORLD = re.compile(r"using world size: (\d+)")
_PARAMS = re.compile(r"number of parameters on .*model parallel rank (\([\d, ]+\)): (\d+)")
_TOTAL = re.compile(r"Total training energy \(GPU\): ([\d.]+) MJ")
_DONE = "[after training is done]"
_ENDED_EARLY = "exiting program after receiving SIGTERM"
_NO_ENERGY = "Megatron states the energy of GPUs alone, and only with --log-energy"
_NO_WORLD = "the log does not state the number of GPUs, so the energy of all is unknown; it stands in the arguments that Megatron prints first"


class _Logged(NamedTuple):
    """A line of the log, which stands for the iterations since the line before."""

    at: int
    ended: datetime | None
    iteration_s: float
    energy_j: float | None
    samples: int | None
    batch: int | None


@dataclass(slots=True)
class _Log:
    """What a log states."""

    lines: list[_Logged] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict)
    params_of_ranks: dict[str, int] = field(default_factory=dict)
    total_j: float | None = None
    state: str = UNKNOWN_END

    def count(self, name: str) -> int | None:
        """Return an argument that is a number, None if the log does not state it."""
        text = self.arguments.get(name, "")
        return int(text) if text.isdigit() else None


def is_megatron(beginning: str) -> bool:
    """Return whether a file with this beginning is a log of Megatron's training."""
    lines = beginning.splitlines()
    return any((found := _ITERATION.search(line)) and _ELAPSED.search(found["rest"]) for line in lines) or (
        "---- arguments ----" in beginning and any((found := _ARGUMENT.fullmatch(line)) and found[1] == "world_size" for line in lines)
    )


def read(stream: TextIO, options: ImportOptions) -> Imported:
    """Return the run of a log: the energy of its GPUs by iterations, and its tokens.

    Raises:
        CarbonError: a line has no end.
    """
    log = _parsed(stream, options)
    notes = [] if options.zone or not any(line.ended for line in log.lines) else [NO_ZONE]
    if not log.lines:
        return Imported([], ["the log has no line of an iteration; it was cut off, or failed before"], [])
    counts = _iterations(log)
    stepped_s = sum(line.iteration_s * count for line, count in zip(log.lines, counts, strict=True))
    first, last = log.lines[0], log.lines[-1]
    wall_s = (last.ended - first.ended).total_seconds() + first.iteration_s * counts[0] if first.ended and last.ended else stepped_s
    gpus = log.count("world_size")
    energy_j, reason = _energy_j(log, counts, gpus)
    stem = options.name.rpartition(".")[0] or options.name or "log"
    try:
        record = record_of(
            run_id=f"megatron-{stem}{f'-{first.ended:%Y%m%dT%H%M%S}' if first.ended else ''}",
            state=log.state,
            began=before(first.ended, first.iteration_s * counts[0]) if first.ended else None,
            duration_s=max(wall_s, stepped_s),
            gaps_s=max(wall_s - stepped_s, 0.0),
            samples=len(log.lines) if energy_j else 0,
            accelerators=gpus,
            hw=options.hw,
            params=_params(log),
            tokens=_tokens(log, counts),
            energy_j={} if energy_j is None else {Part.GPU: (energy_j, EnergySource.COUNTER)},
            missing={"gpu": reason, "": _NO_ENERGY},
            basis=Basis(unit="J"),
            versions={},
        )
    except (CarbonError, ValueError) as error:
        return Imported([], [str(error)], notes)
    return Imported([record], [], [*notes, *([reason] if reason == _NO_WORLD else [])])


def _parsed(stream: TextIO, options: ImportOptions) -> _Log:
    log = _Log()
    for line in lines_of(stream):
        if found := _ITERATION.search(line):
            if known := _logged(found, options):
                log.lines.append(known)
        elif argument := _ARGUMENT.fullmatch(line.rstrip("\r\n")):
            log.arguments[argument[1]] = argument[2]
        elif world := _WORLD.search(line):
            log.arguments.setdefault("world_size", world[1])
        elif params := _PARAMS.search(line):
            log.params_of_ranks[params[1]] = int(params[2])
        elif total := _TOTAL.search(line):
            log.total_j = float(total[1]) * 1e6
        elif _DONE in line:
            log.state = "finished"
        elif _ENDED_EARLY in line:
            log.state = "killed"
    return log


def _logged(found: "re.Match[str]", options: ImportOptions) -> _Logged | None:
    """Return what a line states, None if it is cut off."""
    elapsed, energy, samples, batch = (pattern.search(found["rest"]) for pattern in (_ELAPSED, _ENERGY, _SAMPLES, _BATCH))
    if elapsed is None:
        return None
    try:
        ended = moment(found["time"], options.zone) if found["time"] else None
        return _Logged(
            int(found["at"]),
            ended,
            float(elapsed[1]) / 1e3,
            float(energy[1]) if energy else None,
            int(samples[1]) if samples else None,
            int(batch[1]) if batch else None,
        )
    except ValueError:
        return None


def _iterations(log: _Log) -> list[int]:
    """Return the number of iterations that each line stands for. A run that was restarted begins again after its checkpoint."""
    apart = [there.at - here.at for here, there in pairwise(log.lines)]
    usual = log.count("log_interval") or next((each for each in apart if each > 0), 1)
    first = min(usual, max(log.lines[0].at, 1))
    return [first, *(each if each > 0 else usual for each in apart)]


def _energy_j(log: _Log, counts: list[int], gpus: int | None) -> tuple[float | None, str]:
    """Return the energy of all GPUs, and why it is unknown if it is."""
    if log.total_j:
        return log.total_j, ""
    known = [line.energy_j * count for line, count in zip(log.lines, counts, strict=True) if line.energy_j is not None]
    if len(known) < len(log.lines):
        return None, _NO_ENERGY
    return (sum(known) * gpus, "") if gpus else (None, _NO_WORLD)


def _tokens(log: _Log, counts: list[int]) -> float | None:
    """Return the tokens of the iterations of this log, None if it does not state the length of a sequence."""
    length = log.count("seq_length")
    if not length or any(line.batch is None for line in log.lines):
        return None
    return float(length) * sum((line.batch or 0) * count for line, count in zip(log.lines, counts, strict=True))


def _params(log: _Log) -> float | None:
    """Return the parameters of all ranks of the model, None if some did not print theirs, as those of experts do not."""
    ranks = (log.count("tensor_model_parallel_size") or 0) * (log.count("pipeline_model_parallel_size") or 0)
    if not ranks or len(log.params_of_ranks) != ranks or log.arguments.get("num_experts", "None") != "None":
        return None
    return float(sum(log.params_of_ranks.values()))


FORMAT = Format(
    "megatron",
    "log of Megatron-LM with `--log-energy`",
    "energy of the GPUs by iterations, duration, tokens, parameters, GPUs, whether it finished",
    "the rest of the machine, hardware, energy of evaluations and checkpoints",
    "the number of GPUs and the length of a sequence stand in the arguments that Megatron prints first; name the hardware with `--hw`",
    is_megatron,
    read,
)
