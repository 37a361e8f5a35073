"""Show how a model is split over its accelerators: in a line, by number of servers, and as a budget of time and memory."""

import math
from typing import TYPE_CHECKING, Any

from traincarbon.cli import output
from traincarbon.database.select import sigma_of
from traincarbon.estimation.chain import estimate
from traincarbon.uncertain import Z_90

if TYPE_CHECKING:
    from traincarbon.database.load import Database
    from traincarbon.estimation.layout.search import Spread
    from traincarbon.estimation.plan_keywords import PlanFields
    from traincarbon.estimation.result import Estimate


_ROOMY = 80


def line(answer: "Estimate", spread: "Spread", facts: "Database") -> str:
    """Return the layout in one line: how the model is split, its memory, the time of a step, and the main loss.

    The step is that of the run's utilisation, which is the one that the screen states. What the layout reaches at best is named apart.
    """
    layout = spread.layout
    degrees = [(layout.tp, "tensor"), (layout.pp, "pipeline"), (layout.cp, "context"), (layout.dp, "data")]
    split = " × ".join(f"{degree:,.0f} {name}" for degree, name in degrees if degree > 1.0)
    split = f"{split} parallel" if split else "not split"
    details = [f"{layout.ep:g} expert"] * (layout.ep > 1.0) + [f"{layout.interleave:g} chunks a stage"] * (layout.interleave > 1.0)
    details += [f"micro-batch {layout.micro_batch:g}", "sharded weights" if layout.sharded_weights else "sharded optimiser"]
    details += [f"{spread.recompute} recomputation"] * (spread.recompute != "none")
    held = f"{spread.memory.total_b / 1e9:.0f} of {answer.facts.need('memory_b').value / 1e9:.0f} GB"
    return f"{split} ({', '.join(details)}); {held}; {_step(answer, spread, facts)}; the main loss is {spread.limits}"


def _step(answer: "Estimate", spread: "Spread", facts: "Database") -> str:
    """Return the time of a step at the utilisation of the run, and the best of the layout as far as its formula is right."""
    least_s, what = float(spread.step.total_s), f"a step of {spread.layout.sequences:,.0f} sequences"
    best_s = output.significant(least_s, 3)
    run_s = _run_step_s(answer, spread)
    if run_s is None:
        return f"{best_s} s {what} at best"
    apart = f"{best_s} s at best"
    if _freezes(answer):
        apart = f"{best_s} s at best where all parameters are trained"
    elif may_be_out_of_reach(answer, spread, facts):
        apart = f"but {best_s} s at best by the formula of steps: the MFU above may be out of reach"
    elif run_s < least_s:
        apart = f"about the best by the formula of steps ({best_s} s)"
    return f"{output.significant(run_s, 3)} s {what}, {apart}"


def may_be_out_of_reach(answer: "Estimate", spread: "Spread", facts: "Database") -> bool:
    """Return whether the utilisation of the run needs faster steps than the layout reaches, by more than their formula may be off.

    The formula trains all parameters, so it says nothing of steps that leave some frozen.
    """
    run_s = _run_step_s(answer, spread)
    if run_s is None or _freezes(answer):
        return False
    return run_s < float(spread.step.total_s) * math.exp(-Z_90 * sigma_of(facts, "step_software_spread", "*"))


def _run_step_s(answer: "Estimate", spread: "Spread") -> float | None:
    """Return the seconds of a step of the run, of which the screen shows one."""
    from traincarbon.estimation.layout.run_step import run_step_s  # most estimates have no layout

    run_s: Any = run_step_s(answer, spread)
    return None if run_s is None else float(run_s)


def _freezes(answer: "Estimate") -> bool:
    """Return whether the run leaves parameters frozen, which the formula of steps does not know."""
    return answer.of_link("frozen_params") is not None


def durations(answer: "Estimate", facts: "Database") -> str:
    """Return the durations on several numbers of servers in one line, empty where none is known."""
    known = [(count, duration) for count, each in _by_count(answer, facts) if (duration := each["duration_s"]) is not None]
    if not known:
        return ""
    name = "servers" if answer.facts.hardware.is_server else "accelerators"
    (count, first), *others = known
    one = name.removesuffix("s") if count == 1 else name
    return ", ".join([f"{output.amount(first.median, 's')} on {count:,} {one}", *(f"{output.amount(each.median, 's')} on {count:,}" for count, each in others)])


def _by_count(answer: "Estimate", facts: "Database") -> "list[tuple[int, Estimate]]":
    """Return the numbers of servers worth comparing, each with its estimate."""
    is_server = answer.facts.hardware.is_server
    fields: list[PlanFields] = [{"servers": count} if is_server else {"accelerators": count} for count in answer.server_counts]
    return [(count, estimate(answer.plan, database=facts, level=answer.level, **each)) for count, each in zip(answer.server_counts, fields, strict=True)]


def by_servers(answer: "Estimate", facts: "Database") -> str:
    """Return durations, purchase prices and the fastest layouts by number of servers, which takes a search for each."""
    counted = "servers" if answer.facts.hardware.is_server else "accelerators"
    known = [(count, each, duration) for count, each in _by_count(answer, facts) if (duration := each["duration_s"]) is not None]
    scale = output.scale_of(min((duration.median for _, _, duration in known), default=1.0), "s")
    rows: list[tuple[str, ...]] = [(counted.capitalize(), scale.unit, f"{answer.level:.0%} interval", "price", "tp × pp × dp", "best step")]
    for count, each, duration in known:
        purchase = each["purchase_usd"]
        low, median, high = (output.significant(bound / scale.size, 2) for bound in duration)
        apart = "exact" if duration.low == duration.high else f"{low} – {high}"
        rows.append((f"{count:,}", median, apart, "unknown" if purchase is None else output.amount(purchase.median, "$"), *_cells(each.layout.spread)))
    head, *lines = output.rows_of_lines(rows, right=(0, 1, 3, 5), gap="  " if output.width() >= _ROOMY else " ")
    return "\n".join([*map(output.dim, head), *(line for each in lines for line in each)])


def budget(answer: "Estimate", spread: "Spread", facts: "Database") -> list[str]:
    """Return the time of a step and the memory of the fullest accelerator, by purpose."""
    total_s, held_b = float(spread.step.total_s), float(spread.memory.total_b)
    rows = [
        (f"  {words}", f"{seconds:.3g} s", f"{seconds / total_s:.1%}") for name, words in _TERMS.items() if (seconds := float(getattr(spread.step, name))) > 0.0
    ]
    held = [(f"  {name.removesuffix('_b')}", f"{value / 1e9:.3g} GB", f"{value / held_b:.1%}") for name, value in spread.memory._asdict().items()]
    whose = "your own runs" if spread.calibration != 1.0 else "published benchmarks"
    lines = [output.bold(output.filled(f"The best step on the layout, at the efficiency of {whose}")), output.filled(line(answer, spread, facts))]
    lines += _parts([*rows, ("  step", f"{total_s:.3g} s", "")])
    lines += ["", output.bold("Memory of the fullest accelerator"), *_parts([*held, ("  total", f"{held_b / 1e9:.3g} GB", "")])]
    if (run_s := _run_step_s(answer, spread)) is not None:
        ratio = total_s / run_s
        mfu = answer.median("mfu")
        best = f"{spread.mfu:.0%}"
        if f"{mfu / ratio:.0%}" != best:
            best = f"{mfu / ratio:.0%} by the FLOP of the plan, {best} with all attention scores counted"
        stated = answer.plan.mfu is not None or answer.plan.accelerator_hours is not None
        basis = "as stated" if stated else "from your own runs" if "mfu_calibration" in answer.inputs else "from published runs"
        text = f"The MFU of the best step is {best}. The MFU of the whole run is {mfu:.0%} ({basis}), {ratio:.2f} times as much as that of the step."
        lines += ["", output.filled(text)]
    for name, value, reason in answer.layout.assumed:
        lines += [output.filled(f"{name} = {value:,.6g}", first=2, indent=4), output.dim(output.filled(reason, first=4, indent=6))]
    return lines


def _parts(rows: list[tuple[str, str, str]]) -> list[str]:
    """Return parts with their amounts and shares, as lines that fit the screen."""
    return [line for each in output.rows_of_lines([("", "", ""), *rows], right=(1, 2))[1:] for line in each]


def _cells(spread: "Spread | None") -> tuple[str, str]:
    """Return the degrees of tensor, pipeline and data parallelism, and the MFU of the best step."""
    if spread is None:
        return "none fits", ""
    layout = spread.layout
    return " × ".join(f"{degree:,.0f}" for degree in (layout.tp, layout.pp, layout.dp * layout.cp)), f"{100.0 * spread.mfu:.0f} %"


_TERMS = {
    "matmul_s": "matrix products",
    "attention_s": "attention scores",
    "memory_s": "element-wise work",
    "head_s": "logits and loss",
    "launch_s": "kernel launches",
    "tensor_parallel_s": "tensor-parallel exchange",
    "context_parallel_s": "context-parallel exchange",
    "expert_parallel_s": "expert-parallel exchange",
    "pipeline_s": "hops between stages",
    "bubble_s": "pipeline bubble",
    "data_parallel_s": "exchange of gradients",
    "optimiser_s": "optimiser",
}
