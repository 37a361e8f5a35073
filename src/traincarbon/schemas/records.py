"""The schemas of answers about runs and machines: records, calibrations, budgets, benches."""

from collections.abc import Mapping

from traincarbon.budgets.budget import UNITS, StartPolicy
from traincarbon.ledger import site
from traincarbon.ledger.nodes import MISSING
from traincarbon.ledger.packs.resting import Stays
from traincarbon.ledger.process_summary import STATES
from traincarbon.ledger.reported import PROGRESS
from traincarbon.ledger.waste import Waste
from traincarbon.quantities import ENERGY_PARTS, RECORDED, EnergySource
from traincarbon.schemas.parts import (
    AMOUNT,
    FLAG,
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
    quantity_of,
)

_RANKS = ("attempt", "node_rank", "nodes", "local_rank", "local_size", "rank", "world_size")
_LAUNCH_TEXTS = ("run_id", "launcher", "starter", "rendezvous")
_PARTS = tuple(part.value for part in ENERGY_PARTS)
_RATE: Mapping[str, Schema] = {"median": AMOUNT, "low": AMOUNT, "high": AMOUNT, "bursts": WHOLE, "trend": NUMBER}
_HOW = choice_of([source.value for source in EnergySource])
_LIMIT_OF_A_MONTH = object_of(
    {
        "unit": choice_of(UNITS.values()),
        **dict.fromkeys(("limit", "spent", "ahead", "spent_share"), AMOUNT),
        **dict.fromkeys(("left", "free"), NUMBER),
        **dict.fromkeys(("unknown_runs", "unknown_ahead_runs"), WHOLE),
        "left_by_day": list_of(or_null(NUMBER)),
    }
)

OF_RECORDS: Mapping[str, Schema] = {
    "compaction": object_of(
        {
            "store": TEXT,
            "dry_run": FLAG,
            "months": list_of(object_of({"month": TEXT, "runs": WHOLE, "journals": WHOLE, "size_b": WHOLE})),
            "packs": list_of(object_of({"file": TEXT, "journals": WHOLE, "size_b": WHOLE})),
            **dict.fromkeys(("resting_b", "removed", "removed_b", "packed_b"), WHOLE),
            "left": list_of(object_of({"journal": TEXT, "reason": choice_of(reason.value for reason in Stays), "detail": TEXT})),
            "joined": object_of(dict.fromkeys(("journals", "files", "size_b"), WHOLE)),
            "duration_s": AMOUNT,
        }
    ),
    "budgets": object_of(
        {
            **dict.fromkeys(("month", "time_zone", "begins_at", "ends_at", "asked_at", "ledger", "file"), TEXT),
            "budgets": list_of(
                object_of(
                    {
                        **dict.fromkeys(("project", "pattern"), TEXT),
                        "projects": TEXTS,
                        **dict.fromkeys(("shared", "every_month"), FLAG),
                        "on_budget": choice_of(StartPolicy),
                        **dict.fromkeys(("runs", "running", "shared_runs"), WHOLE),
                        "limits": object_of(dict.fromkeys(UNITS, _LIMIT_OF_A_MONTH), optional=UNITS),
                        "notes": TEXTS,
                    }
                )
            ),
            "without_budget": TEXTS,
        }
    ),
    "run": object_of(
        {
            "run_id": TEXT,
            "project": TEXT,
            "argv": TEXTS,
            "exit_code": or_null(WHOLE),
            "state": choice_of(STATES),
            "started_at": TEXT,
            "duration_s": AMOUNT,
            "nodes": WHOLE,
            "nodes_expected": or_null(WHOLE),
            "hosts": TEXTS,
            "accelerators": or_null(WHOLE),
            "hw": TEXT,
            "energy_j": object_of(dict.fromkeys(_PARTS, or_null(AMOUNT))),
            "how": object_of(dict.fromkeys(_PARTS, _HOW), optional=_PARTS),
            "missing": object_of(dict.fromkeys((*_PARTS, MISSING), TEXT), optional=(*_PARTS, MISSING)),
            "gaps_s": AMOUNT,
            "samples": WHOLE,
            **{name: quantity_of(name) for name in RECORDED},
            "tokens": or_null(AMOUNT),
            "params": or_null(AMOUNT),
            "mfu": or_null(AMOUNT),
            "progress": or_null(object_of(dict.fromkeys(PROGRESS, NUMBER), optional=PROGRESS)),
            "forecast": or_null(map_of({})),
            "plan": or_null(PLAN),
            "versions": map_of(TEXT),
            "launcher": or_null(object_of({"name": TEXT, "starter": TEXT, "run_id_from": TEXTS, "attempt": or_null(WHOLE)})),
            "site": or_null(object_of({**dict.fromkeys(site.TEXTS, TEXT), **dict.fromkeys(site.AMOUNTS, or_null(AMOUNT))})),
            "shared_with": TEXTS,
            **dict.fromkeys(("source", "counted_in", "energy_covers"), TEXT),
            "billed": or_null(
                object_of(
                    {
                        **dict.fromkeys(("usd", "by_tag_usd", "by_resource_usd"), NUMBER),
                        "charges": WHOLE,
                        **dict.fromkeys(("first_day", "last_day"), TEXT),
                    }
                )
            ),
            "second_opinions": list_of(object_of({**dict.fromkeys(("run_id", "source"), TEXT), "energy_j": AMOUNT, "difference": or_null(NUMBER)})),
            "notes": TEXTS,
            "phases": list_of(object_of({"name": TEXT, "duration_s": AMOUNT, **dict.fromkeys(("energy_j", "tokens"), or_null(AMOUNT))})),
            "attempts": list_of(
                object_of(
                    {
                        "began": TEXT,
                        "ended": or_null(TEXT),
                        "duration_s": AMOUNT,
                        "state": choice_of(STATES),
                        **dict.fromkeys(("energy_j", "steps", "start_steps"), or_null(AMOUNT)),
                    }
                )
            ),
            "hours": list_of(object_of({"hour": TEXT, "zone": TEXT, "it_energy_kwh": or_null(AMOUNT), "metered_energy_kwh": AMOUNT})),
            "warm_up": or_null(object_of({"duration_s": AMOUNT, "done": SHARE, "steady_s": AMOUNT})),
            "waste": object_of({**dict.fromkeys(Waste._fields, or_null(AMOUNT)), "idle_gpus": or_null(WHOLE), "interrupted_s": AMOUNT}),
            "devices": list_of(
                object_of(
                    {
                        **dict.fromkeys(("id", "name", "host"), TEXT),
                        "node": WHOLE,
                        "part": TEXT,
                        "how": _HOW,
                        "energy_j": or_null(AMOUNT),
                        **{name: or_null(NUMBER) for name in ("power_max_w", "utilisation", "temperature_max_c")},
                        "metered_s": AMOUNT,
                        "gaps_s": AMOUNT,
                        **dict.fromkeys(("idle_s", "idle_j"), or_null(AMOUNT)),
                    },
                    optional=("idle_s", "idle_j"),
                )
            ),
        }
    ),
    "calibration": object_of(
        {
            **dict.fromkeys(("name", "made", "version"), TEXT),
            "automatic": FLAG,
            "why": TEXT,
            "runs": WHOLE,
            "used": TEXTS,
            "set_aside": REASONS,
            "errors": map_of(map_of(NUMBER)),
            "effects": list_of(map_of({"type": ["number", "string"]})),
            "meters": list_of(map_of({"type": ["number", "string"]})),
            "notes": TEXTS,
            "software": map_of(TEXT),
            "rents": list_of(map_of({"type": ["number", "string"]})),
            "verdicts": list_of(object_of({"quantity": TEXT, "automatic": FLAG, "why": TEXT})),
            "folder": TEXT,
            "file": or_null(TEXT),
            "rows": list_of(object_of({"id": TEXT, **dict.fromkeys(("measured_h", "before_h", "after_h", "left_out_h"), AMOUNT)})),
        },
        optional=("file", "rows"),
    ),
    "bench": object_of(
        {
            "started_at": TEXT,
            "duration_s": AMOUNT,
            "library": TEXT,
            "processor": TEXT,
            "threads": WHOLE,
            "busy_threads": AMOUNT,
            "memory_b": AMOUNT,
            "gemm_flop_per_s": map_of(object_of({"size": WHOLE, **_RATE})),
            "bandwidth_b_per_s": object_of(_RATE),
            "versions": map_of(TEXT),
            **dict.fromkeys(("idle", "loaded"), list_of(object_of({"part": TEXT, "power_w": AMOUNT, "how": _HOW, "sigma_ln": AMOUNT, "devices": WHOLE}))),
            **dict.fromkeys(("accelerators", "unmetered", "notes"), TEXTS),
            "written": object_of({"name": TEXT, "folder": TEXT, "files": TEXTS, "dry_run": FLAG}),
        }
    ),
    "doctor": object_of(
        {
            "meters": list_of(
                object_of(
                    {
                        "name": TEXT,
                        "in_use": FLAG,
                        "devices": list_of(
                            object_of(
                                {
                                    "name": or_null(TEXT),
                                    "device": TEXT,
                                    "part": TEXT,
                                    "energy_j": AMOUNT,
                                    "time_s": NUMBER,
                                    "how": _HOW,
                                    **dict.fromkeys(("power_w", "utilisation", "temperature_c", "clock_hz", "memory_used_b"), or_null(NUMBER)),
                                    "sigma_ln": AMOUNT,
                                    "counter_j": or_null(AMOUNT),
                                    "gap_s": AMOUNT,
                                }
                            )
                        ),
                        "notes": TEXTS,
                    }
                )
            ),
            "missing": list_of(object_of({"name": TEXT, "reason": TEXT, "hint": TEXT, **dict.fromkeys(("is_there", "may_answer_later"), FLAG)})),
            "sinks": list_of(object_of({**dict.fromkeys(("name", "title", "install"), TEXT), "is_installed": FLAG, "version": or_null(TEXT)})),
            "launch": object_of({**dict.fromkeys(_LAUNCH_TEXTS, TEXT), "run_id_from": TEXTS, **dict.fromkeys(_RANKS, or_null(WHOLE)), "found": map_of(TEXTS)}),
            "store": object_of(
                {"folder": or_null(TEXT), "writable": FLAG, "free_b": or_null(AMOUNT), "problem": TEXT, "open_to_others": FLAG, "unsaved": map_of(WHOLE)}
            ),
            "journals": or_null(object_of({"size_b": WHOLE, "journals": WHOLE, "packs": WHOLE, "above_b": or_null(WHOLE), "problem": TEXT, "is_due": FLAG})),
            "ledger": or_null(object_of({"server": TEXT, "unsent": or_null(WHOLE), "problem": TEXT})),
            "limits": object_of({"host_threads": or_null(WHOLE), "threads": or_null(AMOUNT), "memory_b": or_null(AMOUNT)}),
            "clock": object_of({"source": or_null(TEXT), "resolution_s": AMOUNT}),
            "plugins": TEXTS,
            "facts": TEXT,
            "versions": map_of(TEXT),
        }
    ),
}
"""The schema of each kind of result about runs and machines, without its name and the definitions that it shares with others."""
