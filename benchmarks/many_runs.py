"""What tens of thousands of runs cost: importing a table, the first list, one more list, and a first index of all journals.

Usage: python benchmarks/many_runs.py [RUNS]
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CARBON = [sys.executable, "-m", "traincarbon"]
HEAD = "name,project,date,hours,hw,accelerators,gpu_energy_kwh"
BETWEEN_W = (250.0, 650.0)
"""Mean power of one accelerator of these runs."""


def table(runs):
    """Return a table of runs that could have been."""
    chance = random.Random(1)
    lines = [HEAD]
    for number in range(runs):
        hours_h, accelerators = chance.uniform(1.0, 90.0), 8 * chance.randint(1, 16)
        energy_kwh = accelerators * hours_h * chance.uniform(*BETWEEN_W) / 1e3
        day = f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}"
        lines.append(f"run-{number:06d},team-{number % 17},{day},{hours_h:.2f},h100-sxm5-80gb,{accelerators},{energy_kwh:.2f}")
    return "\n".join(lines) + "\n"


def measured(store, *words):
    """Return seconds of the clock, seconds of the processor and the last line of a command."""
    began_s = time.perf_counter()
    with subprocess.Popen([*CARBON, *words, "--store", store], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        said = process.stdout.read().strip().split("\n")[-1]
        _, _, used = os.wait4(process.pid, 0)
    return time.perf_counter() - began_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said


def main(runs):
    with tempfile.TemporaryDirectory() as folder:
        store, file = os.path.join(folder, "store"), Path(folder, "runs.csv")
        file.write_text(table(runs))
        steps = [("import", ("runs", "import", str(file), "--quiet")), ("first list", ("runs", "list")), ("second list", ("runs", "list"))]
        steps.append(("list without an index", ("runs", "list")))
        for name, words in steps:
            if name == "list without an index":
                for index in Path(store).glob("index-*"):
                    index.unlink()
            took_s, processor_s, memory_mib, said = measured(store, *words)
            print(f"{name:24} {took_s:7.2f} s {processor_s:7.2f} s of processor {memory_mib:6.0f} MiB   {said[:70]}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40_000)
