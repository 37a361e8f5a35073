"""The examples on the calculator's page: a table that is readable without scripts, in which each row is a link that sets the form."""

from typing import NamedTuple
from urllib.parse import urlencode

from traincarbon.database.load import Database
from traincarbon.errors import CarbonError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.result import Estimate
from traincarbon.quantities import QUANTITIES
from traincarbon.reporting.currency import USD
from traincarbon.reporting.markup import Html, html, table, text, texts
from traincarbon.reporting.view import count_text

SHOWN = ("rent_usd", "duration_s", "facility_energy_kwh", "total_kgco2e", "water_l")


class Example(NamedTuple):
    """A training: what it is called, and the fields of its plan as one types them."""

    label: str
    fields: dict[str, str]


EXAMPLES = (
    Example(
        "Pre-train a 7B model",
        {"params": "7B", "tokens": "2T", "hw": "h100-sxm5-80gb", "accelerators": "256", "region": "US-VA"},
    ),
    Example(
        "Fine-tune 7B with adapters (LoRA)",
        {"params": "7B", "tokens": "100M", "kind": "lora", "hw": "h100-sxm5-80gb", "accelerators": "1", "region": "US-VA"},
    ),
    Example(
        "Fine-tune all of 70B",
        {"params": "70B", "tokens": "1B", "kind": "finetune", "hw": "h100-sxm5-80gb", "accelerators": "64", "region": "FR"},
    ),
    Example("A mixture of experts, 37B active", {"params": "671B", "active_params": "37B", "tokens": "14.8T", "hw": "h800-sxm5-80gb", "accelerators": "2048"}),
    Example(
        "Megatron-Turing NLG, 530B",
        {"params": "530B", "tokens": "270B", "hw": "dgx-a100", "accelerators": "2240", "region": "US-CA"},
    ),
    Example("1,000 GPU-hours", {"accelerator_hours": "1000", "hw": "a100-sxm4-80gb", "accelerators": "8", "region": "DE"}),
)
"""The first is what the form shows at first."""


def example_answer(example: Example, database: Database) -> Estimate:
    """Return the estimate of an *example*, without the user's calibrations.

    Raises:
        CarbonError: the database does not know its hardware or place.
    """
    return estimate(Plan.from_dict({**example.fields, "calibration": "none"}), database=database)


def examples_html(database: Database) -> Html:
    """Return the table of examples; one that the *database* cannot answer is left out."""
    rows = []
    for example in EXAMPLES:
        try:
            answer = example_answer(example, database)
        except CarbonError:
            continue
        link = html('<a href="#{}">{}</a>', text(urlencode(example.fields)), text(example.label))
        rows.append([html("{}<br><small>{}</small>", link, text(_where(answer))), *(_shown(answer, name) for name in SHOWN)])
    heads = ["Training", *(QUANTITIES[name].label for name in SHOWN)]
    return table(text("Examples: each median with its 90 % interval"), texts(*heads), rows, numbers=range(1, len(heads)))


def _where(answer: Estimate) -> str:
    """Return the sizes, the hardware and the place of an example."""
    plan, place = answer.plan, answer.facts.place
    sizes = [f"{count_text(number)} {name}" for name in ("params", "tokens") if (number := plan.number(name)) is not None]
    hardware = answer.facts.hardware.name if answer.accelerators is None else f"{answer.accelerators:,.0f} × {answer.facts.accelerator.name}"
    return ", ".join([*sizes, hardware, "place not named" if place is None else place.name])


def _shown(answer: Estimate, name: str) -> Html:
    median, scale, bounds = USD.shown(answer[name], QUANTITIES[name].unit)
    return html("{}<br><small>{}</small>", text(f"{median} {scale}".strip()), text(bounds))
