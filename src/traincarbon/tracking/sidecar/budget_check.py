"""Whether the budgets of a run can be metered here, asked before the training starts."""

from traincarbon.meters.coverage import coverage
from traincarbon.tracking.messages import BudgetCheck
from traincarbon.tracking.settings import OUTSIDE, Settings
from traincarbon.tracking.sidecar.first_reading import EarlyReadings
from traincarbon.tracking.value.budget import budget_text

_INSTEAD = "to start all the same and only be warned: --on-budget warn"


def check_budgets(settings: Settings, early: EarlyReadings) -> BudgetCheck:
    """Return why the budgets of energy, money or CO2e cannot be metered: a GPU that is there cannot be read, or nothing can."""
    limits = [budget_text(name, limit) for name, limit in settings.limits.given.items() if name != "hours"]
    what = f"the budget of {' and '.join(limits)} cannot be metered"
    if settings.is_outside:
        return BudgetCheck(f"{what}: {OUTSIDE}", f"start the tracker in the batch script, or in a shell on the first node; {_INSTEAD}")
    found = coverage(only=settings.meters or None, opened=early.meters)
    if found.unread_gpu is not None:
        return BudgetCheck(f"{what}: a GPU is here, but {found.unread_gpu.reason}", f"{found.unread_gpu.hint}; {_INSTEAD}")
    if not found.parts:
        reasons = "; ".join(dict.fromkeys(f"{each.name}: {each.reason}" for each in found.unavailable))
        return BudgetCheck(f"{what}: no meter can be read here ({reasons})", f"carbon doctor says what is needed; {_INSTEAD}")
    return BudgetCheck()
