"""How every result was computed: its formula, the inputs, and the source of each number."""

import math
from collections.abc import Iterable, Mapping, Sequence

from traincarbon.estimation.walk import Assumption, Step
from traincarbon.formatting import significant
from traincarbon.reporting.currency import NOT_KNOWN, USD, Currency
from traincarbon.reporting.labels import label_of
from traincarbon.reporting.markup import EMPTY, Html, html, joined, link_to, name, table, text, texts
from traincarbon.reporting.outline import Section, section
from traincarbon.reporting.view import EstimateView

Sources = Mapping[str, Mapping[str, str]]
"""The bibliography by key."""
_DIGITS, _DIGITS_ASSUMED = 6, 4
_LONGEST_VALUE, _LONGEST_FORMULA = 40, 600
"""The longest value with its unit, which stays on one line."""
_EXPONENT_FROM, _EXPONENT_BELOW = 1e9, 1e-3
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def assumptions_section(view: EstimateView, currency: Currency, id: str) -> Section | None:
    """Return the values that were used in place of what the plan leaves out."""
    if not view.assumptions:
        return None
    rows = [[name(label_of(each.name)), text(_assumed(each, view, currency), most=_LONGEST_VALUE), name(each.reason, most=300)] for each in view.assumptions]
    lead = html("<p>The plan leaves these out, so defaults are used. State a value in the plan to replace its default.</p>")
    return section(f"{id}-assumptions", text("Assumptions"), lead, table(text("Assumed"), texts("What", "Value", "Why"), rows, numbers=(1,)))


def derivation_section(view: EstimateView, sources: Sources, currency: Currency, id: str) -> Section | None:
    """Return the formulas in the order in which they ran, with the source of each number, the facts used, and the plan."""
    formulas = _last_of_each([(at, step) for at, step in enumerate(view.steps) if step.inputs])
    facts = [step for step in view.steps if not step.inputs and (step.source or isinstance(step.value, (int, float)))]
    rows = [[_anchor(f"{id}-{step.name}", step), _value(step), _source(step.source, sources)] for _, step in formulas]
    computed = [_computation(step, view.steps[:at], id) for at, step in formulas]
    known = [[_anchor(f"{id}-fact-{step.name}", step), _value(step), _origin(step, sources)] for step in facts]
    stated = [texts(label_of(key), _number(value)) for key, value in view.plan.items()]
    return section(
        f"{id}-derivation",
        text("How it was computed"),
        EMPTY if currency == USD or not rows else html("<p>Formulas, facts and the plan are in US dollars, as their sources are.</p>"),
        table(text("Formulas, in order"), texts("Result", "Median", "Source"), rows, numbers=(1,), below=computed) if rows else EMPTY,
        table(text("Facts and priors used"), texts("What", "Median", "Source"), known, numbers=(1,)) if known else EMPTY,
        table(text("The plan"), texts("What", "Value"), stated) if stated else EMPTY,
    )


def sources_section(views: Sequence[EstimateView], sources: Sources, others: Iterable[str] = ()) -> Section | None:
    """Return the bibliography of every source used, and of *others*."""
    used = {step.source.partition(": ")[0] for view in views for step in view.steps if step.source} | set(others)
    entries = joined(html('<li id="source-{}">{}</li>', text(key), _entry(key, sources[key])) for key in sorted(used) if key in sources)
    return section("sources", text("Sources"), html('<ol class="sources">{}</ol>', entries)) if entries else None


def _last_of_each(formulas: list[tuple[int, Step]]) -> list[tuple[int, Step]]:
    """Return the last step of each name, so that a link leads to one place."""
    latest = {step.name: at for at, step in formulas}
    return [(at, step) for at, step in formulas if latest[step.name] == at]


def _anchor(id: str, step: Step) -> Html:
    return html('<span id="{}">{}</span>', text(id), text(label_of(step.name)))


def _value(step: Step) -> Html:
    return text(f"{_number(step.value)} {step.unit}", most=_LONGEST_VALUE)


def _computation(step: Step, before: Sequence[Step], id: str) -> Html:
    """Return the formula of a step with its inputs."""
    inputs = joined((_input(key, value, before, id) for key, value in step.inputs.items()), ", ")
    return html("<code>{} = {}</code> with {}", text(step.name), text(step.formula, most=_LONGEST_FORMULA), inputs)


def _input(key: str, value: object, before: Sequence[Step], id: str) -> Html:
    """Return an input with its value, linked to the earlier step or fact that has this value."""
    shown = html("{} {}", text(key), text(_number(value)))
    same = [step for step in before if isinstance(value, float) and step.value == value]
    origin = next((step for step in reversed(same) if step.name == key), same[-1] if same else None)
    return shown if origin is None else link_to(f"{id}-{'' if origin.inputs else 'fact-'}{origin.name}", shown)


def _origin(step: Step, sources: Sources) -> Html:
    """Return how a fact was published or derived, and its source."""
    return joined((part for part in (name(step.formula, most=_LONGEST_FORMULA), _source(step.source, sources)) if part), " · ")


def _source(source: str, sources: Sources) -> Html:
    key, _, locator = source.partition(": ")
    where = html(" <small>{}</small>", name(locator, most=_LONGEST_FORMULA)) if locator else EMPTY
    return html("{}{}", link_to(f"source-{key}", text(key)) if key in sources else text(key), where)


def _entry(key: str, entry: Mapping[str, str]) -> Html:
    title, url = name(entry.get("title", key), most=300), str(entry.get("url", ""))
    linked = html('<a href="{}" rel="noreferrer">{}</a>', text(url, most=500), title) if url.startswith("https://") else title
    by = joined((name(entry[part]) for part in ("publisher", "published") if entry.get(part)), ", ")
    return html("{}. {} <small>{}</small>", linked, by, text(key))


def _assumed(each: Assumption, view: EstimateView, currency: Currency) -> str:
    """Return an assumed value rounded, with the unit of its step, a price in the currency of the report."""
    step = view.step(each.name)
    unit = step.unit if step is not None else ""
    if isinstance(each.value, bool) or not isinstance(each.value, (int, float)):
        return f"{_number(each.value)} {unit}".rstrip()
    value, unit = currency.of(float(each.value), unit)
    return f"{_number(value, _DIGITS_ASSUMED)} {unit}".rstrip()


def _number(value: object, digits: int = _DIGITS) -> str:
    """Return a number to so many digits, large and small ones with a power of ten; other values as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return NOT_KNOWN if value is None else str(value)
    if not math.isfinite(value):
        return NOT_KNOWN
    size = abs(value)
    if size >= _EXPONENT_FROM or 0.0 < size < _EXPONENT_BELOW:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')} × 10{str(int(exponent)).translate(_RAISED)}"
    return significant(float(value), digits) if size >= 1000.0 else f"{value:.{digits}g}"
