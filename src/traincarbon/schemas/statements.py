"""The schemas of what is stated to others: disclosures, energy by the hour, and whether records are as they were sealed."""

from collections.abc import Mapping

from traincarbon.disclosure.by_hour import BASES, IntensityFrom
from traincarbon.disclosure.statement import RESULTS
from traincarbon.ledger.verification import Seal
from traincarbon.schemas.parts import AMOUNT, FLAG, INTERVAL, SHARE, TEXT, TEXTS, WHOLE, Schema, choice_of, list_of, map_of, object_of, or_null

_COMPUTE = object_of(
    {
        **dict.fromkeys(("by_architecture_flop", "by_hardware_flop"), or_null(INTERVAL)),
        "how": TEXT,
        **dict.fromkeys(("utilisation", "ratio"), or_null(AMOUNT)),
        "agrees": or_null(FLAG),
    }
)
_ENERGIES = ("metered_energy_kwh", "it_energy_kwh", "facility_energy_kwh", "kgco2e")
_HOURS: Mapping[str, Schema] = {
    "run_id": TEXT,
    "basis": choice_of(("", *BASES)),
    "services": TEXTS,
    "hours": list_of(
        object_of(
            {
                **dict.fromkeys(("hour", "zone"), TEXT),
                **{name: AMOUNT if name == "metered_energy_kwh" else or_null(AMOUNT) for name in _ENERGIES},
                "intensity_gco2e_per_kwh": or_null(AMOUNT),
                "intensity_from": or_null(choice_of([origin.value for origin in IntensityFrom])),
            }
        )
    ),
    "total": object_of(dict.fromkeys(_ENERGIES, or_null(AMOUNT))),
    "notes": TEXTS,
}
_STATEMENT = object_of(
    {
        "subject": TEXT,
        "is_estimate": FLAG,
        "model": TEXT,
        **dict.fromkeys(("params", "active_params", "tokens"), or_null(AMOUNT)),
        "is_fine_tuning": FLAG,
        **dict.fromkeys(("state", "began", "ended", "hardware", "accelerator"), TEXT),
        **dict.fromkeys(("accelerators", "nodes"), or_null(AMOUNT)),
        "is_rented": or_null(FLAG),
        "is_tenure_assumed": FLAG,
        **dict.fromkeys(("cloud", "base_model", "place", "country"), TEXT),
        **dict.fromkeys(("pue", "intensity_gco2e_per_kwh"), or_null(AMOUNT)),
        "pue_source": TEXT,
        "basis": TEXT,
        "compute": _COMPUTE,
        "results": object_of(dict.fromkeys(RESULTS, or_null(INTERVAL))),
        "shares": object_of(dict.fromkeys(("measured", "modelled", "assumed"), SHARE), optional=("measured", "modelled", "assumed")),
        "level": SHARE,
        "meters": TEXTS,
        "attempts": list_of(map_of({})),
        "missing": map_of(TEXT),
        **dict.fromkeys(("assumptions", "notes"), TEXTS),
        "versions": map_of(TEXT),
        "market": list_of(object_of({"mix": choice_of(("provider", "residual")), "zone": TEXT, "year": WHOLE, "gco2e_per_kwh": AMOUNT, "source": TEXT})),
        "by_hour": or_null(object_of({"schema": {"const": "traincarbon/hours/1"}, **_HOURS})),
    }
)
_SEAL = choice_of([seal.value for seal in Seal])
_VERIFIED = object_of({"file": TEXT, "seal": _SEAL, "lines": WHOLE, "digest": TEXT, "faults": TEXTS, "notes": TEXTS})

OF_STATEMENTS: Mapping[str, Schema] = {
    "disclosure": object_of(
        {
            **dict.fromkeys(("model", "provider", "date"), TEXT),
            "is_estimate": FLAG,
            "statements": list_of(_STATEMENT),
            "total": object_of(dict.fromkeys([*(name for name in RESULTS if name != "duration_s"), "compute_flop"], or_null(INTERVAL))),
            "missing": map_of(TEXT),
            "files": map_of(TEXT),
        }
    ),
    "hours": object_of(_HOURS),
    "verification": object_of(
        {
            "runs": list_of(object_of({"run_id": TEXT, "seal": _SEAL, "digest": TEXT, "journals": list_of(_VERIFIED)})),
            "audits": list_of(
                object_of(
                    {
                        **dict.fromkeys(("run_id", "digest"), TEXT),
                        "passed": FLAG,
                        "checks": list_of(object_of({"what": TEXT, "passed": or_null(FLAG), "details": TEXTS})),
                    }
                )
            ),
        }
    ),
}
"""The schema of each kind of result that is stated to others, without its name and the definitions that it shares with others."""
