"""What each tool answers: the JSON of the command of its name."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from traincarbon.agents.schemas import AXES, PLAN_FILE
from traincarbon.calibration.own_stores import may_have_own_runs
from traincarbon.database.load import Database
from traincarbon.errors import CarbonError, PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.parse import parse_option
from traincarbon.estimation.plan import Plan, overridden
from traincarbon.estimation.result import Estimate
from traincarbon.estimation.units import MEASURES
from traincarbon.explore.advise import advise
from traincarbon.explore.budget import BUDGETS, UNITS
from traincarbon.explore.compare import compare
from traincarbon.explore.optimise import optimise
from traincarbon.suggestions import did_you_mean

Arguments = Mapping[str, Any]


class Place(NamedTuple):
    """Where the tools look: the facts, and the folder of the runs, None for the default one."""

    database: Database
    store: str | None = None


def estimate_answer(given: Arguments, place: Place) -> dict[str, Any]:
    """Return what ``carbon estimate --json`` prints."""
    own, fields = _split(given, ("level", "strict"))
    answer = _estimated(fields, place, level=_level(own), strict=bool(own.get("strict")))
    return {**answer.to_dict(), "own_runs": _own_runs(answer, place)}


def explain_answer(given: Arguments, place: Place) -> dict[str, Any]:
    """Return how the results of an estimate were computed: its steps and what it assumed, of one result or of all.

    Raises:
        CarbonError: there is no such result, or the plan cannot be estimated.
    """
    own, fields = _split(given, ("level", "result"))
    whole = _estimated(fields, place, level=_level(own)).to_dict()
    name = own.get("result")
    if name is not None and whole["results"].get(name) is None:
        known = [each for each, result in whole["results"].items() if result is not None]
        raise CarbonError(f"{str(name)[:60]!r} is no result of this estimate", hint=did_you_mean(str(name), known))
    steps = whole["steps"] if name is None else _behind(name, whole["steps"])
    results = whole["results"] if name is None else {name: whole["results"][name]}
    kept = {key: whole[key] for key in ("schema", "plan", "level", "flop_counts", "prices", "calibration", "assumptions", "warnings")}
    shares = {each: whole["spread_shares"][each] for each in results if each in whole["spread_shares"]}
    return {**kept, "results": results, "steps": steps, "spread_shares": shares}


def compare_answer(given: Arguments, place: Place) -> dict[str, Any]:
    """Return what ``carbon compare --json`` prints."""
    own, fields = _split(given, ("level", "money", *AXES))
    axes: dict[str, Any] = {name: _values(own.get(name)) for name in AXES}
    if not fields and not any(axes.values()):
        raise _no_plan()
    return compare(_plan(fields), **axes, money=own.get("money"), database=place.database, level=_level(own)).to_dict()


def advise_answer(given: Arguments, place: Place) -> dict[str, Any]:
    """Return what ``carbon advise --json`` prints."""
    own, fields = _split(given, ("level", "money", "goal", "loss", "requests", "tokens_per_request", "finetune_tokens", "by"))
    stated = {name: value for name, value in own.items() if name not in ("level", "loss")}
    loss = None if own.get("loss") is None else parse_option("loss", own["loss"])
    return advise(_plan(fields), **stated, loss=loss, database=place.database, level=_level(own)).to_dict()


def optimise_answer(given: Arguments, place: Place) -> dict[str, Any]:
    """Return what ``carbon optimise --json`` prints."""
    own, fields = _split(given, ("level", "money", "sure", "by", "target_loss", "tokens_per_param", *BUDGETS, *AXES))
    numbers: dict[str, Any] = {name: _quantity(name, own[name]) for name in (*BUDGETS, "target_loss", "tokens_per_param") if own.get(name) is not None}
    axes: dict[str, Any] = {name: _values(own.get(name)) for name in AXES}
    words = {name: own[name] for name in ("money", "by") if own.get(name) is not None}
    sure: dict[str, Any] = {} if own.get("sure") is None else {"sure": parse_option("sure", own["sure"], MEASURES["share"])}
    return optimise(**axes, **numbers, **words, **sure, database=place.database, level=_level(own), **fields).to_dict()


def runs_answer(given: Arguments, place: Place) -> dict[str, Any] | list[dict[str, Any]]:
    """Return what ``carbon runs show ID --json`` prints, or without an id ``carbon runs list --json``."""
    from traincarbon import runs

    own, unknown = _split(given, ("id", "project", "state", "since", "limit"))
    for name in unknown:
        raise CarbonError(f"unknown argument {name[:60]!r}", hint="give id, or project, state, since and limit")
    if own.get("id"):
        return runs.load(str(own["id"]), store=place.store).to_dict()
    words = {name: str(own.get(name) or "") for name in ("project", "state", "since")}
    return [record.to_dict() for record in runs.list(**words, limit=int(own.get("limit") or 0), store=place.store)]


ANSWERS: Mapping[str, Callable[[Arguments, Place], Any]] = {
    "estimate": estimate_answer,
    "compare": compare_answer,
    "advise": advise_answer,
    "optimise": optimise_answer,
    "runs": runs_answer,
    "explain": explain_answer,
}
"""What answers each tool."""


def _split(given: Arguments, own: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the stated arguments of the tool itself, and the fields of its plan."""
    stated = {name: value for name, value in given.items() if value is not None}
    return {name: value for name, value in stated.items() if name in own}, {name: value for name, value in stated.items() if name not in own}


def _plan(fields: Mapping[str, object]) -> Plan:
    stated = dict(fields)
    file = stated.pop(PLAN_FILE, None)
    return Plan.from_dict(stated) if file is None else Plan.from_dict(overridden(Plan.read(str(file)).to_dict(), stated))


def _estimated(fields: Mapping[str, object], place: Place, *, level: float, strict: bool = False) -> Estimate:
    plan = _plan(fields)
    if not plan.to_dict():
        raise _no_plan()
    return estimate(plan, database=place.database, level=level, strict=strict)


def _no_plan() -> PlanError:
    return PlanError("no plan given", hint='give at least {"params": "7B", "tokens": "1T", "hw": "dgx-h100"}')


def _level(own: Arguments) -> float:
    return parse_option("level", own.get("level", 0.9), MEASURES["share"])


def _quantity(name: str, value: object) -> float:
    return parse_option(name, value, MEASURES[UNITS[name]] if name in UNITS else None)


def _values(value: object) -> tuple[str, ...]:
    """Return the values of a field to compare: a list of them, or a text with commas."""
    texts = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
    return tuple(part.strip() for text in texts for part in str(text).split(",") if part.strip())


def _own_runs(answer: Estimate, place: Place) -> dict[str, Any] | None:
    """Return the user's own runs that would narrow the estimate; None where there is none, or the ledger cannot be read."""
    if answer.plan.calibration is not None or not may_have_own_runs():
        return None
    from traincarbon.calibration.own_runs import own_runs

    try:
        found = own_runs(answer, database=place.database)
    except CarbonError:
        return None
    return None if found is None else found.to_dict()


def _behind(name: str, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps that lead to a result, in their order. A formula may call an input by another name: its value then tells the step."""
    by_name = {step["name"]: step["inputs"] for step in steps}
    by_value = {step["value"]: step["name"] for step in steps if isinstance(step["value"], float)}
    needed: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in needed:
            needed.add(each)
            waiting += [used if used in by_name else by_value.get(value, used) for used, value in by_name.get(each, {}).items()]
    return [step for step in steps if step["name"] in needed]
