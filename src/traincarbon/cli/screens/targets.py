"""Show what accuracy is meant to be reached, beside what is."""

from typing import TYPE_CHECKING

from traincarbon.cli import output
from traincarbon.validation.targets import OVER_MEAN, Target, by_chance, targets

if TYPE_CHECKING:
    from traincarbon.validation.accuracy import Backtest

_TITLE = "Reached and target"
_COLUMNS = {"median_abs_ln": "median", "p90_abs_ln": "p90", "bias_ln": "bias", "mape": "mean", "coverage_90": "90 %"}
"""Measures to the heads of their columns."""
_INTRO = (
    "Each figure stands beside its target; a missed one is bold. Rows are those of the tables below, each predicted without its organisation.",
    "With few rows a coverage says little: the last column is the range in which right 90 % intervals of independent rows lie in nine of ten such sets.",
    "A family of fewer than five rows neither meets nor misses its median for certain.",
)
_PAIRED = "Against the mean of the generation, the mean error of language models over organisations is smaller by at least {least:.3f} (the end of its 90 % interval)."
_NOT_SMALLER = "Against the mean of the generation, the mean error of language models over organisations is not smaller for certain."
_REASONS = {
    (
        "speech",
        "median_abs_ln",
    ): "Speech misses its median for a reason that no form of the fit removes: organisations that do the same work differ by a factor of twenty in hours, "
    "and no plan states what causes it (docs/method.md, Sound). A measured step (`--mfu`, `carbon bench`) or one own run takes its place.",
    (
        "language models",
        "median_abs_ln",
    ): "Language models miss their median by encoders: teams differ more in them, by up to ten times the hours for the same work on the same chip (V100, TPU v3), "
    "and no plan states what causes it (docs/method.md, Utilisation).",
    (
        "language models",
        "p90_abs_ln",
    ): "They miss their p90 by the same rows: most of the worst tenth are encoders.",
    (
        "multimodal",
        "median_abs_ln",
    ): "Multimodal models are few, so that one run more or less decides whether they miss their median. "
    "The two runs in the middle are Chameleon 34B, predicted too slow, and a TinyLLaVA of which only a part was trained, predicted too fast: they have no cause in common.",
    (
        "dense-lm on Hopper",
        "coverage_90",
    ): "Dense models on Hopper miss their coverage by few runs. "
    "Most of those outside have fewer than half a billion parameters and took two to three times the predicted hours.",
    (
        "separable-convolution",
        "median_abs_ln",
    ): "Separable convolutions are few too, and the run in the middle decides: MobileNet V2 on Pascal when it was looked at. "
    "Its error moves with the runs of language models, which shift the level of all hardware.",
    (
        "MFU by layout search",
        "p90_abs_ln",
    ): "The layout search misses its p90 by the nine rows of torchtitan on H100 boards of 96 GB, which are promised half as much again as they reached: "
    "they train in layouts chosen for the software to be shown, with sums at 32 bits. With the layouts as published the same rows are within a tenth.",
}
"""Why targets are missed, by rows and measure."""


def target_table(tried: "Backtest", *, width: int) -> list[str]:
    """Return the table for a screen, whose first column is *width* characters wide, with an empty line after it."""
    rows = [(rows, str(n), *(_plain(found.get(measure)) for measure in _COLUMNS)) for rows, n, found in _by_rows(tried)]
    if not rows:
        return []
    head = (_TITLE.ljust(width), "n".rjust(3), *_COLUMNS.values())
    return [output.fitting_table([head, *rows], right=range(1, len(head)), drop=(5, 4, 3), cut=(0,), gap=" "), ""]


def target_lines(tried: "Backtest") -> list[str]:
    """Return the section of the page of accuracy in Markdown, empty where nothing is meant to be reached."""
    known = _by_rows(tried)
    if not known:
        return []
    head = ("rows", "n", *_COLUMNS.values(), "right intervals hold")
    rows = [(name, str(n), *(_bold(found.get(measure)) for measure in _COLUMNS), _chance(n, found)) for name, n, found in known]
    over = next((target for _, _, found in known if (target := found.get(OVER_MEAN)) is not None), None)
    beside = [] if over is None else [_PAIRED.format(least=-over.reached) if over.reached < 0.0 else _NOT_SMALLER, ""]
    missed = {(name, measure) for name, _, found in known for measure, target in found.items() if not target.is_met}
    reasons = [part for key, reason in _REASONS.items() if key in missed for part in (reason, "")]
    return ["## Targets, and what is reached", "", *_INTRO, "", output.markdown_table([head, *rows], right=range(1, len(head))), "", *beside, *reasons]


def _by_rows(tried: "Backtest") -> list[tuple[str, int, dict[str, Target]]]:
    """Return the targets by the rows that they are about and then by measure, with the number of rows."""
    found: dict[str, dict[str, Target]] = {}
    for target in targets(tried):
        found.setdefault(target.rows, {})[target.measure] = target
    return [(rows, next(iter(by_measure.values())).n, by_measure) for rows, by_measure in found.items()]


def _chance(n: int, found: dict[str, Target]) -> str:
    if "coverage_90" not in found:
        return ""
    low, high = by_chance(n)
    return f"{100.0 * low:.0f}–{100.0 * high:.0f} %"


def _plain(target: Target | None) -> str:
    if target is None:
        return ""
    text = " ".join(_parts(target))
    return text if target.is_met else output.caution(text)


def _bold(target: Target | None) -> str:
    if target is None:
        return ""
    value, limit = _parts(target)
    return f"{value} {limit}" if target.is_met else f"{value} **{limit}**"


def _parts(target: Target) -> tuple[str, str]:
    """Return the value that is reached, and how it compares with its limits."""
    low, high, met = target.least, target.most, target.is_met
    if target.measure == "coverage_90":
        value, bounds = f"{100.0 * target.reached:.0f}", [f"{100.0 * bound:.0f}" for bound in (low, high) if bound is not None]
    else:
        value, bounds = f"{round(target.reached, 2) + 0.0:{'+' if low is not None else ''}.2f}", [f"{bound:.2f}" for bound in (high,) if bound is not None]
    if target.measure == "bias_ln":
        return value, f"{'' if met else '>'}±{bounds[-1]}"
    if len(bounds) == 2:
        return value, f"{'in' if met else 'not in'} {'–'.join(bounds)}"
    is_upper = low is None
    return value, f"{('≤' if is_upper else '≥') if met else ('>' if is_upper else '<')}{bounds[0]}"
