"""Turn rows of published runs into steps of known layout, with everything that a prediction needs.

A published row states part of a layout. The model's shape comes from ``architectures.csv``; what the paper or its era fixes comes from
``run_features.csv``, where the longest prefix of the row's id wins. The row itself overrides both, except for ``recompute_layers``,
which states what a paper's "selective" recomputes.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import TABLES
from traincarbon.errors import CarbonError, DatabaseError
from traincarbon.estimation.layout.machine import machine_of
from traincarbon.estimation.layout.search import EARLIER_HABITS, MODERN_YEAR, Habits
from traincarbon.formulas.layout import Layout, Machine, Shape, Sustained
from traincarbon.formulas.step import StepTime, step_mfu, step_time
from traincarbon.published.reported_runs import Chip, PublishedRun, SetAside, chip_of


class StepSet(NamedTuple):
    """A published table of steps."""

    name: str
    publisher: str
    """Who published it. Sets of one publisher are left out of a fit together."""
    is_fitted_on: bool = False
    """Whether the shipped efficiencies were fitted on it."""
    is_software_known: bool = True
    """Whether the features of its software are written down; if not, they are those of its year."""


SETS = {
    "megatron21-t1": StepSet("Narayanan 2021 T1", "Narayanan", is_fitted_on=True),
    "megatron21-t2-ptd": StepSet("Narayanan 2021 T2", "Narayanan"),
    "megatron21-t2-zero3": StepSet("Narayanan 2021 T2 ZeRO-3", "Narayanan"),
    "korthikanti22": StepSet("Korthikanti 2022", "Korthikanti"),
    "mtnlg": StepSet("MT-NLG 530B", "MT-NLG"),
    "foundry": StepSet("MosaicML FSDP A100", "MosaicML", is_fitted_on=True),
    "foundry-h100": StepSet("MosaicML FSDP H100", "MosaicML", is_fitted_on=True),
    "vtrain-multi": StepSet("vTrain, 64 to 512 A100", "KAIST"),
    "vtrain-single": StepSet("vTrain, 2 to 8 A100", "KAIST"),
    "mcore-h100": StepSet("Megatron-Core H100", "Megatron-Core", is_fitted_on=True),
    "megascale-175b-megascale": StepSet("MegaScale A100", "MegaScale"),
    "megascale-175b-megatron-lm": StepSet("MegaScale's Megatron-LM A100", "MegaScale"),
    "torchtitan-a100": StepSet("torchtitan A100", "torchtitan"),
    "torchtitan-h100": StepSet("torchtitan H100", "torchtitan", is_fitted_on=True),
    "maxtext-v5e": StepSet("MaxText TPU v5e", "MaxText", is_fitted_on=True),
    "maxtext-v5p": StepSet("MaxText TPU v5p", "MaxText", is_fitted_on=True),
    "nemo2412": StepSet("NeMo 24.12 H100 fp8", "NeMo"),
    "mbridge": StepSet("Megatron-Bridge", "Megatron-Bridge", is_fitted_on=True),
}
"""Prefix of a row's id to the set that it belongs to; the longest wins. Mixtures of experts form a set of their own, on which nothing is fitted."""
_LAYOUT = frozenset(Layout._fields)
_MACHINE = frozenset({"domain", "network_bandwidth_b_per_s", "tensor_share"})
_TWO_DESIGNS = ("tpu-v5",)
_UNKNOWN = 0.5
"""Share of a feature that software has or has not, where nothing says which."""
_CONTRADICTION = 0.1
"""Rounding and counting rules make rate and utilisation of one row differ, but by no more than this share."""


class Step(NamedTuple):
    """A published step, with everything that its prediction needs."""

    id: str
    set: StepSet
    generation: str
    precision: str
    shape: Shape
    layout: Layout
    machine: Machine
    published_s: float
    accelerator: str = ""

    @property
    def efficiency_scope(self) -> str:
        """The scope of its efficiency of matrix products: the generation, or the accelerator where one generation holds chips of two designs."""
        return f"accelerator={self.accelerator}" if self.generation in _TWO_DESIGNS else f"generation={self.generation}"

    @property
    def is_mixture(self) -> bool:
        """Whether the model is a mixture of experts."""
        return bool(self.shape.experts > 1.0)

    def predict(self, sustained: Sustained) -> StepTime:
        """Return the step's time by term.

        Raises:
            OutOfRangeError: the layout cannot be.
        """
        return step_time(shape=self.shape, layout=self.layout, machine=self.machine, sustained=sustained)

    def mfu(self, seconds_s: float) -> float:
        """Return the utilisation that *seconds_s* would be, attention counted in full."""
        return float(step_mfu(shape=self.shape, layout=self.layout, machine=self.machine, seconds_s=seconds_s))


def read_steps(runs: Iterable[PublishedRun], database: Database) -> tuple[list[Step], list[SetAside]]:
    """Return the published steps of known layout among *runs*, and the rows of published sets that could not be used."""
    features = _features(database)
    found: list[Step] = []
    aside: list[SetAside] = []
    for run in runs:
        prefix = _longest(run.id, SETS)
        if prefix is None and not _is_laid_out(run):
            continue
        try:
            step = _step(run, _own_set(run) if prefix is None else _set_of(run, SETS[prefix]), features, database)
            step.layout.check(shape=step.shape, machine=step.machine)
        except CarbonError as error:
            aside.append(SetAside(run.id, str(error)))
            continue
        found.append(step)
    return found, aside


def _is_laid_out(run: PublishedRun) -> bool:
    """Return whether a row outside the published sets states a step, its layout, and its time or rate."""
    timed = (run.iter_time_s, run.tokens_per_s_per_accelerator, run.achieved_tflops_per_accelerator)
    return run.is_bench and None not in (run.tp, run.pp, run.accelerators, run.batch_tokens) and any(timed)


def _own_set(run: PublishedRun) -> StepSet:
    name = f"{run.kind}/{run.family}/{run.hardware}"
    return StepSet(name, name.split(maxsplit=1)[0], is_software_known=False)


def _set_of(run: PublishedRun, found: StepSet) -> StepSet:
    return StepSet(f"{found.name} MoE", found.publisher) if run.is_mixture else found


def _step(run: PublishedRun, belongs: StepSet, features: Mapping[str, Mapping[str, float]], database: Database) -> Step:
    known = _features_of(run.id, features)
    chip = chip_of(run, database)
    shape = _shape(run, known, database)
    layout = _layout(run, known, shape)
    if run.accelerators is not None and run.accelerators != layout.accelerators:
        raise DatabaseError(f"tp × cp × pp × dp is {layout.accelerators:g}, not {run.accelerators:g}", hint="is a degree missing?")
    machine = _machine(chip, known, layout, database)
    published_s = _published_s(run, shape, layout, chip.peak_flop_per_s)
    return Step(run.id, belongs, chip.generation, chip.precision, shape, layout, machine, published_s, chip.product.id)


def _shape(run: PublishedRun, known: Mapping[str, float], database: Database) -> Shape:
    id = run.model.partition(" (")[0].lower().replace(" ", "-")
    rows = database.rows("architectures", id)
    seq_len = run.seq_len or known.get("seq_len")
    if seq_len is None:
        raise DatabaseError("no sequence length is stated", hint="fill the column seq_len")
    if rows:
        columns = [column for column in TABLES["architectures"][2:-4] if column in Shape._fields]
        shape = Shape(seq_len=seq_len, **{column: float(rows[0][column] or 0.0) for column in columns})
        return shape._replace(layers=known.get("layers", shape.layers))
    stated = (run.layers, run.hidden, run.heads, run.vocab)
    if None in stated:
        raise DatabaseError(f"the shape of {id!r} is not known", hint="fill layers, hidden, heads and vocab, or add a row to architectures.csv")
    layers, hidden, heads, vocab = (value or 0.0 for value in stated)
    return Shape(layers, hidden, heads, heads, hidden, 4.0 * hidden, 2.0, vocab, seq_len)


def _layout(run: PublishedRun, known: Mapping[str, float], shape: Shape) -> Layout:
    fields = {name: value for name, value in known.items() if name in _LAYOUT}
    if not known:
        fields |= _habits(run)
    stated = {"tp": run.tp, "pp": run.pp, "dp": run.dp, "micro_batch": run.micro_batch, "interleave": run.interleave}
    fields |= {name: value for name, value in stated.items() if value is not None}
    if run.recompute and "recompute_layers" not in known:
        fields["recompute_layers"] = float(run.recompute == "full")
        fields["recompute_attention"] = float(run.recompute == "selective")
    if "dp" not in fields and run.accelerators is not None:
        fields["dp"] = run.accelerators / (fields.get("tp", 1.0) * fields.get("pp", 1.0) * fields.get("cp", 1.0))
    own = fields.get("dp", 1.0) * fields.get("micro_batch", 1.0)
    fields["sequences"] = run.batch_tokens / shape.seq_len if run.batch_tokens is not None else own
    return Layout(**fields)


def _habits(run: PublishedRun) -> dict[str, float]:
    """Return the usual features of software of the row's year.

    Layers that are recomputed in full are a habit from before fused attention, so the features of such a row are those of either time.
    """
    habits = EARLIER_HABITS if run.year is not None and run.year < MODERN_YEAR else Habits()
    if run.recompute == "full" and habits.flash:
        habits = habits._replace(flash=_UNKNOWN, splits_sequences=_UNKNOWN)
    split = habits.splits_sequences * ((run.tp or 1.0) > 1.0)
    kept = {name: getattr(habits, name) for name in ("flash", "overlap_data", "tuned_attention")}
    return {**kept, "sequence_parallel": float(split), "sharded_optimiser": 1.0}


def _machine(chip: Chip, known: Mapping[str, float], layout: Layout, database: Database) -> Machine:
    features = {name: value for name, value in known.items() if name in _MACHINE}
    machine, assumed = machine_of(database, chip.product, precision=chip.precision, accelerators=float(layout.accelerators), known=features)
    if assumed:
        what = "link bandwidth" if assumed[0][0] == "host_link_b_per_s" else "network bandwidth of servers"
        raise DatabaseError(f"no {what} of {chip.product.id} is known", hint="add link_bandwidth_b_per_s to the chip, network_bandwidth_b_per_s to a server")
    return machine


def _published_s(run: PublishedRun, shape: Shape, layout: Layout, peak_flop_per_s: float) -> float:
    step_s, rate, achieved = run.iter_time_s, run.tokens_per_s_per_accelerator, run.achieved_tflops_per_accelerator
    tokens = layout.sequences * shape.seq_len
    if step_s is not None:
        return step_s
    if rate is not None:
        return float(tokens / (rate * layout.accelerators))
    if achieved is None:
        raise DatabaseError("neither step time nor rate was published", hint="fill iter_time_s")
    stated = run.mfu or run.hfu or achieved * 1e12 / peak_flop_per_s
    if abs(achieved * 1e12 / peak_flop_per_s / stated - 1.0) > _CONTRADICTION:
        raise DatabaseError(f"{achieved:g} TFLOP/s and a utilisation of {stated:g} contradict each other", hint="look them up in the source")
    per_token = shape.model_flop_per_token
    if run.hfu is not None and run.mfu is None and layout.recompute_layers:
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
    """Return the features of a row. Those of longer prefixes override those of shorter ones."""
    known: dict[str, float] = {}
    for prefix in sorted((prefix for prefix in features if _starts(id, prefix)), key=len):
        known |= features[prefix]
    return known


def _longest(id: str, prefixes: Iterable[str]) -> str | None:
    return max((prefix for prefix in prefixes if _starts(id, prefix)), key=len, default=None)


def _starts(id: str, prefix: str) -> bool:
    return id == prefix or id.startswith(f"{prefix}-")
