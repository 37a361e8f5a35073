"""What a reader turns to ask what else might be: the selects and sliders of a plan, and the table that answers."""

from collections.abc import Sequence

from traincarbon.estimation.result import Estimate
from traincarbon.quantities import ESTIMATED
from traincarbon.reporting.currency import Currency
from traincarbon.reporting.markup import as_script, name, section, table, text
from traincarbon.reporting.sections.summary import LABELS, UNITS
from traincarbon.reporting.variants import Choice
from traincarbon.reporting.what_if_data import SLIDERS, Slider, WhatIf
from traincarbon.uncertain import median_of

_SHOWN = [figure for figure in LABELS if figure in ESTIMATED and figure != "compute_flop"]


def controls_section(answer: Estimate, found: WhatIf, currency: Currency, id: str) -> str:
    """Return the panel; without scripts it says that it needs them, and its table shows the plan's own figures."""
    selects = "".join(
        _select(id, key, label, choices)
        for key, label, choices in (("hw", "Hardware", found.hardware), ("region", "Place", found.places), ("start", "Start", found.starts))
        if len(choices) > 1
    )
    sliders = "".join(_slider(id, slider, answer, currency) for slider in SLIDERS if slider.name != "mfu" or answer.plan.accelerator_hours is None)
    count = _count(id, answer)
    rows = [
        [LABELS[figure], _shown(answer, figure, currency), f'<output data-figure="{figure}">–</output>', f'<span data-change="{figure}"></span>']
        for figure in _SHOWN
    ]
    answers = table("What if", ["", "This plan", "With the setting", "Change"], rows, numbers=(1, 2, 3))
    data = {**found.data, "currency": [currency.code, currency.per_usd], "figures": {figure: UNITS.get(figure, "") for figure in _SHOWN}}
    lead = (
        "<p>Set what may be otherwise, and every figure is worked out anew, here in the page, by the formulas of the estimate. What is set counts as exact. "
        "The address of the page keeps the setting.</p>"
    )
    panel = f'<div class="panel"><form>{selects}{count}{sliders}<p class="buttons"><button type="reset">As in the plan</button></p></form>{answers}</div>'
    state = '<p class="state" role="status" aria-live="polite"></p>'
    block = f'<script type="application/json" class="data">{as_script(data)}</script>'
    without = "<noscript><p>This part needs JavaScript; the script is in this file.</p></noscript>"
    return section(f"{id}-what-if", "What if", lead, without, state, panel, block)


def _select(id: str, key: str, label: str, choices: Sequence[Choice]) -> str:
    options = "".join(f'<option value="{at}">{text(choice.name)}</option>' for at, choice in enumerate(choices))
    return f'<p><label for="{id}-set-{key}">{label}</label><select id="{id}-set-{key}" name="{key}">{options}</select></p>'


def _slider(id: str, slider: Slider, answer: Estimate, currency: Currency) -> str:
    """Return a slider that stands at what the estimate has, and counts only when it is moved."""
    given = answer.plan.number(slider.name) if getattr(answer.plan, slider.name) is not None else None
    if given is None and answer.facts.given(slider.name) is not None:
        given = answer.facts.value(slider.name)
    if slider.name == "mfu":
        given = answer.values["mfu"]
    if given is None:
        return ""
    begin = min(max(float(median_of(given)), slider.low), slider.high)
    factor, unit = currency.of(1.0, slider.unit)
    shown = f'data-scale="{slider.scale * factor:g}" data-unit="{text(unit)}"'
    return (
        f'<p><label for="{id}-set-{slider.name}">{slider.label}</label><output for="{id}-set-{slider.name}"></output>'
        f'<input type="range" id="{id}-set-{slider.name}" name="{slider.name}" min="{slider.low:g}" max="{slider.high:g}" step="{slider.step:g}" value="{begin!r}" {shown}></p>'
    )


def _count(id: str, answer: Estimate) -> str:
    """Return the field for the accelerators at work together, in whole servers where the hardware is one."""
    each, n = answer.facts.accelerator_count, answer.accelerators
    value = "" if n is None else f' value="{n:.0f}"'
    return (
        f'<p><label for="{id}-set-accelerators">Accelerators at work together</label>'
        f'<input type="number" id="{id}-set-accelerators" name="accelerators" min="1" max="1000000" step="{each:.0f}"{value} placeholder="not said"></p>'
    )


def _shown(answer: Estimate, figure: str, currency: Currency) -> str:
    interval = answer[figure]
    if figure == "mfu":
        return "not known" if interval is None else f"{100 * interval.median:.3g} %"
    middle, scale, bounds = currency.shown(interval, UNITS[figure])
    return name(f"{middle} {scale}".strip()) + (f" <small>{text(bounds)}</small>" if bounds not in ("", "exact") else "")
