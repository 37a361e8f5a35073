"""The check at the start of a run: its project's budgets, within a few seconds or not at all."""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

from traincarbon.budgets.budget import Budget
from traincarbon.budgets.budget_file import read_budgets
from traincarbon.budgets.budget_month import month_for
from traincarbon.budgets.month import Month, month_named
from traincarbon.budgets.month_use import month_uses
from traincarbon.budgets.room import Expected, LimitRoom, Room, room_for
from traincarbon.budgets.run_month import totals_of
from traincarbon.errors import CarbonError
from traincarbon.ledger.ledger_reader import LedgerReader
from traincarbon.ledger.patience import Asked
from traincarbon.ledger.server.address import server_address
from traincarbon.ledger.store import Ledger

SERVER_S, ALL_S = 3.0, 5.0
"""Longest waits for a team's ledger, and for the whole check. [s]"""


class Start(NamedTuple):
    """What the budgets say of a run that is about to start.

    Attributes:
        limits: What each limit of its budgets says; empty where its project has none.
        notes: What could not be asked, and what is not known.
    """

    limits: tuple[LimitRoom, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def refusal(self) -> CarbonError | None:
        """Why the run must not start, None where it may."""
        refusing = [each for each in self.limits if each.refuses]
        if not refusing:
            return None
        month, budget = refusing[0].budget.month, refusing[0].budget.budget
        of_month = f" --month {budget.month}" if budget.month else ""
        return CarbonError(
            "; ".join(each.text for each in refusing),
            hint=f"carbon runs budget shows {month.name}; a higher limit: carbon runs budget {budget.project!r}{of_month} --max-{refusing[0].name} NUMBER",
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to say of a run that starts."""
        said = [each.text for each in self.limits if each.room is not Room.ENOUGH and not each.refuses]
        return (*said, *self.notes)

    def to_dict(self) -> dict[str, object]:
        """Return it fit for JSON."""
        return {"limits": [each.to_dict() for each in self.limits], "notes": list(self.notes)}


def check_start(*, project: str, store: str | None, run_id: str = "", expected: Callable[[], Expected] = Expected, wait_s: float = ALL_S) -> Start:
    """Return what the budgets of a project say of a run that begins now. It never raises, and never waits longer than *wait_s*.

    The month is asked of the team's ledger where there is one, and of the store where that does not answer in three seconds.
    A run counts in the ledger from its first record on: runs that start before that see the month without each other.

    Args:
        project: The project of the run.
        store: The folder of the runs of this machine; None for the default one.
        run_id: The run, which may have earlier sessions.
        expected: Returns what it is expected to take; asked only where there is a budget.
        wait_s: Longest wait. [s]
    """
    asked = Asked(lambda: _checked(project, store, run_id, expected, until_s=time.monotonic() + wait_s))
    try:
        return asked.answer(within_s=wait_s)
    except TimeoutError:
        return Start(notes=(f"the budgets were not checked: the ledger did not answer in {wait_s:g} s",))
    except Exception as error:  # noqa: BLE001  whatever fails here must not hold a training
        return Start(notes=(f"the budgets were not checked: {error}",))


def _checked(project: str, store: str | None, run_id: str, expected: Callable[[], Expected], *, until_s: float) -> Start:
    budgets = read_budgets()
    month = month_named(time_zone=budgets.time_zone)
    found = budgets.of_project(project, month.name)
    if not found:
        return Start()
    run = expected()
    address, note = server_address(), ""
    if address:
        wait_s = min(SERVER_S, max(until_s - time.monotonic(), 0.0))
        try:
            return Asked(lambda: _asked(_team(address), project, run_id, found, month, run)).answer(within_s=wait_s)
        except TimeoutError:
            note = f"the team's ledger did not answer in {wait_s:.2g} s: the month counts the runs of this store alone"
        except CarbonError as error:
            note = f"{error}: the month counts the runs of this store alone"
    start = _asked(Ledger(store), project, run_id, found, month, run)
    return start._replace(notes=(*([note] if note else []), *start.notes))


def _team(address: str) -> LedgerReader:
    from traincarbon.ledger.server.team_ledger import TeamLedger

    return TeamLedger(address)


def _asked(ledger: LedgerReader, project: str, run_id: str, budgets: list[Budget], month: Month, run: Expected) -> Start:
    now_s = time.time()
    with ledger:
        if isinstance(ledger, Ledger) and not os.path.isdir(ledger.store):  # the first run makes it
            uses, earlier = {}, None
        else:
            uses = month_uses(ledger.index, month, now_s=now_s, has_days=False, but=(run_id,))
            earlier = ledger.index.record(run_id) if run_id else None
    if earlier is not None:
        run = run.less(totals_of(earlier), duration_s=earlier.duration_s)
    months = [month_for(budget, project, uses, month) for budget in budgets]
    notes = dict.fromkeys(f"budget of {each.project or 'runs without a project'}: {text}" for each in months for text in each.unknown())
    return Start(room_for(months, run, now_s=now_s), tuple(notes))
