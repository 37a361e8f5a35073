"""What a reader turns to ask what else might be: the selects and sliders of a plan, and the table that answers."""

from collections.abc import Sequence

from traincarbon.estimation.result import Estimate
from traincarbon.quantities import ESTIMATED, QUANTITIES
from traincarbon.reporting.currency import NOT_KNOWN, Currency
from traincarbon.reporting.markup import EMPTY, Html, as_script, html, joined, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.plan_variants import Option
from traincarbon.reporting.sections.unit_costs import signed_money
from traincarbon.reporting.what_if_data import PARAMS_UNIT, SLIDERS, TOKENS_UNIT, Slider, WhatIf, params_of, tokens_of
from traincarbon.uncertain import Interval, median_of

_SHOWN = tuple(name for name in ESTIMATED if name != "compute_flop")
_STICKY = ("rent_usd", "duration_s", "facility_energy_kwh", "total_kgco2e")


def controls_section(answer: Estimate, found: WhatIf, currency: Currency, id: str) -> Section | None:
    """Return the panel; without scripts it says that it needs them, and its table shows the plan's own results."""
    selects = joined(
        _select(id, key, label, options)
        for key, label, options in (
            ("hw", "Hardware", found.hardware),
            ("region", "Region", found.places),
            ("start", "Start", found.starts),
            ("rent", "Rental terms", found.rents),
            ("precision", "Number format", found.precisions),
        )
        if len(options) > 1
    )
    sliders = joined(_slider(id, slider, answer, currency) for slider in SLIDERS if slider.name != "mfu" or answer.plan.accelerator_hours is None)
    rows = [_row(key, QUANTITIES[key].label, _shown(answer, key, currency)) for key in _SHOWN]
    rows += [_row(each.name, each.label, _money(each.interval, currency)) for each in found.costs.units]
    rows += [_row(each.name, each.label, _return(each.interval, currency)) for each in found.costs.returns]
    answers = table(text("What if"), texts("", "This plan", "With the settings", "Change"), rows, numbers=(1, 2, 3))
    figures = {**{name: QUANTITIES[name].unit for name in _SHOWN}, **{each.name: "$" for each in found.costs.units}}
    data = {**found.data, "currency": [currency.code, currency.per_usd], "figures": figures}
    return section(
        f"{id}-what-if",
        text("What if"),
        html(
            "<p>Change the inputs, and the page computes every result again with the formulas of the estimate. Inputs that you set count as exact. "
            "The address of the page keeps your settings.</p>"
        ),
        html("<noscript><p>This part needs JavaScript; the script is in this file.</p></noscript>"),
        html('<p class="state"></p>'),
        html(
            '<div class="panel"><form>{}{}{}{}<p class="buttons"><button type="reset">Reset</button></p></form>{}</div>',
            selects,
            _count(id, answer),
            _amounts(id, answer),
            sliders,
            answers,
        ),
        _bar(),
        html('<script type="application/json" class="data">{}</script>', as_script(data)),
    )


def _row(key: str, label: str, own: Html) -> list[Html]:
    """Return a figure of the plan, as it is with the settings, and the change; a script fills the last two."""
    return [text(label), own, html('<span class="now" data-figure="{}">–</span>', text(key)), html('<span data-change="{}"></span>', text(key))]


def _bar() -> Html:
    """Return the main results in a line that stays in sight while a reader moves a control; a script fills it."""
    items = joined(html('<li>{} <strong data-figure="{}"></strong></li>', text(QUANTITIES[key].short), text(key)) for key in _STICKY)
    return html('<ul class="sticky" aria-label="Results with the settings">{}</ul>', items)


def _select(id: str, key: str, label: str, options: Sequence[Option]) -> Html:
    entries = joined(html('<option value="{}">{}</option>', at, text(option.name)) for at, option in enumerate(options))
    control = text(f"{id}-set-{key}")
    return html('<p><label for="{0}">{1}</label><select id="{0}" name="{2}">{3}</select></p>', control, text(label), text(key), entries)


def _slider(id: str, slider: Slider, answer: Estimate, currency: Currency) -> Html:
    """Return a slider at the value of the estimate, which counts only once it is moved."""
    given = answer.plan.number(slider.name) if getattr(answer.plan, slider.name) is not None else None
    if given is None and slider.name != "mfu":
        given = answer.facts.value(slider.name)
    if slider.name == "mfu":
        given = answer.values["mfu"]
    if given is None:
        return EMPTY
    begin = min(max(float(median_of(given)), slider.low), slider.high)
    factor, _ = currency.of(1.0, slider.unit)
    before, after = _around(slider.unit, currency)
    bounds = html('min="{:g}" max="{:g}" step="{:g}" value="{!r}"', slider.low, slider.high, slider.step, begin)
    shown = html('data-scale="{:g}" data-before="{}" data-after="{}"', slider.scale * factor, text(before), text(after))
    return html(
        '<p><label for="{0}">{1}</label><span class="at"></span><input type="range" id="{0}" name="{2}" {3} {4}></p>',
        *texts(f"{id}-set-{slider.name}", slider.label, slider.name),
        bounds,
        shown,
    )


def _around(unit: str, currency: Currency) -> tuple[str, str]:
    """Return what stands before and after a value in a unit, money as people write it.

    Example:
        >>> _around("$/kWh", Currency("USD", 1.0)), _around("$", Currency("EUR", 0.9)), _around("years", Currency("USD", 1.0)), _around("", Currency("USD", 1.0))
        (('$', '/kWh'), ('EUR ', ''), ('', ' years'), ('', ''))
    """
    if unit.startswith("$"):
        return currency.scale(1.0, "$").prefix, unit[1:]
    return "", f" {unit}".rstrip()


def _count(id: str, answer: Estimate) -> Html:
    """Return the field for the number of accelerators, in whole servers where the hardware is a server."""
    each, n = answer.facts.accelerator_count, answer.accelerators
    return html(
        '<p><label for="{0}">Accelerators</label>'
        '<input type="number" id="{0}" name="accelerators" min="{1:.0f}" max="1000000" step="{1:.0f}"{2} placeholder="not given"></p>',
        text(f"{id}-set-accelerators"),
        each,
        EMPTY if n is None else html(' value="{:.0f}"', n),
    )


def _amounts(id: str, answer: Estimate) -> Html:
    """Return the fields for parameters and tokens, in billions; empty where the compute is not in proportion to them."""
    amounts = (("params", "Parameters, in billions", params_of(answer), PARAMS_UNIT), ("tokens", "Tokens, in billions", tokens_of(answer), TOKENS_UNIT))
    return joined(
        html(
            '<p><label for="{0}">{1}</label><input type="number" id="{0}" name="{2}" min="0.001" max="1000000" step="any" value="{3:g}"></p>',
            *texts(f"{id}-set-{key}", label, key),
            value / unit,
        )
        for key, label, value, unit in amounts
        if value is not None
    )


def _shown(answer: Estimate, key: str, currency: Currency) -> Html:
    interval = answer[key]
    if key == "mfu":
        return text(NOT_KNOWN if interval is None else f"{100 * interval.median:.3g} %")
    return _with_bounds(*currency.shown(interval, QUANTITIES[key].unit))


def _money(interval: Interval | None, currency: Currency) -> Html:
    return _with_bounds(*currency.shown(interval, "$"))


def _return(interval: Interval | None, currency: Currency) -> Html:
    if interval is None:
        return text(NOT_KNOWN)
    low, median, high = (signed_money(usd, currency) for usd in interval)
    return html("{} <small>{} to {}</small>", *texts(median, low, high))


def _with_bounds(median: str, scale: str, bounds: str) -> Html:
    return html("{}{}", text(f"{median} {scale}".strip()), html(" <small>{}</small>", text(bounds)) if bounds not in ("", "exact") else EMPTY)
