"""Search for the fastest way to divide a model over its accelerators that fits in memory."""

from collections.abc import Iterator
from typing import NamedTuple

from traincarbon.errors import OutOfRangeError
from traincarbon.formulas.layout import UNEVEN_LAYERS, Layout, Machine, Shape, Sustained
from traincarbon.formulas.memory import LayoutMemory, memory_by_purpose
from traincarbon.formulas.step import StepTime, step_mfu, time_by_term
from traincarbon.uncertain import Num

DEGREES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Degrees of tensor and context parallelism that are tried."""
EXPERT_DEGREES = (*DEGREES, 128.0)
NARROWEST_SLICE = 128.0
"""Width that tensor parallelism leaves of a layer at least."""
MICRO_BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
MOST_TENSOR = 16.0
"""Largest degree of tensor parallelism, however many accelerators the fast links connect."""
LONG_SEQUENCE = 16384.0
"""Tokens on one accelerator above which a sequence is split over several."""
MOST_CHUNKS = 8
"""Largest number of chunks of a model on one stage of a pipeline."""
OFF_STATED = (0.0, 0.05)
OFF_USUAL = (0.1, 3.0)
"""How far the batch of a step may be from the one stated, or from the usual one, as shares: the nearest that divides is tried first."""


class Habits(NamedTuple):
    """What training software of the time does in every layout."""

    flash: float = 1.0
    splits_sequences: float = 1.0
    """Whether tensor parallelism also splits the rest of the layer along the sequence."""
    overlap_data: float = 1.0
    narrow_gradients: float = 0.0
    """Whether gradients are exchanged at 16 bits outside FSDP, not at 32."""
    tuned_attention: float = 0.5
    """How often the fused attention kernel is one for the accelerator's own generation."""


EARLIER_HABITS = Habits(flash=0.0, splits_sequences=0.0, overlap_data=0.0, narrow_gradients=1.0)
"""Habits before :data:`MODERN_YEAR`: plain attention, no split along the sequence, no overlap of exchange and compute."""
MODERN_YEAR = 2023
"""The year from which software has the habits of today."""
SELECTIVE_YEAR = 2022
"""The year from which a part of a layer can be recomputed alone; before, large models were recomputed in full."""


class LayoutTask(NamedTuple):
    """A search for a layout: the model, its batch, the machine, and the degrees that are fixed.

    Shape, machine, accelerators, memory and sequences are numbers, or arrays for a search of many plans at once.
    """

    shape: Shape
    machine: Machine
    sustained: Sustained
    accelerators: Num
    memory_b: Num
    """Memory of an accelerator that driver and libraries leave free. [B]"""
    sequences: Num
    """Sequences of a step, usual or stated."""
    is_batch_stated: bool = False
    tp: float | None = None
    pp: float | None = None
    dp: float | None = None
    recompute: str | None = None
    habits: Habits = Habits()


class Spread(NamedTuple):
    """A layout with the time of its step, its memory on the fullest accelerator, and its utilisation while steps run.

    Of a search of many plans, each is an array with NaN where no layout fits.
    """

    layout: Layout
    step: StepTime
    memory: LayoutMemory
    mfu: Num = 0.0
    calibration: float = 1.0
    """Efficiency of the step over the expected one, measured on the user's own runs; time and utilisation include it."""

    @property
    def s_per_sequence(self) -> float:
        """Seconds of a step for each of its sequences."""
        return float(self.step.total_s / self.layout.sequences)

    @property
    def recompute(self) -> str:
        """What the backward pass recomputes: none, selective or full."""
        return "full" if self.layout.recompute_layers else "selective" if self.layout.recompute_attention else "none"

    @property
    def limits(self) -> str:
        """What takes most of the step beside the useful compute."""
        terms = {words: getattr(self.step, name) for name, words in _LIMITS.items()}
        return max(terms, key=terms.__getitem__)

    def to_dict(self, run_step_s: float | None = None) -> dict[str, object]:
        """Return layout, step and memory fit for JSON, with the time of a step of the whole run where that is known."""
        layout = self.layout
        return {
            **{name: getattr(layout, name) for name in ("tp", "pp", "dp", "cp", "ep", "interleave", "micro_batch", "sequences")},
            "step_mfu": self.mfu,
            "step_calibration": self.calibration,
            "sharding": "weights" if layout.sharded_weights else "optimiser" if layout.sharded_optimiser else "none",
            "recompute": self.recompute,
            "limited_by": self.limits,
            "run_step_s": run_step_s,
            "step_s": {"total_s": float(self.step.total_s), **{name: float(value) for name, value in self.step._asdict().items()}},
            "memory_b": {"total_b": float(self.memory.total_b), **{name: float(value) for name, value in self.memory._asdict().items()}},
        }


_LIMITS = {
    "memory_s": "memory bandwidth",
    "launch_s": "launching kernels",
    "tensor_parallel_s": "tensor-parallel exchange",
    "context_parallel_s": "context-parallel exchange",
    "expert_parallel_s": "expert-parallel exchange",
    "pipeline_s": "hops between pipeline stages",
    "bubble_s": "pipeline bubble",
    "data_parallel_s": "exchange of gradients and weights",
    "optimiser_s": "the optimiser",
}


def fastest(task: LayoutTask) -> Spread | None:
    """Return the layout that fits in memory and takes the least time for a sequence, or None if none fits.

    For each way to divide the accelerators, only the least recomputation that fits is tried.
    """
    shape = task.shape
    for off in OFF_STATED if task.is_batch_stated else OFF_USUAL:
        best: Spread | None = None
        for ways in _divisions(task, off):
            for layout, memory in _fitting(task, ways, off):
                spread = Spread(layout, time_by_term(shape=shape, layout=layout, machine=task.machine, sustained=task.sustained), memory)
                if best is None or spread.s_per_sequence < best.s_per_sequence:
                    best = spread
        if best is not None:
            return best._replace(mfu=float(step_mfu(shape=shape, layout=best.layout, machine=task.machine, seconds_s=best.step.total_s)))
    return None


def check(task: LayoutTask) -> None:
    """Refuse the degrees of parallelism that *task* fixes if no layout can have them.

    Raises:
        OutOfRangeError: degrees do not divide, tensor parallelism exceeds the fast links, the batch is too small, …
    """
    tp, pp = task.tp or 1.0, task.pp or 1.0
    product = tp * pp * (task.dp or 1.0)
    if task.accelerators % product:
        raise OutOfRangeError(f"{task.accelerators:g} accelerators do not divide by tp × pp × dp, {product:g}", hint="give degrees that multiply to them")
    dp = task.dp or max(1.0, task.accelerators / product)
    sequences = task.sequences if task.is_batch_stated else max(1.0, round(task.sequences / dp)) * dp
    Layout(sequences, tp, pp, dp).check(shape=task.shape, machine=task.machine)


def _divisions(task: LayoutTask, off: float) -> Iterator[Layout]:
    """Yield the ways to divide the accelerators over the dimensions of parallelism."""
    shape, n, habits = task.shape, task.accelerators, task.habits
    for tp in _degrees(task.tp, n, most=min(MOST_TENSOR, task.machine.domain), powers=True):
        if tp > task.machine.domain or shape.heads % tp or (task.tp is None and tp > 1.0 and shape.hidden / tp < NARROWEST_SLICE):
            continue
        for pp in _degrees(task.pp, n / tp, most=shape.layers, powers=False):
            if -shape.layers % pp > UNEVEN_LAYERS:
                continue
            for cp in _degrees(None, n / tp / pp, most=max(1.0, shape.seq_len / LONG_SEQUENCE), powers=True):
                dp = n / (tp * pp * cp)
                if dp != int(dp) or (task.dp is not None and dp != task.dp) or shape.seq_len % cp or dp > max(1.0, (1.0 + off) * task.sequences):
                    continue
                for ep in _expert_degrees(shape, tp * cp * dp):
                    split = habits.splits_sequences * (tp > 1.0)
                    kernels = {"flash": habits.flash, "tuned_attention": habits.tuned_attention}
                    yield Layout(task.sequences, tp, pp, dp, cp, ep, sequence_parallel=split, overlap_data=habits.overlap_data, **kernels)


def _fitting(task: LayoutTask, ways: Layout, off: float) -> Iterator[tuple[Layout, LayoutMemory]]:
    """Yield the layouts of one division that fit in memory: by micro-batch, chunks of the pipeline, sharding and recomputation."""
    wide_b = 2.0 + 2.0 * (1.0 - task.habits.narrow_gradients)
    shardings = [{"sharded_optimiser": 1.0, "gradient_b": wide_b}]
    if ways.pp == 1.0 and ways.dp * ways.cp > 1.0:
        shardings.append({"sharded_weights": 1.0})
    for micro_batch in MICRO_BATCHES:
        sequences = _batch(task, ways.dp * micro_batch, off)
        if sequences is None:
            break
        for chunks in _interleaves(task.shape.layers, ways.pp, sequences / (ways.dp * micro_batch)):
            for sharding in shardings:
                layout = ways._replace(sequences=sequences, micro_batch=micro_batch, interleave=chunks, **sharding)
                for again in recomputations(task):
                    tried = layout._replace(**again)
                    memory = memory_by_purpose(shape=task.shape, layout=tried)
                    if memory.total_b <= task.memory_b:
                        yield tried, memory
                        break


def _batch(task: LayoutTask, multiple: float, off: float) -> float | None:
    """Return the number of sequences nearest to that of *task* that *multiple* divides, None if it is too far off."""
    near = max(1, round(task.sequences / multiple)) * multiple
    return near if abs(near - task.sequences) <= max(off * task.sequences, 0.5) else None


def _interleaves(layers: float, pp: float, micro_batches: float) -> list[float]:
    """Return how many chunks a stage may hold: one, or more if they divide its layers and the stages divide the micro-batches."""
    if pp == 1.0 or micro_batches % pp:
        return [1.0]
    most = min(MOST_CHUNKS, int(-(-layers // pp)))
    return [float(chunks) for chunks in range(1, most + 1) if pp * chunks <= layers and -layers % (pp * chunks) <= UNEVEN_LAYERS]


def recomputations(task: LayoutTask) -> list[dict[str, float]]:
    """Return what the backward pass may repeat, the least first, as fields of a layout."""
    known = {"none": {}, "selective": {"recompute_attention": 1.0}, "full": {"recompute_layers": 1.0}}
    if task.recompute is not None:
        return [known[task.recompute]]
    return [known[name] for name in ("none", "selective", "full") if name != "selective" or not task.habits.flash]


def _degrees(fixed: float | None, n: float, *, most: float, powers: bool) -> list[float]:
    """Return the degrees up to *most* that divide *n*, or the fixed one."""
    if fixed is not None:
        return [fixed]
    if powers:
        return [degree for degree in DEGREES if degree <= most and n % degree == 0.0]
    return [float(degree) for degree in range(1, int(min(most, n)) + 1) if n % degree == 0.0]


def _expert_degrees(shape: Shape, ranks: float) -> list[float]:
    if shape.experts <= 1.0:
        return [1.0]
    return [degree for degree in EXPERT_DEGREES if shape.experts % degree == 0.0 and ranks % degree == 0.0]
