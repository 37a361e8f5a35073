"""How the model is split over its accelerators: the fastest layout that fits, what a step takes, and what it holds in memory."""

from typing import Any

from traincarbon.estimation.layout.run_step import run_step_s
from traincarbon.estimation.layout.search import Spread
from traincarbon.estimation.result import Estimate
from traincarbon.formatting import significant
from traincarbon.reporting.charts.axis import linear_axis
from traincarbon.reporting.charts.bars import Bar, draw_bars
from traincarbon.reporting.charts.chart import Chart, figure_html
from traincarbon.reporting.markup import Html, html, joined, table, text, texts
from traincarbon.reporting.outline import Section, section

_DEGREES = {"tp": "Tensor parallel", "pp": "Pipeline parallel", "cp": "Context parallel", "ep": "Expert parallel", "dp": "Data parallel"}
_TERMS = {
    "matmul_s": "Matrix products",
    "attention_s": "Attention",
    "memory_s": "Memory-bound operations",
    "head_s": "Output layer and loss",
    "launch_s": "Launching kernels",
    "tensor_parallel_s": "Tensor-parallel communication",
    "context_parallel_s": "Context-parallel communication",
    "expert_parallel_s": "Expert-parallel communication",
    "pipeline_s": "Pipeline communication",
    "bubble_s": "Pipeline bubble",
    "data_parallel_s": "Data-parallel communication",
    "optimiser_s": "Optimiser",
}
_MEMORY = {"weights_b": "Weights", "gradients_b": "Gradients", "optimiser_b": "Optimiser", "activations_b": "Activations"}
_LEAST_SHARE = 0.005
_GB = 1e9


def layout_section(answer: Estimate | None, id: str) -> Section | None:
    """Return the layout of a plan, None where none is known."""
    spread = answer.layout.spread if answer is not None and answer.accelerators is not None else None
    if answer is None or spread is None:
        return None
    best_s = significant(float(spread.step.total_s), 3)
    run_s: Any = run_step_s(answer, spread)
    run = "" if run_s is None else f" At the utilisation of the whole run it takes {significant(float(run_s), 3)} s."
    lead = html("<p>The fastest layout that fits. {}</p>", text(f"A step takes {best_s} s at best.{run} The main loss is {spread.limits}."))
    charts = joined((figure_html(_step_chart(spread, id)), figure_html(_memory_chart(spread, answer, id))))
    return section(f"{id}-layout", text("Layout"), lead, html('<div class="charts">{}</div>', charts), _table(spread))


def _table(spread: Spread) -> Html:
    """Return the degrees of parallelism and what else tells the layout."""
    layout = spread.layout
    rows = [(label, f"{getattr(layout, name):,.0f}") for name, label in _DEGREES.items() if getattr(layout, name) > 1.0]
    rows += [("Sequences in a step", f"{layout.sequences:,.0f}"), ("Micro-batch", f"{layout.micro_batch:g}"), ("Chunks of a stage", f"{layout.interleave:g}")]
    rows += [("Recomputation", spread.recompute), ("Utilisation of the best step (MFU)", f"{100.0 * spread.mfu:.0f} %")]
    return table(text("The layout"), texts("What", "Value"), [texts(*row) for row in rows], numbers=(1,))


def _step_chart(spread: Spread, id: str) -> Chart:
    total = float(spread.step.total_s)
    terms = [(label, float(value)) for name, label in _TERMS.items() if (value := getattr(spread.step, name)) >= _LEAST_SHARE * total]
    axis = linear_axis(max(value for _, value in terms), words=lambda value: f"{value:g} s")
    bars = [Bar(label, 0.0, value, f"{significant(value, 3)} s · {100.0 * value / total:.0f} %") for label, value in sorted(terms, key=lambda term: -term[1])]
    title = f"What the best step, of {significant(total, 3)} s, is made of"
    rows = [(bar.label, bar.words) for bar in bars]
    return Chart(f"{id}-chart-step", title, lambda width: draw_bars(width, title=title, bars=bars, axis=axis), ("Part", "Time"), rows)


def _memory_chart(spread: Spread, answer: Estimate, id: str) -> Chart:
    parts = [(label, float(getattr(spread.memory, name)) / _GB) for name, label in _MEMORY.items()]
    axis = linear_axis(max(value for _, value in parts), words=lambda value: f"{value:g} GB")
    bars = [Bar(label, 0.0, value, f"{significant(value, 3)} GB") for label, value in parts]
    room = answer.facts.need("memory_b").value / _GB
    title = f"Memory of the fullest GPU: {spread.memory.total_b / _GB:.0f} of {room:.0f} GB"
    rows = [(bar.label, bar.words) for bar in bars]
    return Chart(f"{id}-chart-memory", title, lambda width: draw_bars(width, title=title, bars=bars, axis=axis), ("Part", "Memory"), rows)
