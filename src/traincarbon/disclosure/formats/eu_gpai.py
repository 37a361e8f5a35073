"""The Model Documentation Form of the EU's code of practice for general-purpose AI: parameters, compute, time and energy of training."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from traincarbon.disclosure.compute import GENERAL_PURPOSE, MODIFIED_SHARE, SYSTEMIC_RISK
from traincarbon.disclosure.disclosure import Disclosure
from traincarbon.disclosure.statement import Boundary, Statement
from traincarbon.disclosure.words import (
    UNKNOWN,
    boundary_words,
    compute_method,
    energies_missing,
    energy_method,
    hardware_days,
    markdown_text,
    missing_words,
    two_figures,
    wall_clock_days,
)
from traincarbon.formatting import json_text
from traincarbon.formulas.serving import serving_flop
from traincarbon.quantities import H_PER_DAY, S_PER_DAY

AIO, NCA = "AI Office", "national competent authorities"
_PARAMS = ((5e8, "1–500M"), (5e9, "500M–5B"), (15e9, "5B–15B"), (50e9, "15B–50B"), (100e9, "50B–100B"), (500e9, "100B–500B"), (1e12, "500B–1T"))
_MONTH_S = 365.25 / 12.0 * S_PER_DAY
_MONTHS = ((1.0, "less than 1 month"), (3.0, "1–3 months"), (6.0, "3–6 months"))
_KWH_PER_MWH = 1000.0
_ESTIMATE = "The form takes an estimate too: disclose a plan that states hardware and GPU-hours of the run (accelerator_hours)"
_OF_UNKNOWN_ORIGINAL = (
    "one third of the threshold of a general-purpose AI model, in place of one third of the compute of the original model, which is not stated:"
    " give --original-flop; its modifier is the provider of a new one"
)


class Field(NamedTuple):
    """A field of the form for one of its readers.

    Attributes:
        field: Its name in the form.
        recipients: Who may ask for it.
        value: What is stated, as text with the figures that the form asks for.
        exact: The figure that the text was rounded from, None where it is not known or no figure.
        unit: Its unit.
    """

    field: str
    recipients: tuple[str, ...]
    value: str
    exact: float | None = None
    unit: str = ""


def write(disclosure: Disclosure) -> dict[str, str]:
    """Return ``eu-gpai.md`` and ``eu-gpai.json``."""
    fields, remarks = _fields(disclosure), _thresholds(disclosure)
    body = {
        "form": "Model Documentation Form, code of practice for general-purpose AI (AI Act, Article 53(1)(a), Annex XI 2(d) and (e))",
        "model": disclosure.model,
        "provider": disclosure.provider,
        "date": disclosure.date,
        "is_estimate": disclosure.is_estimate,
        "fields": [field._asdict() for field in fields],
        "thresholds": remarks,
        "compute": {each.subject: each.compute.to_dict() for each in disclosure.statements},
        "missing": disclosure.missing,
    }
    return {"eu-gpai.md": _markdown(disclosure, fields, [each["text"] for each in remarks]), "eu-gpai.json": json_text(body, indent=2) + "\n"}


def _fields(disclosure: Disclosure) -> list[Field]:
    statements, params, flop = disclosure.statements, disclosure.params, disclosure.flop
    times = [duration.median for each in statements if (duration := each.result("duration_s")) is not None]
    time_s = sum(times) if len(times) == len(statements) else None
    return [
        Field("Total model size", (AIO,), UNKNOWN if params is None else f"{_power(params)} parameters", params, "parameters"),
        Field("Total model size", (NCA,), UNKNOWN if params is None else f"{_range(params, _PARAMS, 'more than 1T')} parameters", None, "parameters"),
        Field("Training time: wall clock", (AIO,), "; ".join(_each(statements, wall_clock_days)), None if time_s is None else time_s / S_PER_DAY, "days"),
        Field("Training time: hardware", (AIO,), "; ".join(_each(statements, hardware_days)), _hardware_days(disclosure), "hardware-days"),
        Field("Training time", (NCA,), UNKNOWN if time_s is None else _range(time_s / _MONTH_S, _MONTHS, "more than 6 months")),
        Field(
            "Amount of computation used for training",
            (AIO,),
            UNKNOWN if flop is None else f"{_power(flop.median)} FLOP",
            None if flop is None else flop.median,
            "FLOP",
        ),
        Field("Amount of computation used for training", (NCA,), UNKNOWN if flop is None else f"10^{_magnitude(flop.median)} FLOP", None, "FLOP"),
        Field("Measurement methodology of the computation", (AIO,), " ".join(_each(statements, compute_method))),
        _energy(disclosure),
        Field("Measurement methodology of the energy", (AIO, NCA), " ".join(_each(statements, energy_method))),
        _inference(disclosure),
    ]


def _hardware_days(disclosure: Disclosure) -> float | None:
    """Return the accelerator-days, None where they are not known, or those of different types, which do not add up."""
    hours = disclosure.total("accelerator_hours_h")
    return None if hours is None or len({each.accelerator for each in disclosure.statements}) > 1 else hours.median / H_PER_DAY


def _energy(disclosure: Disclosure) -> Field:
    """Return the energy with the widest boundary that all statements know, in MWh with two figures."""
    name, recipients = "Amount of energy used for training", (AIO, NCA)
    for boundary in ("facility", "it", "accelerator"):
        total = disclosure.total(f"{boundary}_energy_kwh")
        if total is not None:
            mwh = total.median / _KWH_PER_MWH
            how = "estimated" if disclosure.is_estimate else "measured and modelled"
            how += f", so far: {disclosure.unfinished}" if disclosure.unfinished else ""
            return Field(name, recipients, f"{two_figures(mwh)} MWh ({how}; {_boundary(boundary)})", mwh, "MWh")
    way = "" if disclosure.total("accelerator_hours_h") is None else f". {_ESTIMATE}"
    return Field(name, recipients, f"N/A: missing is {energies_missing(disclosure.missing) or 'the energy'}{way}", None, "MWh")


def _boundary(name: str) -> str:
    return boundary_words(Boundary(name))


def _inference(disclosure: Disclosure) -> Field:
    task = f"{disclosure.task_tokens:,.10g} tokens, read or written, in one pass each"
    params = disclosure.active_params
    if params is None:
        return Field("Benchmarked amount of computation used for inference", (AIO,), f"{UNKNOWN} (task: {task})", None, "FLOP")
    counted = "parameters" if params == disclosure.params else "active parameters"
    flop = float(serving_flop(active_params=params, served_tokens=disclosure.task_tokens))
    return Field("Benchmarked amount of computation used for inference", (AIO,), f"{_power(flop)} FLOP (task: {task}; 2 × {counted} × tokens)", flop, "FLOP")


def _thresholds(disclosure: Disclosure) -> list[dict[str, Any]]:
    """Return where the compute stands against the thresholds of the act and the guidelines; nothing is decided where the interval spans one."""
    flop = disclosure.flop
    bounds = [(GENERAL_PURPOSE.flop, GENERAL_PURPOSE.meaning), (SYSTEMIC_RISK.flop, SYSTEMIC_RISK.meaning)]
    if disclosure.original_flop is not None:
        bounds.append((MODIFIED_SHARE * disclosure.original_flop, "one third of the compute of the original model: its modifier is the provider of a new one"))
    elif all(each.is_fine_tuning for each in disclosure.statements):
        bounds.append((MODIFIED_SHARE * GENERAL_PURPOSE.flop, _OF_UNKNOWN_ORIGINAL))
    found: list[dict[str, Any]] = []
    for bound, meaning in bounds:
        if flop is None:
            above, verdict = None, "cannot be told, as the compute is not known"
        elif flop.low <= bound < flop.high:
            above, verdict = flop.median > bound, f"{'above' if flop.median > bound else 'not above'} by the median, within its interval: document both counts"
        else:
            above = flop.median > bound
            verdict = "above" if above else "not above"
        found.append({"flop": bound, "above": above, "text": f"{_power(bound)} FLOP ({meaning}): {verdict}."})
    return found


def _markdown(disclosure: Disclosure, fields: Sequence[Field], remarks: Sequence[str]) -> str:
    head = f"# Model Documentation Form: {markdown_text(disclosure.model or 'model')}"
    kind = "Estimated before the training; nothing was measured." if disclosure.is_estimate else "From the records of the training."
    kind += f" Not complete: {markdown_text(disclosure.unfinished)}." if disclosure.unfinished else ""
    lines = [head, "", f"Training: compute, time and energy (AI Act, Annex XI, section 1, 2(d) and (e)). {kind}", ""]
    lines += ["| Field | For | Stated |", "| --- | --- | --- |"]
    lines += [f"| {field.field} | {', '.join(field.recipients)} | {_cell(field.value)} |" for field in fields]
    lines += ["", "## Thresholds", "", *(f"- {text}" for text in remarks)]
    if disclosure.missing:
        lines += ["", "## Missing", "", *(f"- {_cell(text)}" for text in missing_words(disclosure.missing))]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return markdown_text(text).replace("|", "\\|").replace("<", "&lt;")


def _each(statements: Sequence[Statement], words: Callable[[Statement], str]) -> list[str]:
    return [words(each) if len(statements) == 1 else f"{each.subject}: {words(each)}" for each in statements]


def _range(value: float, ranges: Sequence[tuple[float, str]], beyond: str) -> str:
    return next((name for bound, name in ranges if value <= bound), beyond)


def _power(value: float) -> str:
    """Return a number with two figures as a power of ten.

    Example:
        >>> _power(7.3e10)
        '7.3×10^10'
    """
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}×10^{int(exponent)}"


def _magnitude(value: float) -> int:
    return int(f"{value:e}".split("e")[1])
