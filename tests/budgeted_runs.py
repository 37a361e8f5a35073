"""Runs whose amounts and times are known to the second, for tests of budgets."""

from dataclasses import replace

from made_runs import record
from traincarbon.ledger.attempts import Attempt
from traincarbon.ledger.run import timestamp


def interval(median):
    return {"low": median / 2.0, "median": median, "high": median * 2.0}


def ran(run_id, began_s, duration_s, *, project="vision", kwh=None, usd=None, operational=None, embodied=None, **fields):
    """Return a run with one attempt."""
    amounts = {"facility_energy_kwh": kwh, "cost_usd": usd, "operational_kgco2e": operational, "embodied_kgco2e": embodied}
    stated = {name: interval(value) for name, value in amounts.items() if value is not None}
    state = fields.pop("state", "finished")
    made = record(run_id, project=project, started_at=timestamp(began_s), duration_s=duration_s, state=state, **stated, **fields)
    return made if made.attempts else replace(made, attempts=(Attempt(began_s, duration_s, state),))
