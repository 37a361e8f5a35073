"""Measure how often the interval of a running forecast contains the final value, over simulated runs: the table of docs/method.md."""

import math
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from played import KINDS, played, seen_of, truth_of
from traincarbon.tracking.value.forecast import forecast_of
from traincarbon.tracking.value.run_results import Coefficients
from traincarbon.uncertain import Uncertain

RUNS, STEPS, PUE = 500, 400, 1.25
KNOWN = Coefficients(pue=Uncertain(PUE))


def cell(kind: str, share: float) -> str:
    """Return the coverage of time and energy, and the half-width of the interval of energy, as text."""
    chance = random.Random(7)
    hits = {"duration_s": 0, "facility_energy_kwh": 0}
    width = 0.0
    for _ in range(RUNS):
        run = played(kind, chance, STEPS)
        found = forecast_of(seen_of(run, int(STEPS * share), float(STEPS)), coefficients=KNOWN)
        for name, truth in truth_of(run, PUE).items():
            low, high = found.values[name].interval()
            hits[name] += low <= truth <= high
        width += math.log(high / low) / 2.0 / RUNS
    return f"{hits['duration_s'] / RUNS:.2f}, {hits['facility_energy_kwh'] / RUNS:.2f} ({width:.2f})"


print("| pace | at 10 %: time, energy | at 30 % | at 60 % |\n|---|---:|---:|---:|")
for kind, what in KINDS.items():
    print(f"| {what} | {' | '.join(cell(kind, share) for share in (0.1, 0.3, 0.6))} |")
