"""The schemas of answers about plans: an estimate, comparisons, advice, sweeps, and how good estimates are."""

from collections.abc import Mapping

from traincarbon.budgets.budget import UNITS, StartPolicy
from traincarbon.budgets.room import Room
from traincarbon.estimation.calibration import CALIBRATED
from traincarbon.estimation.calibration_effect import CHANGED
from traincarbon.explore.compared_results import MONEY
from traincarbon.explore.plan_changes import Status
from traincarbon.explore.start_times import Expectation
from traincarbon.quantities import BUDGETED, COMPARED, ESTIMATED, QUANTITIES, SCOPED
from traincarbon.schemas.parts import (
    AMOUNT,
    FLAG,
    INTERVAL,
    NUMBER,
    PLAN,
    REASONS,
    SHARE,
    TEXT,
    TEXTS,
    WHOLE,
    Schema,
    choice_of,
    list_of,
    map_of,
    object_of,
    or_null,
    quantities_of,
)

_AXES = ("hw", "region", "rent", "start")
_WHERE: Mapping[str, Schema] = {name: or_null(TEXT) for name in _AXES}
_EVIDENCE = object_of({**dict.fromkeys(("fact", "claim", "source", "title", "locator", "kind"), TEXT), "is_basis": FLAG, "is_verified": FLAG})
_MONEY = choice_of(MONEY)
_SAVING = object_of(dict.fromkeys(("low", "median", "high", "share_low", "share", "share_high", "chance"), or_null(NUMBER)))
_ERRORS: Mapping[str, Schema] = {
    "n": WHOLE,
    **dict.fromkeys(("median_abs_ln", "mean_abs_ln", "p90_abs_ln", "bias_ln", "mape", "coverage_50", "coverage_90"), or_null(NUMBER)),
}
_CHANGE = object_of({**dict.fromkeys(("low", "median", "high", "chance"), NUMBER), "share": or_null(NUMBER), "is_within_uncertainty": FLAG})
_CHANGES = object_of(dict.fromkeys(COMPARED, or_null(_CHANGE)))
_START = object_of({"start": TEXT, "intensity_gco2e_per_kwh": AMOUNT, "kgco2e": or_null(AMOUNT), "saving": NUMBER})
_START_TIMES = object_of(
    {
        "expectation": or_null(choice_of([each.value for each in Expectation])),
        **dict.fromkeys(("service", "zone", "basis"), TEXT),
        "judged_h": AMOUNT,
        **dict.fromkeys(("now", "worst"), or_null(_START)),
        "best": list_of(_START),
        "notes": TEXTS,
    }
)
_ROOM = object_of(
    {
        "limits": list_of(
            object_of(
                {
                    **dict.fromkeys(("project", "month"), TEXT),
                    "limit": choice_of(UNITS),
                    "unit": choice_of(UNITS.values()),
                    "on_budget": choice_of(StartPolicy),
                    **dict.fromkeys(("amount", "spent", "ahead"), AMOUNT),
                    "run": or_null(AMOUNT),
                    "room": choice_of(Room),
                    "refuses": FLAG,
                }
            )
        ),
        "notes": TEXTS,
    }
)

OF_PLANS: Mapping[str, Schema] = {
    "estimate": object_of(
        {
            "plan": PLAN,
            "level": SHARE,
            "results": quantities_of(
                [name for name in QUANTITIES if name in ESTIMATED or name in SCOPED or name == "operational_market_kgco2e"],
                optional=["operational_market_kgco2e"],
            ),
            "flop_counts": or_null(object_of({"how": {"enum": ["6nd", "exact", "usual_shape", "stated", "per_sample"]}, "parts": map_of(AMOUNT)})),
            "spread_shares": map_of(map_of(SHARE)),
            "steps": list_of(
                object_of({"name": TEXT, "formula": TEXT, "inputs": map_of({}), "value": {"type": ["number", "string"]}, "unit": TEXT, "source": TEXT})
            ),
            "hardware_count": object_of({"stated": or_null(AMOUNT), "used": or_null(AMOUNT), "fits": FLAG}),
            "support": object_of({"published_runs": WHOLE, "level": choice_of(("good", "some", "none")), "of_generation": WHOLE, "of_family": WHOLE}),
            "ownership_usd": map_of(AMOUNT),
            "prices": list_of(object_of({"usd_per_h": AMOUNT, **dict.fromkeys(("provider", "purchase", "date", "kind", "server", "region", "source"), TEXT)})),
            "start_times": _START_TIMES,
            "budget": _ROOM,
            "calibration": or_null(
                object_of(
                    {
                        "name": TEXT,
                        "made_of": TEXT,
                        "is_automatic": FLAG,
                        "factors": object_of(dict.fromkeys(CALIBRATED, INTERVAL), optional=CALIBRATED),
                        "without": quantities_of(CHANGED),
                    }
                )
            ),
            "own_runs": or_null(
                object_of(
                    {
                        "runs": TEXTS,
                        "others": WHOLE,
                        "calibration": or_null(TEXT),
                        "why_unused": TEXT,
                        "command": TEXT,
                        "with": or_null(quantities_of(CHANGED)),
                        "without": quantities_of(CHANGED),
                    }
                )
            ),
            "layout": or_null(
                object_of(
                    {
                        **dict.fromkeys(("tp", "pp", "dp", "cp", "ep", "interleave", "micro_batch", "sequences"), AMOUNT),
                        **dict.fromkeys(("step_mfu", "step_calibration"), AMOUNT),
                        **dict.fromkeys(("sharding", "recompute", "limited_by"), TEXT),
                        "run_step_s": or_null(AMOUNT),
                        "step_s": map_of(AMOUNT),
                        "memory_b": map_of(AMOUNT),
                    }
                )
            ),
            "assumptions": list_of(object_of({"name": TEXT, "value": {"type": ["number", "string"]}, "reason": TEXT})),
            "warnings": TEXTS,
        },
        optional=["start_times", "budget"],
    ),
    "comparison": object_of(
        {
            "money": _MONEY,
            "level": SHARE,
            "options": list_of(
                object_of(
                    {
                        "plan": TEXT,
                        **_WHERE,
                        "hardware": TEXT,
                        "place": TEXT,
                        "figures": quantities_of(COMPARED),
                        "marks": list_of(choice_of(("cheapest", "fastest", "cleanest"))),
                        "is_pareto": FLAG,
                        "warnings": TEXTS,
                        "fields": PLAN,
                    }
                )
            ),
            "set_aside": list_of(object_of({"plan": TEXT, **_WHERE, "reason": TEXT})),
        }
    ),
    "sweep": object_of(
        {
            "file": TEXT,
            "joined": {**or_null(TEXT), "description": "The file in which the parts of all shards were joined; null where some are missing."},
            "plans": WHOLE,
            "rows": {**list_of(WHOLE), "description": "The first of these plans in the grid, and the one after the last."},
            "kept": {**WHOLE, "description": "Plans in the file."},
            "computed": WHOLE,
            "reused": {**WHOLE, "description": "Plans that were there from an earlier start."},
            "set_aside": {**map_of(WHOLE), "description": "Why plans cannot be estimated, with how many each."},
            "duration_s": AMOUNT,
            "plans_per_s": or_null(AMOUNT),
            "provenance": object_of(
                {
                    "schema": TEXT,
                    "version": TEXT,
                    "facts_sha256": TEXT,
                    "sweep_sha256": {**TEXT, "description": "Files of one sweep have the same."},
                    "grid": {"type": "object", "description": "The fields of the plans: a value, a list or a range each."},
                    "plans": WHOLE,
                    "intervals": FLAG,
                    "level": SHARE,
                    "layouts": FLAG,
                    "kept": choice_of(("all", "pareto")),
                    "objectives": TEXTS,
                    "units": map_of(TEXT),
                }
            ),
        }
    ),
    "diff": object_of(
        {
            "base": TEXT,
            "head": TEXT,
            "level": SHARE,
            "plans": list_of(
                object_of(
                    {
                        "plan": TEXT,
                        "status": choice_of([status.value for status in Status]),
                        "fields": {
                            "type": "object",
                            "description": "The fields of the plan that changed: the value before and after, null where none was stated.",
                        },
                        "before": or_null(quantities_of(COMPARED)),
                        "after": or_null(quantities_of(COMPARED)),
                        "changes": _CHANGES,
                        "reason": TEXT,
                    }
                )
            ),
            "total": _CHANGES,
            "limits": list_of(object_of({"limit": TEXT, "quantity": choice_of(tuple(BUDGETED.values())), "is_kept": or_null(FLAG)})),
        }
    ),
    "advice": object_of(
        {
            "plan": PLAN,
            "by": TEXT,
            "money": _MONEY,
            "level": SHARE,
            "figures": quantities_of(COMPARED),
            "lifetime": or_null(quantities_of(COMPARED)),
            "loss": or_null(INTERVAL),
            "alternatives": list_of(
                object_of(
                    {
                        **dict.fromkeys(("id", "group", "name"), TEXT),
                        "savings": map_of(or_null(_SAVING)),
                        "figures": quantities_of(COMPARED),
                        "cash_usd": or_null(NUMBER),
                        "is_much_cash": {"type": "boolean"},
                        **dict.fromkeys(("lost", "effort", "not_when", "how"), TEXT),
                        "evidence": list_of(_EVIDENCE),
                        "plan": or_null(PLAN),
                    }
                )
            ),
            "ranking": TEXTS,
            "not_offered": list_of(object_of({"id": TEXT, "name": TEXT, "reason": TEXT})),
            "notes": TEXTS,
        }
    ),
    "optimum": object_of(
        {
            "question": choice_of(("lowest loss", "target loss")),
            "target_loss": or_null(NUMBER),
            "bounds": map_of(AMOUNT),
            "sure": SHARE,
            "money": _MONEY,
            "level": SHARE,
            "law": _EVIDENCE,
            "ways": list_of(
                object_of(
                    {
                        **_WHERE,
                        "hardware": TEXT,
                        "params": AMOUNT,
                        "tokens": AMOUNT,
                        "compute_flop": AMOUNT,
                        "loss": INTERVAL,
                        "figures": quantities_of(COMPARED),
                        "binding": or_null(TEXT),
                        "over": map_of(NUMBER),
                        "marks": TEXTS,
                        "notes": TEXTS,
                        "fields": PLAN,
                    }
                )
            ),
            "frontier": list_of(object_of({"params": AMOUNT, "tokens": AMOUNT, "loss": INTERVAL, "figures": quantities_of(COMPARED)})),
            "set_aside": list_of(object_of({**_WHERE, "reason": TEXT})),
        }
    ),
    "validation": object_of(
        {
            "runs": TEXT,
            "sets": list_of(object_of({"set": TEXT, "quantity": TEXT, "fitted_on": FLAG, **_ERRORS, "baselines": map_of(object_of(_ERRORS))})),
            "families": list_of(object_of({"set": TEXT, "quantity": TEXT, "fitted_on": FLAG, **_ERRORS, "baselines": map_of(object_of(_ERRORS))})),
            "generations": list_of(object_of({"set": TEXT, "quantity": TEXT, "fitted_on": FLAG, **_ERRORS, "baselines": map_of(object_of(_ERRORS))})),
            "power": list_of(object_of({"set": TEXT, "quantity": TEXT, "fitted_on": FLAG, **_ERRORS, "baselines": map_of(object_of(_ERRORS))})),
            "targets": list_of(
                object_of({"rows": TEXT, "n": WHOLE, "measure": TEXT, "least": or_null(NUMBER), "most": or_null(NUMBER), "reached": NUMBER, "is_met": FLAG})
            ),
            "rows": list_of(object_of({"id": TEXT, "set": TEXT, "quantity": TEXT, "published": NUMBER, "low": NUMBER, "median": NUMBER, "high": NUMBER})),
            "set_aside": REASONS,
        }
    ),
}
"""The schema of each kind of result about plans, without its name and the definitions that it shares with others."""
