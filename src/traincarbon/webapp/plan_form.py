"""The form of a plan: five fields, others as lines of a plan file, and the question of the budget."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from traincarbon.errors import CarbonError
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.published.runs_file import read_runs
from traincarbon.toml import parse_toml

MAIN = ("params", "tokens", "hw", "accelerators", "region")
"""The five fields, in the order in which they are asked for."""
EXAMPLES = {"params": "70B", "tokens": "1.4T", "hw": "dgx-h100", "accelerators": "512", "region": "sweden"}
_QUESTION = ("budget", "confidence", "more")
_PRESETS = {
    "strubell-bert-base-v100": "v100-sxm2-16gb",
    "nanochat-d20": "dgx-h100",
    "llama1-65b": "dgx-a100-80gb",
    "bloom-176b": "dgx-a100-80gb",
    "gpt3-175b": "v100-sxm2-32gb",
    "llama3.1-405b": "dgx-h100",
}
"""Published run to the server that its accelerators are usual in; sizes and counts are those that were published."""
_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1.0, ""))
_MOST_LETTERS = 10_000


class Form(NamedTuple):
    """What a reader typed.

    Attributes:
        fields: Each field of a plan by its name, as typed; empty ones are left out.
        more: Lines of a plan file with other fields.
        budget: What the training may cost.
        confidence: The chance with which the amount asked for is enough.
    """

    fields: Mapping[str, str]
    more: str = ""
    budget: str = ""
    confidence: str = ""

    @property
    def query(self) -> str:
        """The form as the query of an address."""
        question = {name: value for name in _QUESTION if (value := getattr(self, name))}
        return urlencode({**self.fields, **question})

    @property
    def plan_query(self) -> str:
        """The plan alone as the query of an address."""
        return urlencode({**self.fields, **({"more": self.more} if self.more else {})})


class Preset(NamedTuple):
    """A published training to begin with: its name, and its fields."""

    name: str
    fields: Mapping[str, str]

    @property
    def query(self) -> str:
        """The preset as the query of an address."""
        return urlencode(self.fields)


def form_of(query: Mapping[str, str]) -> Form:
    """Return the form that the query of an address or of a form states; what is no field of a plan is left out."""
    stated = {name: value.strip()[:_MOST_LETTERS] for name, value in query.items()}
    fields = {name: stated[name] for name in (*MAIN, *(name for name in FIELDS if name not in MAIN)) if stated.get(name)}
    return Form(fields, *(stated.get(name, "") for name in ("more", "budget", "confidence")))


def plan_fields_of(form: Form) -> dict[str, object]:
    """Return the fields of the plan: those of the form, and those of its other lines.

    Raises:
        CarbonError: the other lines are not those of a plan file, or repeat a field.
    """
    try:
        more = parse_toml(form.more)
    except ValueError as error:
        raise CarbonError(f"other fields: {error}", hint='write one in a line, as in a plan file: rent = "spot"') from error
    twice = sorted(more.keys() & form.fields.keys())
    if twice:
        raise CarbonError(f"{twice[0]} is given twice", hint="give it in its own field, or in a line below, not in both")
    return {**form.fields, **more}


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """Return trainings that were published with parameters, tokens and a number of accelerators."""
    known = {run.id: run for run in read_runs()[0]}
    found = []
    for id, hw in _PRESETS.items():
        run = known.get(id)
        if run is not None and run.total_params and run.tokens and run.accelerators:
            sizes = {"params": _short(run.total_params), "tokens": _short(run.tokens), "hw": hw, "accelerators": f"{run.accelerators:.0f}"}
            found.append(Preset(run.model, sizes))
    return tuple(found)


def _short(count: float) -> str:
    """Return a count as people write it.

    Example:
        >>> _short(6.52e10), _short(1.4e12), _short(5.61e8)
        ('65.2B', '1.4T', '561M')
    """
    size, letter = next((size, letter) for size, letter in _SCALES if count >= size)
    return f"{count / size:.4g}{letter}"
