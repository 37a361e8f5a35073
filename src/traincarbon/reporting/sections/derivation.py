"""How every figure was worked out: its formula, what went in, and where each number comes from."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from traincarbon.estimation.trace import Assumption, Step
from traincarbon.formatting import significant
from traincarbon.reporting.markup import name, section, table, text
from traincarbon.reporting.naming import named
from traincarbon.reporting.view import Said

_DIGITS, _DIGITS_ASSUMED = 6, 4
_LONGEST_VALUE = 40
"""Letters of a value and its unit, which stand on one line."""
_EXPONENT_FROM, _EXPONENT_BELOW = 1e9, 1e-3
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def assumptions_section(said: Said, id: str) -> str:
    """Return what the plan did not say and what stood in for it."""
    rows = [[name(named(each.name)), text(_assumed(each, said), most=_LONGEST_VALUE), name(each.reason, most=300)] for each in said.assumptions]
    lead = "<p>The plan does not say these; each stands in for it, and what the plan does say would replace it.</p>"
    return section(f"{id}-assumptions", "Assumptions", lead, table("Assumed", ["What", "Value", "Why"], rows, numbers=(1,))) if rows else ""


def derivation_section(said: Said, sources: Mapping[str, Mapping[str, Any]], id: str) -> str:
    """Return the formulas in the order in which they ran, each number linked to where it comes from, and the facts that they began with."""
    formulas = _last_of_each([(at, step) for at, step in enumerate(said.steps) if step.inputs])
    facts = [step for step in said.steps if not step.inputs and (step.source or isinstance(step.value, (int, float)))]
    rows = [
        [
            f'<span id="{id}-{text(step.name)}">{text(named(step.name))}</span>',
            text(f"{_number(step.value)} {step.unit}", most=_LONGEST_VALUE),
            _source(step.source, sources),
        ]
        for _, step in formulas
    ]
    below = [
        f"<code>{text(step.name)} = {text(step.formula, most=300)}</code> with "
        + ", ".join(_input(key, value, said.steps[:at], id) for key, value in step.inputs.items())
        for at, step in formulas
    ]
    known = [
        [
            f'<span id="{id}-fact-{text(step.name)}">{text(named(step.name))}</span>',
            text(f"{_number(step.value)} {step.unit}", most=_LONGEST_VALUE),
            " · ".join(part for part in (name(step.formula, most=300), _source(step.source, sources)) if part),
        ]
        for step in facts
    ]
    stated = [[text(named(key)), text(_number(value) if not isinstance(value, str) else value)] for key, value in said.plan.items()]
    return section(
        f"{id}-derivation",
        "How it was worked out",
        table("Formulas, in their order", ["Figure", "Median", "Source"], rows, numbers=(1,), below=below) if rows else "",
        table("Facts and priors that entered", ["What", "Median", "Where it comes from"], known, numbers=(1,)) if known else "",
        table("What the plan states", ["What", "Value"], stated) if stated else "",
    )


def sources_section(all_said: list[Said], sources: Mapping[str, Mapping[str, Any]], others: Iterable[str] = ()) -> str:
    """Return the bibliography of all that was used, that of *others* than steps too, each entry with what a reader needs to find it."""
    used = sorted({step.source.partition(": ")[0] for said in all_said for step in said.steps if step.source} | set(others))
    entries = "".join(f'<li id="source-{text(key)}">{_entry(key, sources[key])}</li>' for key in used if key in sources)
    return section("sources", "Sources", f'<ol class="sources">{entries}</ol>') if entries else ""


def _last_of_each(formulas: list[tuple[int, Step]]) -> list[tuple[int, Step]]:
    """Return the steps with one of each name, so that a link leads to one place."""
    latest = {step.name: at for at, step in formulas}
    return [(at, step) for at, step in formulas if latest[step.name] == at]


def _input(key: str, value: Any, before: tuple[Step, ...], id: str) -> str:
    """Return an input with its value, linked to the step or fact before it that has this value."""
    shown = f"{text(key)} {text(_number(value))}"
    same = [step for step in before if isinstance(value, float) and step.value == value]
    origin = next((step for step in reversed(same) if step.name == key), same[-1] if same else None)
    if origin is None:
        return shown
    return f'<a href="#{id}-{"" if origin.inputs else "fact-"}{text(origin.name)}">{shown}</a>'


def _source(source: str, sources: Mapping[str, Mapping[str, Any]]) -> str:
    key, _, locator = source.partition(": ")
    where = f"<small>{name(locator, most=160)}</small>" if locator else ""
    if key in sources:
        return f'<a href="#source-{text(key)}">{text(key)}</a> {where}'
    return f"{text(key)} {where}".strip()


def _entry(key: str, entry: Mapping[str, Any]) -> str:
    title, url = name(entry.get("title", key), most=300), str(entry.get("url", ""))
    linked = f'<a href="{text(url, most=500)}" rel="noreferrer">{title}</a>' if url.startswith("https://") else title
    by = ", ".join(name(entry[part]) for part in ("publisher", "published") if entry.get(part))
    return f"{linked}. {by} <small>{text(key)}</small>"


def _assumed(each: Assumption, said: Said) -> str:
    """Return what was assumed, rounded to what matters, with the unit that its step has."""
    step = said.step(each.name)
    return f"{_number(each.value, _DIGITS_ASSUMED)} {step.unit if step is not None else ''}".rstrip()


def _number(value: Any, digits: int = _DIGITS) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "not known" if value is None else str(value)
    if not math.isfinite(value):
        return "not known"
    size = abs(value)
    if size >= _EXPONENT_FROM or 0.0 < size < _EXPONENT_BELOW:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')} × 10{str(int(exponent)).translate(_RAISED)}"
    return significant(float(value), digits) if size >= 1000.0 else f"{value:.{digits}g}"
