"""What a journal of weeks costs: bytes on disk, time and memory to read it at the end of a run, and to index it.

Usage: python benchmarks/journals.py [DAYS]
"""

import os
import random
import subprocess
import sys
import tempfile
import time

from traincarbon.ledger.journal import Journal, run_folder
from traincarbon.meters.base import Reading
from traincarbon.quantities import EnergySource, Part
from traincarbon.tracking.sidecar.record_pace import RecordPace
from traincarbon.tracking.sidecar.recorder import Recorder

DAY_S = 86_400
INTERVAL_S = 5.0
RESULT = {"low": 1.23456789012345, "median": 2.34567890123456, "high": 3.45678901234567}
SESSION = {
    **dict.fromkeys(("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd"), RESULT),
    "cost_basis": "electricity and a share of the purchase",
    "sources_kwh": {"measured": 1.23456789012345, "modelled": 0.123456789012345, "assumed": 0.345678901234567},
    "forecast": {
        "basis": "measured",
        "unit": "tokens",
        "done": 2e7,
        "total": 1e12,
        **dict.fromkeys(
            ("eta_s", "duration_s", "it_energy_kwh", "facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "total_kgco2e", "water_l", "cost_usd"),
            RESULT,
        ),
    },
    "mfu": 0.412345678901234,
}
"""What a line states beside the devices where everything is known of a run."""

READ = "from traincarbon.ledger.record import read_run; run = read_run(sys.argv[1], 'run')"
LIST = "from traincarbon.ledger.store import Ledger; run = Ledger(sys.argv[1]).run('run')"
HISTORY = "import glob; from traincarbon.reporting.run_history import history_of; run = history_of(glob.glob(sys.argv[1] + '/journals/run/*'), 'run')"
CHILD = """
import resource, sys, time
began_s = time.process_time()
{}
print(time.process_time() - began_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, sum(getattr(run, "energy_j", {{}}).get(p) or 0 for p in ("gpu", "cpu")))
"""


class Node:
    """A meter of 8 GPUs, the processors and the memory of a node, whose power changes from second to second."""

    name, max_interval_s, names = "node", 10.0, {}

    def __init__(self):
        self.notes, self.time_s, self.read_s, self.energy_j = [], 0.0, 0.0, [0.0] * 10
        self.random = random.Random(1)

    def read(self):
        readings = []
        for number in range(10):
            power_w = self.random.uniform(300.0, 700.0)
            self.energy_j[number] += power_w * (self.time_s - self.read_s)
            device = f"gpu:GPU-{number:08x}-5f3c-4d2e-9abc-def012345678" if number < 8 else ("cpu:model", "dram:model")[number - 8]
            how = EnergySource.COUNTER if number < 8 else EnergySource.MODELLED
            details = (self.random.random(), 61.0, 1.98e9, 7e10) if number < 8 else (self.random.random(),)
            counter_j = 1e8 + self.energy_j[number] if number < 8 else None
            part = Part.GPU if number < 8 else (Part.CPU, Part.DRAM)[number - 8]
            readings.append(Reading(device, part, self.energy_j[number], self.time_s, how, power_w, *details, counter_j=counter_j))
        self.read_s = self.time_s
        return tuple(readings)


def write(file, days, *, node="a1", fat=False):
    """Write a journal of so many days, as now, or *fat* as before records thinned out."""
    meter, journal = Node(), Journal(file, run_id="run", node=node, process=7, life="0123456789ab/pid:[4026531836]/1234567")
    recorder, pace = Recorder([meter], began_s=0.0), RecordPace(interval_s=INTERVAL_S, began_s=0.0)
    head = {"session": "0123456789abcdef"}
    journal.write("start", {**head, "argv": ["train.py"], "hw": "dgx-h100", "accelerators": 8, "from_s": 0.0, "to_s": 0.0})
    for number in range(1, int(days * DAY_S / INTERVAL_S) + 1):
        meter.time_s = now_s = number * INTERVAL_S
        if fat or number % 6 == 0 or now_s <= 600.0:
            recorder.read()
        if fat:
            journal.write("interval", {**head, **recorder.interval(to_s=now_s), **SESSION})
            journal.write("progress", {**head, "tokens": 1e6 * number})
        elif pace.is_due(now_s):
            for kind, fields in pace.lines({**recorder.interval(to_s=now_s), **SESSION}, {"tokens": 1e6 * number}, now_s=now_s, ended=False):
                journal.write(kind, {**head, **fields})
    journal.write("end", {**head, "exit_code": 0, "to_s": now_s})
    journal.close()
    return os.path.getsize(file)


def measured(store, code):
    """Return processor seconds, MiB of memory and joules that a child prints."""
    found = subprocess.run([sys.executable, "-c", CHILD.format(code), store], capture_output=True, check=True, text=True)
    return [float(value) for value in found.stdout.split()]


def row(name, cpu_s, memory_mib, energy_j):
    print(f"{name:58} {cpu_s:7.2f} s {memory_mib:7.0f} MiB {energy_j:18,.0f} J")


def main(days):
    with tempfile.TemporaryDirectory() as folder:
        for label, count, each_days, fat in (("1 node", 1, days, False), ("8 nodes", 8, 1.0, False), ("1 node, as before", 1, 1.0, True)):
            store = os.path.join(folder, label)
            began_s = time.time()
            sizes = [write(os.path.join(run_folder(store, "run"), f"n{number}-7-1.jsonl"), each_days, node=f"n{number}", fat=fat) for number in range(count)]
            n_lines = sum(sum(1 for _ in open(entry.path, "rb")) for entry in os.scandir(run_folder(store, "run")))  # noqa: SIM115  it is over at once
            print(
                f"\n{label}, {each_days:g} days: {sum(sizes) / 1e6 / each_days / count:.2f} MB a node-day, {n_lines:,} lines (made in {time.time() - began_s:.0f} s)"
            )
            row("end of the run: read the record", *measured(store, READ))
            row("first carbon runs show", *measured(store, LIST))
            row("later carbon runs show", *measured(store, LIST))
            row("history for the report", *measured(store, HISTORY))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
