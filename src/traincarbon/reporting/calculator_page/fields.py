"""The fields of the calculator's form, with the units and bounds that they have in a plan."""

from typing import NamedTuple

from traincarbon.database.row_checks import MOST_GCO2E_PER_KWH
from traincarbon.estimation.parse import SCALES
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.reporting.markup import EMPTY, Html, html, joined, text


class FormField(NamedTuple):
    """A field of the form.

    Attributes:
        name: The field of a plan that it states.
        label: What it is called.
        example: What one may type.
        shown: For which way of stating the work it is shown: ``tokens``, ``hours``, or empty for both.
    """

    name: str
    label: str
    example: str
    shown: str = ""


WORK = (
    FormField("params", "Parameters", "7B", "tokens"),
    FormField("tokens", "Tokens", "2T", "tokens"),
    FormField("accelerator_hours", "GPU-hours", "10,000", "hours"),
    FormField("accelerators", "Number of GPUs", "256; leave empty if open"),
)
KNOWN = (
    FormField("active_params", "Active parameters, of a mixture of experts", "37B", "tokens"),
    FormField("mfu", "Utilisation (MFU)", "40% or 0.3..0.5", "tokens"),
    FormField("pue", "PUE", "1.2"),
    FormField("carbon_intensity", "Carbon intensity", "50 g/kWh"),
    FormField("electricity_price", "Price of electricity", "$0.08/kWh"),
    FormField("rent_price", "Rent of one GPU", "$2.50/h"),
)
"""What a reader may know better than the facts."""


def form_data() -> dict[str, object]:
    """Return how the script reads the fields: the endings of numbers, and the units and bounds of each field."""
    return {
        "scales": list(SCALES.items()),
        "most_gco2e": MOST_GCO2E_PER_KWH,
        "fields": {each.name: _reading(each) for each in (*WORK, *KNOWN)},
    }


def _reading(field: FormField) -> dict[str, object]:
    declared = FIELDS[field.name]
    measure = declared.measure
    return {
        "label": field.label,
        "check": declared.check.value,
        "factors": measure.factors,
        "what": measure.what,
        "is_money": measure.is_money,
        "spelling": f"write it as {field.example.partition(';')[0]}",
    }


def fields_html(fields: tuple[FormField, ...]) -> Html:
    """Return *fields* as inputs of text, each with an example and room for what is wrong."""
    return joined(
        html(
            '<p data-for="{0}"{1}><label for="c-{0}">{2}</label><input type="text" id="c-{0}" name="{0}" maxlength="60" autocomplete="off" spellcheck="false" '
            'aria-describedby="c-{0}-note"><span class="hint" id="c-{0}-note">{3}</span></p>',
            text(field.name),
            html(' data-shown="{}"', text(field.shown)) if field.shown else EMPTY,
            text(field.label),
            text(f"such as {field.example}"),
        )
        for field in fields
    )
