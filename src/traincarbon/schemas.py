"""JSON Schemas of everything that commands print with ``--json`` under a schema name.

``python -m traincarbon.schemas docs/schemas`` writes them.
Names, units and choices come from the quantities and the fields of a plan, so a schema cannot fall behind them.
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping

from traincarbon.budgets.budget import UNITS, StartPolicy
from traincarbon.budgets.room import Room
from traincarbon.disclosure.by_hour import BASES, IntensityFrom
from traincarbon.disclosure.statement import RESULTS
from traincarbon.estimation.calibration import CALIBRATED
from traincarbon.estimation.calibration_effect import CHANGED
from traincarbon.estimation.plan_fields import CHOICES, FIELDS, NUMBERS
from traincarbon.explore.compared_results import MONEY
from traincarbon.explore.plan_changes import Status
from traincarbon.explore.start_times import Expectation
from traincarbon.ledger import site
from traincarbon.ledger.nodes import MISSING
from traincarbon.ledger.packs.resting import Stays
from traincarbon.ledger.process_summary import STATES
from traincarbon.ledger.reported import PROGRESS
from traincarbon.ledger.verification import Seal
from traincarbon.ledger.waste import Waste
from traincarbon.quantities import BUDGETED, COMPARED, ENERGY_PARTS, ESTIMATED, QUANTITIES, RECORDED, SCOPED, EnergySource

Schema = Mapping[str, object]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}
_WHOLE: Schema = {"type": "integer"}
_NUMBER: Schema = {"type": "number"}
_AMOUNT: Schema = {"type": "number", "minimum": 0}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_INTERVAL: Schema = {"$ref": "#/$defs/interval"}
_PLAN: Schema = {"$ref": "#/$defs/plan"}
_RANKS = ("attempt", "node_rank", "nodes", "local_rank", "local_size", "rank", "world_size")
_LAUNCH_TEXTS = ("run_id", "launcher", "starter", "rendezvous")
_AXES = ("hw", "region", "rent", "start")
_PARTS = tuple(part.value for part in ENERGY_PARTS)


def _choice(values: Iterable[str]) -> Schema:
    """Return one of these texts."""
    return {"enum": list(values)}


def _list(items: Schema) -> Schema:
    """Return a list of such items."""
    return {"type": "array", "items": items}


def _map(values: Schema) -> Schema:
    """Return an object with such values under any names."""
    return {"type": "object", "additionalProperties": values}


def _or_null(schema: Schema) -> Schema:
    """Return such a value, or null where it is unknown."""
    return {"anyOf": [schema, {"type": "null"}]}


def _object(properties: Mapping[str, Schema], *, optional: Iterable[str] = ()) -> Schema:
    """Return an object that has these *properties*, all but the *optional* ones required; others may be added in later versions."""
    left_out = set(optional)
    return {"type": "object", "properties": dict(properties), "required": [name for name in properties if name not in left_out]}


def _quantities(names: Iterable[str], *, optional: Iterable[str] = ()) -> Schema:
    """Return an object with an interval, or null where it is unknown, for each quantity."""
    return _object({name: _quantity(name) for name in names}, optional=optional)


def _quantity(name: str) -> Schema:
    """Return an interval of the quantity, or null where it is unknown."""
    quantity = QUANTITIES[name]
    return {**_or_null(_INTERVAL), "description": f"{quantity.label} [{quantity.unit}]" if quantity.unit else quantity.label}


def _field(name: str) -> Schema:
    """Return a field of a plan: a number may be a text, as one with an interval is."""
    field = FIELDS[name]
    kind: Schema = {"type": ["number", "string"]} if name in NUMBERS else _choice(CHOICES[name]) if name in CHOICES else _TEXT
    return {**kind, "description": f"{field.help} [{field.unit}]" if field.unit else field.help}


_DEFINITIONS: Mapping[str, Schema] = {
    "interval": {
        **_object({"low": _NUMBER, "median": _NUMBER, "high": _NUMBER}),
        "description": "A median with the bounds of its interval of confidence; all three are equal where it is exact.",
    },
    "plan": {
        **_object({name: _field(name) for name in FIELDS}, optional=FIELDS),
        "description": "The fields of a plan that were stated; an uncertain number is a text such as 0.3..0.5.",
    },
}

_WHERE: Mapping[str, Schema] = {name: _or_null(_TEXT) for name in _AXES}
_EVIDENCE = _object({**dict.fromkeys(("fact", "claim", "source", "title", "locator", "kind"), _TEXT), "is_basis": _FLAG, "is_verified": _FLAG})
_MONEY = _choice(MONEY)
_SAVING = _object(dict.fromkeys(("low", "median", "high", "share_low", "share", "share_high", "chance"), _or_null(_NUMBER)))
_RATE: Mapping[str, Schema] = {"median": _AMOUNT, "low": _AMOUNT, "high": _AMOUNT, "bursts": _WHOLE, "trend": _NUMBER}
_HOW = _choice([source.value for source in EnergySource])
_ERRORS: Mapping[str, Schema] = {
    "n": _WHOLE,
    **dict.fromkeys(("median_abs_ln", "mean_abs_ln", "p90_abs_ln", "bias_ln", "mape", "coverage_50", "coverage_90"), _or_null(_NUMBER)),
}
_REASONS = _list(_object({"id": _TEXT, "reason": _TEXT}))

_CHANGE = _object({**dict.fromkeys(("low", "median", "high", "chance"), _NUMBER), "share": _or_null(_NUMBER), "is_within_uncertainty": _FLAG})
_CHANGES = _object(dict.fromkeys(COMPARED, _or_null(_CHANGE)))
_START = _object({"start": _TEXT, "intensity_gco2e_per_kwh": _AMOUNT, "kgco2e": _or_null(_AMOUNT), "saving": _NUMBER})
_START_TIMES = _object(
    {
        "expectation": _or_null(_choice([each.value for each in Expectation])),
        **dict.fromkeys(("service", "zone", "basis"), _TEXT),
        "judged_h": _AMOUNT,
        **dict.fromkeys(("now", "worst"), _or_null(_START)),
        "best": _list(_START),
        "notes": _TEXTS,
    }
)
_COMPUTE = _object(
    {
        **dict.fromkeys(("by_architecture_flop", "by_hardware_flop"), _or_null(_INTERVAL)),
        "how": _TEXT,
        **dict.fromkeys(("utilisation", "ratio"), _or_null(_AMOUNT)),
        "agrees": _or_null(_FLAG),
    }
)
_ENERGIES = ("metered_energy_kwh", "it_energy_kwh", "facility_energy_kwh", "kgco2e")
_HOURS: Mapping[str, Schema] = {
    "run_id": _TEXT,
    "basis": _choice(("", *BASES)),
    "services": _TEXTS,
    "hours": _list(
        _object(
            {
                **dict.fromkeys(("hour", "zone"), _TEXT),
                **{name: _AMOUNT if name == "metered_energy_kwh" else _or_null(_AMOUNT) for name in _ENERGIES},
                "intensity_gco2e_per_kwh": _or_null(_AMOUNT),
                "intensity_from": _or_null(_choice([origin.value for origin in IntensityFrom])),
            }
        )
    ),
    "total": _object(dict.fromkeys(_ENERGIES, _or_null(_AMOUNT))),
    "notes": _TEXTS,
}
_STATEMENT = _object(
    {
        "subject": _TEXT,
        "is_estimate": _FLAG,
        "model": _TEXT,
        **dict.fromkeys(("params", "active_params", "tokens"), _or_null(_AMOUNT)),
        "is_fine_tuning": _FLAG,
        **dict.fromkeys(("state", "began", "ended", "hardware", "accelerator"), _TEXT),
        **dict.fromkeys(("accelerators", "nodes"), _or_null(_AMOUNT)),
        "is_rented": _or_null(_FLAG),
        "is_tenure_assumed": _FLAG,
        **dict.fromkeys(("cloud", "base_model", "place", "country"), _TEXT),
        **dict.fromkeys(("pue", "intensity_gco2e_per_kwh"), _or_null(_AMOUNT)),
        "pue_source": _TEXT,
        "basis": _TEXT,
        "compute": _COMPUTE,
        "results": _object(dict.fromkeys(RESULTS, _or_null(_INTERVAL))),
        "shares": _object(dict.fromkeys(("measured", "modelled", "assumed"), _SHARE), optional=("measured", "modelled", "assumed")),
        "level": _SHARE,
        "meters": _TEXTS,
        "attempts": _list(_map({})),
        "missing": _map(_TEXT),
        **dict.fromkeys(("assumptions", "notes"), _TEXTS),
        "versions": _map(_TEXT),
        "market": _list(_object({"mix": _choice(("provider", "residual")), "zone": _TEXT, "year": _WHOLE, "gco2e_per_kwh": _AMOUNT, "source": _TEXT})),
        "by_hour": _or_null(_object({"schema": {"const": "traincarbon/hours/1"}, **_HOURS})),
    }
)
_SEAL = _choice([seal.value for seal in Seal])
_VERIFIED = _object({"file": _TEXT, "seal": _SEAL, "lines": _WHOLE, "digest": _TEXT, "faults": _TEXTS, "notes": _TEXTS})

_ROOM = _object(
    {
        "limits": _list(
            _object(
                {
                    **dict.fromkeys(("project", "month"), _TEXT),
                    "limit": _choice(UNITS),
                    "unit": _choice(UNITS.values()),
                    "on_budget": _choice(StartPolicy),
                    **dict.fromkeys(("amount", "spent", "ahead"), _AMOUNT),
                    "run": _or_null(_AMOUNT),
                    "room": _choice(Room),
                    "refuses": _FLAG,
                }
            )
        ),
        "notes": _TEXTS,
    }
)
_LIMIT_OF_A_MONTH = _object(
    {
        "unit": _choice(UNITS.values()),
        **dict.fromkeys(("limit", "spent", "ahead", "spent_share"), _AMOUNT),
        **dict.fromkeys(("left", "free"), _NUMBER),
        **dict.fromkeys(("unknown_runs", "unknown_ahead_runs"), _WHOLE),
        "left_by_day": _list(_or_null(_NUMBER)),
    }
)
SCHEMAS: Mapping[str, Schema] = {
    "disclosure": _object(
        {
            **dict.fromkeys(("model", "provider", "date"), _TEXT),
            "is_estimate": _FLAG,
            "statements": _list(_STATEMENT),
            "total": _object(dict.fromkeys([*(name for name in RESULTS if name != "duration_s"), "compute_flop"], _or_null(_INTERVAL))),
            "missing": _map(_TEXT),
            "files": _map(_TEXT),
        }
    ),
    "hours": _object(_HOURS),
    "compaction": _object(
        {
            "store": _TEXT,
            "dry_run": _FLAG,
            "months": _list(_object({"month": _TEXT, "runs": _WHOLE, "journals": _WHOLE, "size_b": _WHOLE})),
            "packs": _list(_object({"file": _TEXT, "journals": _WHOLE, "size_b": _WHOLE})),
            **dict.fromkeys(("resting_b", "removed", "removed_b", "packed_b"), _WHOLE),
            "left": _list(_object({"journal": _TEXT, "reason": _choice(reason.value for reason in Stays), "detail": _TEXT})),
            "duration_s": _AMOUNT,
        }
    ),
    "verification": _object(
        {
            "runs": _list(_object({"run_id": _TEXT, "seal": _SEAL, "digest": _TEXT, "journals": _list(_VERIFIED)})),
            "audits": _list(
                _object(
                    {
                        **dict.fromkeys(("run_id", "digest"), _TEXT),
                        "passed": _FLAG,
                        "checks": _list(_object({"what": _TEXT, "passed": _or_null(_FLAG), "details": _TEXTS})),
                    }
                )
            ),
        }
    ),
    "estimate": _object(
        {
            "plan": _PLAN,
            "level": _SHARE,
            "results": _quantities(
                [name for name in QUANTITIES if name in ESTIMATED or name in SCOPED or name == "operational_market_kgco2e"],
                optional=["operational_market_kgco2e"],
            ),
            "flop_counts": _or_null(_object({"how": {"enum": ["6nd", "exact", "stated", "per_sample"]}, "parts": _map(_AMOUNT)})),
            "spread_shares": _map(_map(_SHARE)),
            "steps": _list(
                _object({"name": _TEXT, "formula": _TEXT, "inputs": _map({}), "value": {"type": ["number", "string"]}, "unit": _TEXT, "source": _TEXT})
            ),
            "hardware_count": _object({"stated": _or_null(_AMOUNT), "used": _or_null(_AMOUNT), "fits": _FLAG}),
            "support": _object({"published_runs": _WHOLE, "level": _choice(("good", "some", "none")), "of_generation": _WHOLE, "of_family": _WHOLE}),
            "ownership_usd": _map(_AMOUNT),
            "prices": _list(_object({"usd_per_h": _AMOUNT, **dict.fromkeys(("provider", "purchase", "date", "kind", "server", "region", "source"), _TEXT)})),
            "start_times": _START_TIMES,
            "budget": _ROOM,
            "calibration": _or_null(
                _object(
                    {
                        "name": _TEXT,
                        "made_of": _TEXT,
                        "is_automatic": _FLAG,
                        "factors": _object(dict.fromkeys(CALIBRATED, _INTERVAL), optional=CALIBRATED),
                        "without": _quantities(CHANGED),
                    }
                )
            ),
            "own_runs": _or_null(
                _object(
                    {
                        "runs": _TEXTS,
                        "others": _WHOLE,
                        "calibration": _or_null(_TEXT),
                        "why_unused": _TEXT,
                        "command": _TEXT,
                        "with": _or_null(_quantities(CHANGED)),
                        "without": _quantities(CHANGED),
                    }
                )
            ),
            "layout": _or_null(
                _object(
                    {
                        **dict.fromkeys(("tp", "pp", "dp", "cp", "ep", "interleave", "micro_batch", "sequences"), _AMOUNT),
                        **dict.fromkeys(("step_mfu", "step_calibration"), _AMOUNT),
                        **dict.fromkeys(("sharding", "recompute", "limited_by"), _TEXT),
                        "run_step_s": _or_null(_AMOUNT),
                        "step_s": _map(_AMOUNT),
                        "memory_b": _map(_AMOUNT),
                    }
                )
            ),
            "assumptions": _list(_object({"name": _TEXT, "value": {"type": ["number", "string"]}, "reason": _TEXT})),
            "warnings": _TEXTS,
        },
        optional=["start_times", "budget"],
    ),
    "comparison": _object(
        {
            "money": _MONEY,
            "level": _SHARE,
            "options": _list(
                _object(
                    {
                        "plan": _TEXT,
                        **_WHERE,
                        "hardware": _TEXT,
                        "place": _TEXT,
                        "figures": _quantities(COMPARED),
                        "marks": _list(_choice(("cheapest", "fastest", "cleanest"))),
                        "is_pareto": _FLAG,
                        "warnings": _TEXTS,
                        "fields": _PLAN,
                    }
                )
            ),
            "set_aside": _list(_object({"plan": _TEXT, **_WHERE, "reason": _TEXT})),
        }
    ),
    "sweep": _object(
        {
            "file": _TEXT,
            "joined": {**_or_null(_TEXT), "description": "The file in which the parts of all shards were joined; null where some are missing."},
            "plans": _WHOLE,
            "rows": {**_list(_WHOLE), "description": "The first of these plans in the grid, and the one after the last."},
            "kept": {**_WHOLE, "description": "Plans in the file."},
            "computed": _WHOLE,
            "reused": {**_WHOLE, "description": "Plans that were there from an earlier start."},
            "set_aside": {**_map(_WHOLE), "description": "Why plans cannot be estimated, with how many each."},
            "duration_s": _AMOUNT,
            "plans_per_s": _or_null(_AMOUNT),
            "provenance": _object(
                {
                    "schema": _TEXT,
                    "version": _TEXT,
                    "facts_sha256": _TEXT,
                    "sweep_sha256": {**_TEXT, "description": "Files of one sweep have the same."},
                    "grid": {"type": "object", "description": "The fields of the plans: a value, a list or a range each."},
                    "plans": _WHOLE,
                    "intervals": _FLAG,
                    "level": _SHARE,
                    "layouts": _FLAG,
                    "kept": _choice(("all", "pareto")),
                    "objectives": _TEXTS,
                    "units": _map(_TEXT),
                }
            ),
        }
    ),
    "diff": _object(
        {
            "base": _TEXT,
            "head": _TEXT,
            "level": _SHARE,
            "plans": _list(
                _object(
                    {
                        "plan": _TEXT,
                        "status": _choice([status.value for status in Status]),
                        "fields": {
                            "type": "object",
                            "description": "The fields of the plan that changed: the value before and after, null where none was stated.",
                        },
                        "before": _or_null(_quantities(COMPARED)),
                        "after": _or_null(_quantities(COMPARED)),
                        "changes": _CHANGES,
                        "reason": _TEXT,
                    }
                )
            ),
            "total": _CHANGES,
            "limits": _list(_object({"limit": _TEXT, "quantity": _choice(tuple(BUDGETED.values())), "is_kept": _or_null(_FLAG)})),
        }
    ),
    "advice": _object(
        {
            "plan": _PLAN,
            "by": _TEXT,
            "money": _MONEY,
            "level": _SHARE,
            "figures": _quantities(COMPARED),
            "lifetime": _or_null(_quantities(COMPARED)),
            "loss": _or_null(_INTERVAL),
            "alternatives": _list(
                _object(
                    {
                        **dict.fromkeys(("id", "group", "name"), _TEXT),
                        "savings": _map(_or_null(_SAVING)),
                        "figures": _quantities(COMPARED),
                        "cash_usd": _or_null(_NUMBER),
                        "is_much_cash": {"type": "boolean"},
                        **dict.fromkeys(("lost", "effort", "not_when", "how"), _TEXT),
                        "evidence": _list(_EVIDENCE),
                        "plan": _or_null(_PLAN),
                    }
                )
            ),
            "ranking": _TEXTS,
            "not_offered": _list(_object({"id": _TEXT, "name": _TEXT, "reason": _TEXT})),
            "notes": _TEXTS,
        }
    ),
    "optimum": _object(
        {
            "question": _choice(("lowest loss", "target loss")),
            "target_loss": _or_null(_NUMBER),
            "bounds": _map(_AMOUNT),
            "sure": _SHARE,
            "money": _MONEY,
            "level": _SHARE,
            "law": _EVIDENCE,
            "ways": _list(
                _object(
                    {
                        **_WHERE,
                        "hardware": _TEXT,
                        "params": _AMOUNT,
                        "tokens": _AMOUNT,
                        "compute_flop": _AMOUNT,
                        "loss": _INTERVAL,
                        "figures": _quantities(COMPARED),
                        "binding": _or_null(_TEXT),
                        "over": _map(_NUMBER),
                        "marks": _TEXTS,
                        "notes": _TEXTS,
                        "fields": _PLAN,
                    }
                )
            ),
            "frontier": _list(_object({"params": _AMOUNT, "tokens": _AMOUNT, "loss": _INTERVAL, "figures": _quantities(COMPARED)})),
            "set_aside": _list(_object({**_WHERE, "reason": _TEXT})),
        }
    ),
    "validation": _object(
        {
            "runs": _TEXT,
            "sets": _list(_object({"set": _TEXT, "quantity": _TEXT, "fitted_on": _FLAG, **_ERRORS, "baselines": _map(_object(_ERRORS))})),
            "families": _list(_object({"set": _TEXT, "quantity": _TEXT, "fitted_on": _FLAG, **_ERRORS, "baselines": _map(_object(_ERRORS))})),
            "generations": _list(_object({"set": _TEXT, "quantity": _TEXT, "fitted_on": _FLAG, **_ERRORS, "baselines": _map(_object(_ERRORS))})),
            "power": _list(_object({"set": _TEXT, "quantity": _TEXT, "fitted_on": _FLAG, **_ERRORS, "baselines": _map(_object(_ERRORS))})),
            "targets": _list(
                _object(
                    {"rows": _TEXT, "n": _WHOLE, "measure": _TEXT, "least": _or_null(_NUMBER), "most": _or_null(_NUMBER), "reached": _NUMBER, "is_met": _FLAG}
                )
            ),
            "rows": _list(_object({"id": _TEXT, "set": _TEXT, "quantity": _TEXT, "published": _NUMBER, "low": _NUMBER, "median": _NUMBER, "high": _NUMBER})),
            "set_aside": _REASONS,
        }
    ),
    "budgets": _object(
        {
            **dict.fromkeys(("month", "time_zone", "begins_at", "ends_at", "asked_at", "ledger", "file"), _TEXT),
            "budgets": _list(
                _object(
                    {
                        **dict.fromkeys(("project", "pattern"), _TEXT),
                        "projects": _TEXTS,
                        **dict.fromkeys(("shared", "every_month"), _FLAG),
                        "on_budget": _choice(StartPolicy),
                        **dict.fromkeys(("runs", "running", "shared_runs"), _WHOLE),
                        "limits": _object(dict.fromkeys(UNITS, _LIMIT_OF_A_MONTH), optional=UNITS),
                        "notes": _TEXTS,
                    }
                )
            ),
            "without_budget": _TEXTS,
        }
    ),
    "run": _object(
        {
            "run_id": _TEXT,
            "project": _TEXT,
            "argv": _TEXTS,
            "exit_code": _or_null(_WHOLE),
            "state": _choice(STATES),
            "started_at": _TEXT,
            "duration_s": _AMOUNT,
            "nodes": _WHOLE,
            "nodes_expected": _or_null(_WHOLE),
            "hosts": _TEXTS,
            "accelerators": _or_null(_WHOLE),
            "hw": _TEXT,
            "energy_j": _object(dict.fromkeys(_PARTS, _or_null(_AMOUNT))),
            "how": _object(dict.fromkeys(_PARTS, _HOW), optional=_PARTS),
            "missing": _object(dict.fromkeys((*_PARTS, MISSING), _TEXT), optional=(*_PARTS, MISSING)),
            "gaps_s": _AMOUNT,
            "samples": _WHOLE,
            **{name: _quantity(name) for name in RECORDED},
            "tokens": _or_null(_AMOUNT),
            "params": _or_null(_AMOUNT),
            "mfu": _or_null(_AMOUNT),
            "progress": _or_null(_object(dict.fromkeys(PROGRESS, _NUMBER), optional=PROGRESS)),
            "forecast": _or_null(_map({})),
            "plan": _or_null(_PLAN),
            "versions": _map(_TEXT),
            "launcher": _or_null(_object({"name": _TEXT, "starter": _TEXT, "run_id_from": _TEXTS, "attempt": _or_null(_WHOLE)})),
            "site": _or_null(_object({**dict.fromkeys(site.TEXTS, _TEXT), **dict.fromkeys(site.AMOUNTS, _or_null(_AMOUNT))})),
            "shared_with": _TEXTS,
            **dict.fromkeys(("source", "counted_in", "energy_covers"), _TEXT),
            "billed": _or_null(
                _object(
                    {
                        **dict.fromkeys(("usd", "by_tag_usd", "by_resource_usd"), _NUMBER),
                        "charges": _WHOLE,
                        **dict.fromkeys(("first_day", "last_day"), _TEXT),
                    }
                )
            ),
            "second_opinions": _list(_object({**dict.fromkeys(("run_id", "source"), _TEXT), "energy_j": _AMOUNT, "difference": _or_null(_NUMBER)})),
            "notes": _TEXTS,
            "phases": _list(_object({"name": _TEXT, "duration_s": _AMOUNT, **dict.fromkeys(("energy_j", "tokens"), _or_null(_AMOUNT))})),
            "attempts": _list(
                _object(
                    {
                        "began": _TEXT,
                        "ended": _or_null(_TEXT),
                        "duration_s": _AMOUNT,
                        "state": _choice(STATES),
                        **dict.fromkeys(("energy_j", "steps", "start_steps"), _or_null(_AMOUNT)),
                    }
                )
            ),
            "hours": _list(_object({"hour": _TEXT, "zone": _TEXT, "it_energy_kwh": _or_null(_AMOUNT), "metered_energy_kwh": _AMOUNT})),
            "warm_up": _or_null(_object({"duration_s": _AMOUNT, "done": _SHARE, "steady_s": _AMOUNT})),
            "waste": _object({**dict.fromkeys(Waste._fields, _or_null(_AMOUNT)), "idle_gpus": _or_null(_WHOLE), "interrupted_s": _AMOUNT}),
            "devices": _list(
                _object(
                    {
                        **dict.fromkeys(("id", "name", "host"), _TEXT),
                        "node": _WHOLE,
                        "part": _TEXT,
                        "how": _HOW,
                        "energy_j": _or_null(_AMOUNT),
                        **{name: _or_null(_NUMBER) for name in ("power_max_w", "utilisation", "temperature_max_c")},
                        "metered_s": _AMOUNT,
                        "gaps_s": _AMOUNT,
                        **dict.fromkeys(("idle_s", "idle_j"), _or_null(_AMOUNT)),
                    },
                    optional=("idle_s", "idle_j"),
                )
            ),
        }
    ),
    "calibration": _object(
        {
            **dict.fromkeys(("name", "made", "version"), _TEXT),
            "automatic": _FLAG,
            "why": _TEXT,
            "runs": _WHOLE,
            "used": _TEXTS,
            "set_aside": _REASONS,
            "errors": _map(_map(_NUMBER)),
            "effects": _list(_map({"type": ["number", "string"]})),
            "meters": _list(_map({"type": ["number", "string"]})),
            "notes": _TEXTS,
            "software": _map(_TEXT),
            "rents": _list(_map({"type": ["number", "string"]})),
            "verdicts": _list(_object({"quantity": _TEXT, "automatic": _FLAG, "why": _TEXT})),
            "folder": _TEXT,
            "file": _or_null(_TEXT),
            "rows": _list(_object({"id": _TEXT, **dict.fromkeys(("measured_h", "before_h", "after_h", "left_out_h"), _AMOUNT)})),
        },
        optional=("file", "rows"),
    ),
    "bench": _object(
        {
            "started_at": _TEXT,
            "duration_s": _AMOUNT,
            "library": _TEXT,
            "processor": _TEXT,
            "threads": _WHOLE,
            "busy_threads": _AMOUNT,
            "memory_b": _AMOUNT,
            "gemm_flop_per_s": _map(_object({"size": _WHOLE, **_RATE})),
            "bandwidth_b_per_s": _object(_RATE),
            "versions": _map(_TEXT),
            **dict.fromkeys(("idle", "loaded"), _list(_object({"part": _TEXT, "power_w": _AMOUNT, "how": _HOW, "sigma_ln": _AMOUNT, "devices": _WHOLE}))),
            **dict.fromkeys(("accelerators", "unmetered", "notes"), _TEXTS),
            "written": _object({"name": _TEXT, "folder": _TEXT, "files": _TEXTS, "dry_run": _FLAG}),
        }
    ),
    "doctor": _object(
        {
            "meters": _list(
                _object(
                    {
                        "name": _TEXT,
                        "in_use": _FLAG,
                        "devices": _list(
                            _object(
                                {
                                    "name": _or_null(_TEXT),
                                    "device": _TEXT,
                                    "part": _TEXT,
                                    "energy_j": _AMOUNT,
                                    "time_s": _NUMBER,
                                    "how": _HOW,
                                    **dict.fromkeys(("power_w", "utilisation", "temperature_c", "clock_hz", "memory_used_b"), _or_null(_NUMBER)),
                                    "sigma_ln": _AMOUNT,
                                    "counter_j": _or_null(_AMOUNT),
                                    "gap_s": _AMOUNT,
                                }
                            )
                        ),
                        "notes": _TEXTS,
                    }
                )
            ),
            "missing": _list(_object({"name": _TEXT, "reason": _TEXT, "hint": _TEXT, **dict.fromkeys(("is_there", "may_answer_later"), _FLAG)})),
            "sinks": _list(_object({**dict.fromkeys(("name", "title", "install"), _TEXT), "is_installed": _FLAG, "version": _or_null(_TEXT)})),
            "launch": _object({**dict.fromkeys(_LAUNCH_TEXTS, _TEXT), "run_id_from": _TEXTS, **dict.fromkeys(_RANKS, _or_null(_WHOLE)), "found": _map(_TEXTS)}),
            "store": _object(
                {"folder": _or_null(_TEXT), "writable": _FLAG, "free_b": _or_null(_AMOUNT), "problem": _TEXT, "open_to_others": _FLAG, "unsaved": _map(_WHOLE)}
            ),
            "journals": _or_null(
                _object({"size_b": _WHOLE, "journals": _WHOLE, "packs": _WHOLE, "above_b": _or_null(_WHOLE), "problem": _TEXT, "is_due": _FLAG})
            ),
            "ledger": _or_null(_object({"server": _TEXT, "unsent": _or_null(_WHOLE), "problem": _TEXT})),
            "limits": _object({"host_threads": _or_null(_WHOLE), "threads": _or_null(_AMOUNT), "memory_b": _or_null(_AMOUNT)}),
            "clock": _object({"source": _or_null(_TEXT), "resolution_s": _AMOUNT}),
            "plugins": _TEXTS,
            "facts": _TEXT,
            "versions": _map(_TEXT),
        }
    ),
}
"""The schema of each kind of result, without its name and the definitions that it shares with others."""


def schema(kind: str) -> dict[str, object]:
    """Return the JSON Schema of ``traincarbon/KIND/1``.

    Example:
        >>> schema("run")["title"]
        'traincarbon/run/1'
    """
    title = f"traincarbon/{kind}/1"
    body = SCHEMAS[kind]
    properties, required = body["properties"], body["required"]
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    text = json.dumps(body)
    used = {name: definition for name, definition in _DEFINITIONS.items() if f'"#/$defs/{name}"' in text}
    return {
        "$schema": _DIALECT,
        "title": title,
        "type": "object",
        "properties": {"schema": {"const": title}, **properties},
        "required": ["schema", *required],
        **({"$defs": used} if used else {}),
    }


def write(folder: str) -> None:
    """Write the schema of each kind to a file in *folder*."""
    os.makedirs(folder, exist_ok=True)
    for kind in SCHEMAS:
        with open(os.path.join(folder, f"{kind}.json"), "w", encoding="utf-8", newline="\n") as stream:
            stream.write(json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    write(sys.argv[1] if len(sys.argv) > 1 else os.path.join("docs", "schemas"))
