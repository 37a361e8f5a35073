"""From a row of published runs to a step of known layout, with what a prediction of it needs.

A published row states part of a layout. The rest comes in the open: the model's shape from ``architectures.csv``, what the paper or its
era fixes from ``run_features.csv`` (the longest prefix of the row's id wins; what the row itself states wins over both, save
``recompute_layers``, which says what a paper's "selective" repeats).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import TABLES, Product
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimation.layout.machine import machine_of
from traincarbon.estimation.layout.search import EARLIER_HABITS, MODERN_YEAR, Habits
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained
from traincarbon.formulas.step import StepTime, step_mfu, step_time
from traincarbon.published import priors
from traincarbon.published.runs import Run, SetAside

SETS = {
    "megatron21-t1": "Narayanan 2021 T1",
    "megatron21-t2-ptd": "Narayanan 2021 T2",
    "megatron21-t2-zero3": "Narayanan 2021 T2 ZeRO-3",
    "korthikanti22": "Korthikanti 2022",
    "mtnlg": "MT-NLG 530B",
    "foundry": "MosaicML FSDP A100",
    "mcore-h100": "Megatron-Core H100",
    "megascale-175b-megascale": "MegaScale A100",
    "megascale-175b-megatron-lm": "MegaScale's Megatron-LM A100",
    "torchtitan-a100": "torchtitan A100",
    "torchtitan-h100": "torchtitan H100",
    "maxtext-v5e": "MaxText TPU v5e",
    "maxtext-v5p": "MaxText TPU v5p",
    "nemo2412": "NeMo 24.12 H100 fp8",
    "mbridge": "Megatron-Bridge",
}
"""Prefix of a row's id to the set that it belongs to; the longest wins."""
_LAYOUT = frozenset(Layout._fields)
_MACHINE = frozenset({"domain", "network_bandwidth_b_per_s", "tensor_share"})
_CONTRADICTION = 0.1
"""Rate and utilisation of one row differ by rounding and by counting rules, but not by more."""


class Step(NamedTuple):
    """A published step and all that its prediction needs."""

    id: str
    set: str
    generation: str
    precision: str
    shape: Shape
    layout: Layout
    machine: Machine
    published_s: float
    accelerator: str = ""

    def predict(self, sustained: Sustained) -> StepTime:
        """Return the step's time by term.

        Raises:
            OutOfRangeError: the layout cannot be.
        """
        return step_time(shape=self.shape, layout=self.layout, machine=self.machine, sustained=sustained)

    def mfu(self, seconds_s: float) -> float:
        """Return the utilisation that *seconds_s* would be, attention counted in full."""
        return float(step_mfu(shape=self.shape, layout=self.layout, machine=self.machine, seconds_s=seconds_s))


def steps(runs: Iterable[Run], database: Database) -> tuple[list[Step], list[SetAside]]:
    """Return the published steps among *runs* whose layout is known, and those rows of the sets that could not be used, with reasons."""
    features = _features(database)
    found: list[Step] = []
    aside: list[SetAside] = []
    for run in runs:
        group = _longest(run["id"], SETS)
        if group is None and not _is_laid_out(run):
            continue
        try:
            name = f"{run['kind']}/{run['family']}/{run['hardware']}" if group is None else SETS[group] + (" MoE" if run["family"] == "moe-lm" else "")
            step = _step(run, name, features, database)
            step.layout.check(shape=step.shape, machine=step.machine)
        except CarbonError as error:
            aside.append(SetAside(run["id"], str(error)))
            continue
        found.append(step)
    return found, aside


def _is_laid_out(run: Run) -> bool:
    """Say whether a row that belongs to none of the sets states by itself a step, its layout and its time or rate."""
    timed = ("iter_time_s", "tokens_per_s_per_accelerator", "achieved_tflops_per_accelerator")
    return run["kind"] == "bench" and None not in map(run.number, ("tp", "pp", "accelerators", "batch_tokens")) and any(map(run.number, timed))


def _step(run: Run, name: str, features: Mapping[str, Mapping[str, float]], database: Database) -> Step:
    known = _features_of(run["id"], features)
    chip, precision, peak = priors.peak_of(run, database)
    shape = _shape(run, known, database)
    layout = _layout(run, known, shape)
    n = run.number("accelerators")
    if n is not None and n != layout.accelerators:
        raise DatabaseError(f"tp × cp × pp × dp is {layout.accelerators:g}, not {n:g}", hint="is a degree missing?")
    machine = _machine(chip, precision, known, layout, database)
    return Step(run["id"], name, chip.keys.get("generation", ""), precision, shape, layout, machine, _published_s(run, shape, layout, peak), chip.id)


def _shape(run: Run, known: Mapping[str, float], database: Database) -> Shape:
    id = run["model"].partition(" (")[0].lower().replace(" ", "-")
    rows = database.rows("architectures", id)
    seq_len = run.number("seq_len") or known.get("seq_len")
    if seq_len is None:
        raise DatabaseError("no sequence length is stated", hint="fill the column seq_len")
    if rows:
        columns = [column for column in TABLES["architectures"][2:-4] if column in Shape._fields]
        shape = Shape(seq_len=seq_len, **{column: float(rows[0][column] or 0.0) for column in columns})
        return shape._replace(layers=known.get("layers", shape.layers))
    stated = {column: run.number(column) for column in ("layers", "hidden", "heads", "vocab")}
    if None in stated.values():
        raise DatabaseError(f"the shape of {id!r} is not known", hint="fill layers, hidden, heads and vocab, or add a row to architectures.csv")
    layers, hidden, heads, vocab = (float(value or 0.0) for value in stated.values())
    return Shape(layers, hidden, heads, heads, hidden, 4.0 * hidden, 2.0, vocab, seq_len)


def _layout(run: Run, known: Mapping[str, float], shape: Shape) -> Layout:
    fields = {name: value for name, value in known.items() if name in _LAYOUT}
    if not known:
        fields |= _habits(run)
    for name in ("tp", "pp", "dp", "micro_batch", "interleave"):
        value = run.number(name)
        if value is not None:
            fields[name] = value
    if run["recompute"] and "recompute_layers" not in known:
        fields["recompute_layers"] = float(run["recompute"] == "full")
        fields["recompute_attention"] = float(run["recompute"] == "selective")
    n = run.number("accelerators")
    if "dp" not in fields and n is not None:
        fields["dp"] = n / (fields.get("tp", 1.0) * fields.get("pp", 1.0) * fields.get("cp", 1.0))
    batch = run.number("batch_tokens")
    fields["sequences"] = batch / shape.seq_len if batch is not None else fields.get("dp", 1.0) * fields.get("micro_batch", 1.0)
    return Layout(**fields)


def _habits(run: Run) -> dict[str, float]:
    """Return what software of the row's year does where nothing else is known of it."""
    habits = EARLIER_HABITS if run.numbers.get("year", MODERN_YEAR) < MODERN_YEAR else Habits()
    split = habits.splits_sequences * ((run.number("tp") or 1.0) > 1.0)
    return {"flash": habits.flash, "overlap_data": habits.overlap_data, "sequence_parallel": float(split), "sharded_optimiser": 1.0}


def _machine(chip: Product, precision: str, known: Mapping[str, float], layout: Layout, database: Database) -> Machine:
    features = {name: value for name, value in known.items() if name in _MACHINE}
    machine, assumed = machine_of(database, chip, precision=precision, accelerators=float(layout.accelerators), known=features)
    if assumed:
        what = "link bandwidth" if assumed[0][0] == "host_link_b_per_s" else "network bandwidth of servers"
        raise DatabaseError(f"no {what} of {chip.id} is known", hint="add link_bandwidth_b_per_s to the chip, network_bandwidth_b_per_s to a server")
    return machine


def _published_s(run: Run, shape: Shape, layout: Layout, peak_flop_per_s: float) -> float:
    step_s, rate, achieved = run.number("iter_time_s"), run.number("tokens_per_s_per_accelerator"), run.number("achieved_tflops_per_accelerator")
    tokens = layout.sequences * shape.seq_len
    if step_s is not None:
        return step_s
    if rate is not None:
        return float(tokens / (rate * layout.accelerators))
    if achieved is None:
        raise DatabaseError("neither step time nor rate was published", hint="fill iter_time_s")
    stated = run.number("mfu") or run.number("hfu") or achieved * 1e12 / peak_flop_per_s
    if abs(achieved * 1e12 / peak_flop_per_s / stated - 1.0) > _CONTRADICTION:
        raise DatabaseError(f"{achieved:g} TFLOP/s and a utilisation of {stated:g} contradict each other", hint="look them up in the source")
    per_token = shape.model_flop_per_token
    if run.number("hfu") is not None and run.number("mfu") is None and layout.recompute_layers:
        per_token += (per_token - 6.0 * shape.hidden * shape.vocab) / 3.0
    return float(per_token * tokens / (achieved * 1e12 * layout.accelerators))


def _features(database: Database) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in database.all_rows("run_features"):
        if row["feature"] not in _LAYOUT | _MACHINE | {"seq_len", "layers"}:
            raise DatabaseError(f"run_features.csv, {row['runs']}: unknown feature {row['feature']!r}", hint="features are those of a layout")
        found.setdefault(row["runs"], {})[row["feature"]] = float(row["value"])
    return found


def _features_of(id: str, features: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return what holds for a row: features of longer prefixes go over those of shorter ones."""
    known: dict[str, float] = {}
    for prefix in sorted((prefix for prefix in features if _starts(id, prefix)), key=len):
        known |= features[prefix]
    return known


def _longest(id: str, prefixes: Iterable[str]) -> str | None:
    return max((prefix for prefix in prefixes if _starts(id, prefix)), key=len, default=None)


def _starts(id: str, prefix: str) -> bool:
    return id == prefix or id.startswith(f"{prefix}-")
