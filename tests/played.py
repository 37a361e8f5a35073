"""Simulated trainings, to compare forecasts during the run with its end."""

import math

from traincarbon.tracking.reports import Report
from traincarbon.tracking.value.forecast import Observed
from traincarbon.tracking.value.run_results import Part
from traincarbon.tracking.value.session_progress import Progress
from traincarbon.tracking.value.trend import Points

KINDS = {
    "walk": "noise of 0.05 on a random walk that ends 0.1 from where it began",
    "drift": "noise of 0.05 on a level that wanders by 0.06",
    "correlated": "correlated from step to step by 0.95, spread 0.1",
    "trend": "noise of 0.1 on a trend of up to ±0.15",
    "noise": "independent noise of 0.2",
    "stalls": "stalls of ten steps' time in 2 % of the steps",
}
"""How the logarithm of a step's time varies, by name."""


def played(kind, chance, steps):
    """Return seconds and watts of each step; the power varies slowly, and is slightly lower while the run is slow."""
    run, level, power = [], 0.0, 0.0
    rise, near = chance.uniform(-0.15, 0.15), math.exp(-1.0 / (0.3 * steps))
    for step in range(steps):
        if kind == "walk":
            level += chance.gauss(0.0, 0.1 / math.sqrt(steps))
            log = level + chance.gauss(0.0, 0.05)
        elif kind == "drift":
            level = near * level + chance.gauss(0.0, 0.06 * math.sqrt(1.0 - near * near))
            log = level + chance.gauss(0.0, 0.05)
        elif kind == "correlated":
            level = log = 0.95 * level + chance.gauss(0.0, 0.03)
        elif kind == "trend":
            log = rise * step / steps + chance.gauss(0.0, 0.1)
        elif kind == "noise":
            log = chance.gauss(0.0, 0.2)
        else:
            log = chance.gauss(0.0, 0.03) + (math.log(10.0) if chance.random() < 0.02 else 0.0)
        power = 0.98 * power + chance.gauss(0.0, 0.01)
        run.append((math.exp(log), 300.0 * math.exp(power - 0.1 * log)))
    return run


def seen_of(run, steps=None, total=None, *, accelerators=8.0, start_up_s=0.0, name="steps"):
    """Return what a tracker saw of the first *steps* of *run*, given as seconds and watts of each."""
    progress, energy = Progress({} if total is None else {name: total}), Points()
    time_s, joules = start_up_s, 0.0
    for count, (seconds, watts) in enumerate(run[:steps], 1):
        time_s += seconds
        joules += seconds * watts
        progress.add(Report(time_s, **{name: float(count)}))
        energy.add(time_s, joules)
    return Observed(time_s, {"gpu": Part(joules)} if joules else {}, accelerators, progress, energy)


def truth_of(run, pue):
    """Return what the whole *run* took."""
    return {"duration_s": sum(seconds for seconds, _ in run), "facility_energy_kwh": sum(seconds * watts for seconds, watts in run) * pue / 3.6e6}
