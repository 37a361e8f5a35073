"""Records of runs made by the tests: with a given number of hours, or a multiple of what is expected."""

import numpy as np

from traincarbon.calibration.fit import fit
from traincarbon.calibration.observed import from_records
from traincarbon.calibration.step_time import expected_s_per_token, layout_of
from traincarbon.estimation.chain import estimate
from traincarbon.ledger.run import Run

HW = "dgx-a100"


def record(run_id="run", *, params=1e9, tokens=2e10, hours_h=240.0, accelerators=8, gpu_kwh=None, other_kwh=None, **fields):
    """Return a finished run of *hours_h* accelerator-hours."""
    energy = {part: None if kwh is None else kwh * 3.6e6 for part, kwh in (("gpu", gpu_kwh), ("cpu", None), ("dram", None), ("other", other_kwh))}
    given = {"state": "finished", "started_at": "2026-01-01T00:00:00Z", "hw": HW, "how": {}, "missing": {}, "versions": {}, "counts": {}, **fields}
    given.setdefault("energy_covers", "" if energy["other"] is None else "node")
    duration_s = given.pop("duration_s", hours_h * 3600.0 / accelerators)
    return Run(run_id=run_id, params=params, tokens=tokens, accelerators=accelerators, duration_s=duration_s, **{"energy_j": energy, **given})


def expected_hours_h(database, *, params, tokens, accelerators=8, hw=HW, **fields):
    """Return the accelerator-hours that the priors expect of a run."""
    asked = {"params": params, "tokens": tokens, "hw": hw, "accelerators": accelerators, "calibration": "none", **fields}
    return estimate(database=database, **asked).median("accelerator_hours_h")


def slower(database, factors, *, sizes=(1e9, 2e9, 4e9, 8e9), hw=HW, prefix="run", **fields):
    """Return one run for each factor, which takes that multiple of the expected hours."""
    made = []
    for at, (factor, params) in enumerate(zip(factors, sizes, strict=False)):
        tokens = 20.0 * params
        plan = fields.get("plan") or {}
        shape = {name: plan[name] for name in ("kind", "family", "precision") if name in plan}
        hours_h = factor * expected_hours_h(database, params=params, tokens=tokens, hw=hw, **shape)
        made.append(record(f"{prefix}-{at}", params=params, tokens=tokens, hours_h=hours_h, hw=hw, **fields))
    return made


def fitted(records, database, **options):
    """Return the calibration to *records*."""
    site = options.pop("site", "")
    observed, aside = from_records(records, database, site=site)
    return fit(observed, database, **{"name": "mine", "made": "2026-11-25T00:00:00Z", "version": "0.1.0", "set_aside": aside, **options})


def laid_out(database, factors, *, layouts=((7e9, 1, 1), (13e9, 2, 1), (30e9, 4, 1), (65e9, 8, 2)), hw=HW, prefix="step", **fields):
    """Return one run for each factor, on 64 accelerators with a known layout (params, tp, pp), whose steps are that many times as efficient as expected."""
    made = []
    for at, (factor, (params, tp, pp)) in enumerate(zip(factors, layouts, strict=False)):
        plan = {"tp": float(tp), "pp": float(pp), "seq_len": 2048.0, "batch_tokens": 2.0**22, **(fields.get("plan") or {})}
        tokens = 20.0 * params
        layout = layout_of(plan, hw=hw, params=params, accelerators=64.0, tokens=tokens, steps=None)
        duration_s = float(expected_s_per_token([layout], np.array([0]), database)[0]) * tokens / factor
        made.append(record(f"{prefix}-{at}", params=params, tokens=tokens, accelerators=64, duration_s=duration_s, hw=hw, **{**fields, "plan": plan}))
    return made
