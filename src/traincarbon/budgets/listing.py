"""Show and change budgets: what ``carbon runs budget`` does."""

import os
import time
from collections.abc import Callable

from traincarbon.budgets.budget import Budgets
from traincarbon.budgets.budget_file import HINT, checked_budget, checked_limits, read_budgets, write_budgets
from traincarbon.budgets.budget_month import BudgetsMonth, months_of
from traincarbon.budgets.month import check_month, month_named
from traincarbon.budgets.month_use import month_uses
from traincarbon.budgets.place import budget_file
from traincarbon.database.overlay import alone
from traincarbon.ledger.listed_runs import SOUND_S
from traincarbon.ledger.server.team_ledger import open_ledger
from traincarbon.ledger.source import RunSource


def budget(
    project: str | None = None, *, month: str = "", store: str | os.PathLike[str] | None = None, progress: Callable[[str], None] | None = None
) -> BudgetsMonth:
    """Return a month of all budgets: what is spent, what is left, and what runs that go on still will take.

    Args:
        project: Only the budgets of this project; None for all.
        month: As ``2026-11``, by default the present one.
        store: The folder of the ledger; by default the server in ``$CARBON_LEDGER``, else ``$CARBON_STORE``, else the user's data folder.
        progress: Called with a line now and then while journals are read for longer than a second.

    Raises:
        CarbonError: the file of budgets cannot be read, *month* is no month, or the ledger does not answer.
    """
    if month:
        check_month(month)
    with open_ledger(store, progress=progress) as ledger:
        ledger.index.look_through(within_s=SOUND_S)
        return budget_in(ledger.index, ledger.store, project, month=month, is_fresh=True)


def budget_in(source: RunSource, ledger: str, project: str | None = None, *, month: str = "", is_fresh: bool = False) -> BudgetsMonth:
    """Return what :func:`budget` does, of the runs of a *ledger* that is open."""
    budgets = read_budgets()
    now_s = time.time()
    asked = month_named(month, time_zone=budgets.time_zone, now_s=now_s)
    uses = month_uses(source, asked, now_s=now_s, is_fresh=is_fresh)
    months = months_of(budgets, uses, asked)
    if project is not None:
        months = tuple(each for each in months if project in (each.project, each.budget.project, *each.projects))
    counted = {name for each in months for name in each.projects}
    without = () if project is not None else tuple(sorted(set(uses) - counted))
    return BudgetsMonth(asked, months, without, ledger, now_s, budgets.file)


def set_budget(
    project: str,
    *,
    max_kwh: float | str | None = None,
    max_usd: float | str | None = None,
    max_kgco2e: float | str | None = None,
    month: str = "",
    on_budget: str | None = None,
    shared: bool | None = None,
) -> str:
    """Set the budget of a project, and return the file that states it. What is None stays as it is.

    Args:
        project: Its name, or a pattern as ``vision-*``: each project that matches has it for itself.
        max_kwh: Energy of the facility in a month. [kWh]
        max_usd: Money in a month. [$]
        max_kgco2e: Emissions of electricity and of making the hardware in a month. [kg CO2e]
        month: The only month that it is of, as ``2026-12``; by default every month.
        on_budget: ``warn`` or ``refuse`` a run for which there is no room; a new budget warns.
        shared: Whether the projects that match have it together.

    Raises:
        CarbonError: one of them is not possible, there is no limit, or the file cannot be read or written.
    """
    stated = checked_limits({"max_kwh": max_kwh, "max_usd": max_usd, "max_kgco2e": max_kgco2e})

    def changed(budgets: Budgets) -> Budgets:
        known = budgets.stated(project, month)
        limits = {**({} if known is None else known.limits), **stated}
        policy = on_budget or ("" if known is None else known.on_budget.value)
        is_shared = shared if shared is not None else known is not None and known.is_shared
        return budgets.with_budget(checked_budget(project=project, month=month, on_budget=policy, shared=is_shared, limits=limits))

    return _change(changed, is_new=True)


def remove_budget(project: str, *, month: str = "") -> str:
    """Remove the budget of a project, that of a *month* or of every one, and return the file that stated it.

    Raises:
        CarbonError: there is none, or the file cannot be read or written.
    """
    return _change(lambda budgets: budgets.without(project, month), is_new=False)


def set_time_zone(time_zone: str) -> str:
    """Set where months begin, by the name of a time zone or an offset, and return the file that states it.

    Raises:
        CarbonError: there is no such time zone, or the file cannot be read or written.
    """
    from traincarbon.zones import zone_of

    zone_of(time_zone)
    return _change(lambda budgets: budgets._replace(time_zone=time_zone), is_new=True)


def _change(changed: Callable[[Budgets], Budgets], *, is_new: bool) -> str:
    """Change the file of budgets, one program after another so that no change is lost, and return its name.

    Args:
        changed: Returns the budgets as they are to be.
        is_new: Whether the file need not exist.

    Raises:
        CarbonError: *changed* refuses, or the file cannot be read or written.
    """
    changed(read_budgets(is_new=is_new))  # what is refused makes no folder
    with alone(os.path.dirname(os.path.abspath(budget_file())), hint=HINT):
        budgets = changed(read_budgets(is_new=is_new))
        write_budgets(budgets)
    return budgets.file
