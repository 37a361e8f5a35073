"""The file of budgets: read and written as TOML."""

from collections import Counter
from collections.abc import Mapping
from os import path

from traincarbon.budgets.budget import UNITS, Budget, Budgets, StartPolicy
from traincarbon.budgets.place import VARIABLE, budget_file, named_file
from traincarbon.errors import CarbonError

HINT = "is the folder yours, and the disk not full?"
"""What to do about a file that cannot be written."""
_MOST_B = 1 << 20
_MOST, _LONGEST = 10_000, 200
_LIMITS = {f"max_{name}": name for name in UNITS}
_FIELDS = ("project", "month", *_LIMITS, "on_budget", "shared")
_TEXTS = {"project": "vision", "month": "2026-12", "on_budget": "refuse"}
_EXAMPLE = 'write, as docs/scale.md says: [[budget]], project = "vision", max_usd = 5000, on_budget = "refuse"'


def read_budgets(*, is_new: bool = False) -> Budgets:
    """Return the budgets in the file of :func:`traincarbon.budgets.place.budget_file`; none where there is no such file.

    Args:
        is_new: Whether a file that the environment names need not exist, as it is about to be made.

    Raises:
        CarbonError: it cannot be read, or states something that is no budget.
    """
    file = budget_file()
    if not path.lexists(file):
        if named_file() and not is_new:
            raise CarbonError(f"the file of budgets {file!r} does not exist", hint=f"is {VARIABLE} right? carbon runs budget PROJECT --max-usd 5000 makes it")
        return Budgets(file=file)
    from traincarbon.reading import read_limited
    from traincarbon.toml import parse_toml

    try:
        table = parse_toml(read_limited(file, most_b=_MOST_B).decode("utf-8"))
    except OSError as error:
        raise CarbonError(f"the file of budgets {file!r} cannot be read: {error.strerror or error}", hint=_EXAMPLE) from error
    except ValueError as error:
        raise CarbonError(f"the file of budgets {file!r} is not TOML: {error}", hint=_EXAMPLE) from error
    return _budgets(table, file)


def write_budgets(budgets: Budgets) -> None:
    """Write budgets into their file: it is the old or the new one at any time.

    Raises:
        CarbonError: it cannot be written; the old file stands.
    """
    from traincarbon.files import replace_file
    from traincarbon.toml import to_toml

    rows = [_row(budget) for budget in budgets.every]
    table = {**({"time_zone": budgets.time_zone} if budgets.time_zone else {}), **({"budget": rows} if rows else {})}
    text = f"# Budgets of projects and months: carbon runs budget --help and docs/scale.md say what they mean.\n{to_toml(table)}"
    replace_file(budgets.file or budget_file(), text, hint=HINT)


def checked_limits(stated: Mapping[str, object]) -> dict[str, float]:
    """Return the limits among options, as ``max_usd``, by what they bound. None is no limit.

    Raises:
        CarbonError: one is not a number above 0.
    """
    import math

    from traincarbon.estimation.parse import parse_option
    from traincarbon.estimation.units import MEASURES

    found = {}
    for option, name in _LIMITS.items():
        if stated.get(option) is None:
            continue
        limit = parse_option(option, stated[option], MEASURES[UNITS[name]])
        if not 0.0 < limit < math.inf:
            raise CarbonError(f"{option} is {str(stated[option])[:40]}", hint="a budget is a number above 0; leave it out for no limit")
        found[name] = limit
    return found


def checked_budget(*, project: str, month: str = "", on_budget: str = "", shared: bool = False, limits: Mapping[str, float]) -> Budget:
    """Return a budget from its options; *limits* are those of :func:`checked_limits`.

    Raises:
        CarbonError: one of them is not possible, or there is no limit.
    """
    from traincarbon.budgets.month import check_month

    if len(project) > _LONGEST or not project.isprintable():
        raise CarbonError(f"project is {project[:40]!r}", hint=f"at most {_LONGEST} characters, all of them printable")
    if on_budget and on_budget not in tuple(StartPolicy):
        from traincarbon.suggestions import one_of

        raise CarbonError(f"on_budget is {on_budget[:40]!r}", hint=one_of(on_budget, [policy.value for policy in StartPolicy]))
    if month:
        check_month(month)
    if not limits:
        raise CarbonError(f"the budget of {project[:60]!r} has no limit", hint=f"give one of {', '.join(_LIMITS)}")
    return Budget(project, dict(limits), StartPolicy(on_budget or StartPolicy.WARN), month, shared)


def _budgets(table: Mapping[str, object], file: str) -> Budgets:
    from traincarbon.zones import zone_of

    rows, zone = table.get("budget", []), table.get("time_zone", "")
    place = f"the file of budgets {file!r}"
    if unknown := [name for name in table if name not in ("budget", "time_zone")]:
        raise CarbonError(f"{place} has an unknown key {unknown[0][:40]!r}", hint=_EXAMPLE)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or len(rows) > _MOST or not isinstance(zone, str):
        raise CarbonError(f"{place} states no list of budgets", hint=_EXAMPLE)
    found = []
    try:
        zone_of(zone)
    except CarbonError as error:
        raise CarbonError(f"{place}: {error}", hint=error.hint) from None
    for number, row in enumerate(rows, 1):
        try:
            found.append(_budget(row))
        except CarbonError as error:
            whose = f" ({row['project'][:60]!r})" if isinstance(row.get("project"), str) else ""
            raise CarbonError(f"{place}, budget {number}{whose}: {error}", hint=error.hint) from None
    times = Counter((budget.project, budget.month) for budget in found)
    if twice := next((key for key, count in times.items() if count > 1), None):
        raise CarbonError(f"{place} has two budgets of {twice[0][:60]!r}{f' for {twice[1]}' if twice[1] else ''}", hint="keep one of them")
    return Budgets(tuple(found), zone, file)


def _budget(row: Mapping[str, object]) -> Budget:
    if unknown := [name for name in row if name not in _FIELDS]:
        from traincarbon.suggestions import did_you_mean

        raise CarbonError(f"unknown key {unknown[0][:40]!r}", hint=did_you_mean(unknown[0], _FIELDS))
    texts = {name: row.get(name, "") for name in ("project", "month", "on_budget")}
    shared = row.get("shared", False)
    if "project" not in row:
        raise CarbonError("it does not say whose it is", hint=_EXAMPLE)
    for name, value in texts.items():
        if not isinstance(value, str):
            raise CarbonError(f"{name} is {str(value)[:40]}, and no text", hint=f'write it in quotation marks: {name} = "{_TEXTS[name]}"')
    if not isinstance(shared, bool):
        raise CarbonError(f"shared is {str(shared)[:40]!r}", hint="write shared = true, or leave it out")
    words = {name: str(value) for name, value in texts.items()}
    limits = checked_limits({key: row.get(key) for key in _LIMITS})
    return checked_budget(project=words["project"], month=words["month"], on_budget=words["on_budget"], shared=shared, limits=limits)


def _row(budget: Budget) -> dict[str, object]:
    stated = {f"max_{name}": limit for name, limit in budget.limits.items()}
    return {
        "project": budget.project,
        **({"month": budget.month} if budget.month else {}),
        **stated,
        "on_budget": budget.on_budget.value,
        **({"shared": True} if budget.is_shared else {}),
    }
