"""Make the layout search of a plan: shape, batch, machine and habits, with what is assumed for it."""

from collections.abc import Mapping
from typing import NamedTuple

from traincarbon.database.load import Database
from traincarbon.database.records import Product
from traincarbon.database.select import year_of
from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.facts.facts import Facts
from traincarbon.estimation.families import family_of, kind_of
from traincarbon.estimation.layout.machine import constant, machine_of, sustained_of
from traincarbon.estimation.layout.search import EARLIER_HABITS, MODERN_YEAR, SELECTIVE_YEAR, Habits, LayoutTask, Spread, check, fastest
from traincarbon.estimation.layout.shape import shape_of
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.work import GATED_BELOW, SEQ_LEN, VOCAB
from traincarbon.formulas.layout import Machine, Shape, Sustained
from traincarbon.formulas.size import usual_batch_tokens
from traincarbon.formulas.step import StepTime
from traincarbon.formulas.throughput import calibrated_mfu
from traincarbon.uncertain import Num, median_of, where

Assumed = list[tuple[str, float, str]]

OF_SHAPE = ("params", "active_params", "layers", "hidden", "heads", "kv_heads", "head_dim", "ffn", "ffn_matrices", "vocab", "seq_len")
"""Numbers of a plan that the shape of its model depends on."""
_LARGE = 1e9
"""Parameters from which a model of its time did not fit beside its activations."""
_PLAIN_GENERATIONS = ("volta", "pascal", "maxwell", "kepler", "tpu-v2", "tpu-v3")
"""Generations of accelerators without fused attention."""


class Found(NamedTuple):
    """The layout of a plan or the reason why there is none, and what was assumed for it."""

    spread: Spread | None
    why_none: str
    assumed: Assumed


def find_layout(plan: Plan, facts: Facts, database: Database, accelerators: float | None) -> Found:
    """Return the fastest layout of *plan* that fits on so many accelerators.

    Raises:
        OutOfRangeError: the plan fixes degrees of parallelism that no layout can have.
    """
    if accelerators is None:
        return Found(None, "no number of servers or accelerators is given", [])
    try:
        task, assumed = layout_task(plan, facts, database, accelerators)
    except CarbonError as error:
        return Found(None, str(error), [])
    spread = fastest(task)
    if spread is not None:
        if (given := facts.given("step_calibration")) is not None:
            spread = calibrated(spread, factor=float(median_of(given.value)))
            assumed.append((given.name, spread.calibration, f"{given.reason}; {given.source}"))
        batch = spread.layout.sequences * task.shape.seq_len
        return Found(spread, "", [(name, batch if name == "batch_tokens" else value, reason) for name, value, reason in assumed])
    if task.tp is not None or task.pp is not None or task.dp is not None:
        check(task)
    return Found(None, "no layout fits in memory and divides model, batch and accelerators", assumed)


def calibrated(spread: Spread, *, factor: float) -> Spread:
    """Return *spread* with the efficiency that the user's own runs reached; every term of its step changes by the same factor.

    Args:
        spread: The layout as the formula expects it.
        factor: Measured over expected efficiency, of the runs of a calibration. [1]
    """
    mfu = calibrated_mfu(mfu=spread.mfu, factor=factor)
    step = StepTime(*(seconds_s * spread.mfu / mfu for seconds_s in spread.step))
    return spread._replace(step=step, mfu=mfu, calibration=mfu / spread.mfu)


def layout_task(plan: Plan, facts: Facts, database: Database, accelerators: float) -> tuple[LayoutTask, Assumed]:
    """Return the layout search of *plan* on so many accelerators, and what is assumed for it: name, value and reason of each.

    Raises:
        PlanError: no layout can be searched for such a plan.
        DatabaseError: a rate or bandwidth of the chip is not known.
    """
    kind = kind_of(plan.kind)
    if kind.is_adapter or kind.has_reference or not family_of(plan.family).is_one_stack:
        raise PlanError("layouts are known only for decoders and encoders that are trained as a whole", hint="the estimate is based on published runs alone")
    if plan.params is None:
        raise PlanError("a layout needs params", hint="give params")
    if plan.holds_arrays or hasattr(accelerators, "shape"):
        raise PlanError("a layout is that of a single plan", hint="give no arrays")
    chip = facts.accelerator
    precision = facts.precision
    server = facts.hardware if facts.hardware.is_server else None
    assumed: Assumed = []
    machine, more = _machine(database, chip, precision, accelerators, server)
    assumed += more
    shape = _shape(plan, database, assumed)
    memory_b = chip.value("memory_b")
    if memory_b is None:
        raise PlanError(f"no memory of {chip.name} is known", hint=f"add memory_b to accelerators/{chip.id}.toml")
    task = LayoutTask(
        shape=shape,
        machine=machine,
        sustained=database.remember(_sustained, (chip.id, chip.generation, precision)),
        accelerators=accelerators,
        memory_b=memory_b * constant(database, "layout_memory_share", "*"),
        sequences=_sequences(plan, shape, accelerators, database, assumed),
        is_batch_stated=plan.batch_tokens is not None,
        tp=plan.number("tp"),
        pp=plan.number("pp"),
        dp=plan.number("dp"),
        recompute=_recompute(plan, assumed),
        habits=_habits(plan, chip.generation),
    )
    return task, assumed


def _machine(database: Database, chip: Product, precision: str, accelerators: float, server: Product | None) -> tuple[Machine, Assumed]:
    """Return the machine and what is assumed for it, kept with the database."""
    key = (chip.id, precision, accelerators, server and server.id)
    return database.kept(_machine, key, lambda: machine_of(database, chip, precision=precision, accelerators=accelerators, server=server))


def _sustained(database: Database, key: tuple[str, str, str]) -> Sustained:
    accelerator, generation, precision = key
    return sustained_of(database, accelerator=accelerator, generation=generation, precision=precision)


def _shape(plan: Plan, database: Database, assumed: Assumed) -> Shape:
    number = {name: median_of(plan.number(name)) for name in OF_SHAPE}
    usual = (("vocab", VOCAB, "not stated: the vocabulary of GPT-2"), ("seq_len", SEQ_LEN, "not stated: contexts of 2,048 tokens"))
    assumed += [each for each in usual if number[each[0]] is None]
    known = _known_shape(plan, database)
    shape = shape_of_numbers(number)._replace(**known)
    reason = "not stated: as in models of this size"
    assumed += [(name, getattr(shape, name), reason) for name in ("layers", "hidden", "heads") if number[name] is None]
    if shape.experts > 1.0 and not known:
        assumed.append(("experts", shape.experts, "not stated: eight experts for each token, two thirds of the parameters that it passes through"))
    return shape


def shape_of_numbers(number: Mapping[str, Num | None]) -> Shape:
    """Return the shape of the numbers :data:`OF_SHAPE` of a plan, each one number, an array for many plans, or None."""
    head_dim, matrices, ffn, hidden = (number[name] for name in ("head_dim", "ffn_matrices", "ffn", "hidden"))
    if matrices is None:
        matrices = where(ffn < GATED_BELOW * hidden, 3.0, 2.0) if ffn is not None and hidden is not None else 2.0
    usual = {name: value for name, value in (("vocab", VOCAB), ("seq_len", SEQ_LEN)) if number[name] is None}
    stated = {name: value for name, value in number.items() if name not in ("head_dim", "ffn_matrices", *usual)}
    shape = shape_of(**stated, **usual, ffn_matrices=matrices)
    return shape if head_dim is None else shape._replace(attention_width=shape.heads * head_dim)


def _known_shape(plan: Plan, database: Database) -> dict[str, float]:
    """Return what the model that *plan* names says of its experts and its attention, nothing where it names none."""
    if plan.model is None:
        return {}
    from traincarbon.estimation.model.resolve import with_model

    _, model = with_model(plan, database)
    return {} if model is None else model.layout_shape


def _sequences(plan: Plan, shape: Shape, accelerators: float, database: Database, assumed: Assumed) -> float:
    stated = plan.number("batch_tokens")
    if stated is not None:
        if median_of(stated) < shape.seq_len:
            raise PlanError(
                f"batch_tokens {median_of(stated):g} are fewer than one sequence of {shape.seq_len:g}", hint="lower seq_len, or give all tokens of a step"
            )
        return float(round(median_of(stated) / shape.seq_len))
    batch = usual_batch_tokens(accelerators=median_of(accelerators), reference_tokens=constant(database, "batch_tokens", "*"))
    sequences = float(max(1, round(batch / shape.seq_len)))
    assumed.append(("batch_tokens", sequences * shape.seq_len, "not stated: as in published runs on so many accelerators, or near it if that divides better"))
    return sequences


def sequences_of_each(seq_len: Num, accelerators: Num, database: Database, *, batch_tokens: Num | None) -> Num:
    """Return the sequences of a step of many plans: those stated, NaN where a step is shorter than one, or the usual ones on so many accelerators."""
    import numpy as np

    if batch_tokens is not None:
        return np.where(batch_tokens < seq_len, np.nan, np.rint(batch_tokens / seq_len))
    reference_tokens = constant(database, "batch_tokens", "*")
    counts, places = np.unique(accelerators, return_inverse=True)
    batch = np.array([usual_batch_tokens(accelerators=count, reference_tokens=reference_tokens) for count in counts.tolist()])
    return np.maximum(1.0, np.rint(batch[places] / seq_len))


def _recompute(plan: Plan, assumed: Assumed) -> str | None:
    """Return what the plan says that the backward pass recomputes, or what large models of its time did, None where the search may choose."""
    if plan.recompute is not None or not repeats_all(plan, median_of(plan.number("params"))):
        return plan.recompute
    assumed.append(("recompute_layers", 1.0, f"not stated: before {SELECTIVE_YEAR} large models were recomputed in full"))
    return "full"


def repeats_all(plan: Plan, params: Num) -> Num:
    """Return whether models of so many parameters were recomputed in full at the time of *plan*."""
    return (params >= _LARGE) & (plan.start is not None and year_of(plan.start) < SELECTIVE_YEAR)


def _habits(plan: Plan, generation: str) -> Habits:
    is_old = plan.start is not None and year_of(plan.start) < MODERN_YEAR
    return EARLIER_HABITS if is_old or generation in _PLAIN_GENERATIONS else Habits()
