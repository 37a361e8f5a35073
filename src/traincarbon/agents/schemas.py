"""The arguments of each tool as JSON Schema, made from the fields of a plan."""

from collections.abc import Mapping

from traincarbon.estimation.plan_fields import CHOICES, FIELDS
from traincarbon.explore.budget import BUDGETS, UNITS
from traincarbon.explore.compared_results import MONEY
from traincarbon.explore.comparison import MARKS
from traincarbon.ledger.process_summary import STATES
from traincarbon.quantities import ESTIMATED, QUANTITIES, RANKED

AXES = ("hw", "region", "rent", "start")
"""Fields that may have several values to compare."""
PLAN_FILE = "plan_file"

_NUMBER = {"type": ["number", "string"]}
_TEXT = {"type": "string"}
_WORDS = ("text", "date", "choice")
_LEVEL = {"type": ["number", "string"], "description": "Confidence level of the intervals, by default 0.9."}
_MONEY = {"enum": list(MONEY), "description": "Whether cost is that to rent or that to own."}


def _field(name: str) -> dict[str, object]:
    field = FIELDS[name]
    unit = f" [{field.unit}]" if field.unit else ""
    kind: Mapping[str, object] = {"enum": list(CHOICES[name])} if name in CHOICES else _TEXT if field.check in _WORDS else _NUMBER
    return {**kind, "description": f"{field.help}{unit}"}


def _several(name: str) -> dict[str, object]:
    one = {"enum": list(CHOICES[name])} if name in CHOICES else _TEXT
    return {"anyOf": [one, {"type": "array", "items": one}], "description": f"{FIELDS[name].help} One or several to compare."}


def _object(properties: Mapping[str, object]) -> dict[str, object]:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _plan() -> dict[str, object]:
    file = {**_TEXT, "description": "A plan in TOML; the other arguments replace its fields."}
    return {PLAN_FILE: file, **{name: _field(name) for name in FIELDS}}


def estimate_arguments() -> dict[str, object]:
    """Return those of ``estimate``."""
    strict = {"type": "boolean", "description": "Refuse a plan whose hardware cannot hold the training."}
    return _object({**_plan(), "level": _LEVEL, "strict": strict})


def explain_arguments() -> dict[str, object]:
    """Return those of ``explain``."""
    result = {"enum": list(ESTIMATED), "description": "The result to explain; by default all of them."}
    return _object({**_plan(), "level": _LEVEL, "result": result})


def compare_arguments() -> dict[str, object]:
    """Return those of ``compare``."""
    return _object({**_plan(), **{name: _several(name) for name in AXES}, "money": _MONEY, "level": _LEVEL})


def advise_arguments() -> dict[str, object]:
    """Return those of ``advise``."""
    own = {
        "goal": {**_TEXT, "description": "What the model is for; leaves out alternatives that do not serve it."},
        "loss": {**_NUMBER, "description": "Loss to reach; by default the predicted loss of the plan. [nat/token]"},
        "requests": {**_NUMBER, "description": "Requests that the model will serve over its life."},
        "tokens_per_request": {**_NUMBER, "description": "Tokens of a request, prompt and answer."},
        "finetune_tokens": {**_NUMBER, "description": "Tokens of a fine-tuning instead of the training."},
        "by": {"enum": list(RANKED), "description": "Quantity that ranks the alternatives, by default usd."},
    }
    return _object({**_plan(), **own, "money": _MONEY, "level": _LEVEL})


def optimise_arguments() -> dict[str, object]:
    """Return those of ``optimise``."""
    budgets = {name: {**_NUMBER, "description": f"Limit on {QUANTITIES[quantity].phrase}. [{UNITS[name]}]"} for name, quantity in BUDGETS.items()}
    own = {
        "target_loss": {**_NUMBER, "description": "Loss to reach. [nat/token]"},
        "tokens_per_param": {**_NUMBER, "description": "Tokens for each parameter, instead of the best by the scaling law."},
        "sure": {**_NUMBER, "description": "Probability of staying within each budget, by default 0.5."},
        "by": {"enum": list(MARKS), "description": "Which way to a loss comes first, by default cheapest."},
    }
    fields = {name: _several(name) if name in AXES else _field(name) for name in FIELDS}
    return _object({**budgets, **own, **fields, "money": _MONEY, "level": _LEVEL})


def runs_arguments() -> dict[str, object]:
    """Return those of ``runs``."""
    return _object(
        {
            "id": {**_TEXT, "description": "The run to show, or the beginning of its id; last is the latest. Without it, runs are listed."},
            "project": {**_TEXT, "description": "Only runs of this project."},
            "state": {"enum": list(STATES), "description": "Only runs in this state."},
            "since": {**_TEXT, "description": "Only runs that began then or later: a date as 2026-11-01, or an age as 12h, 3d or 2w."},
            "limit": {"type": "integer", "minimum": 0, "description": "How many to list, the latest first; 0 lists all."},
        }
    )
