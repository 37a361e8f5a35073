"""Measure the time and memory of a report on one plan and on ten thousand runs. Run it with ``make bench``."""

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
CARBON = str(Path(sys.executable).parent / "carbon")
RUNS = 10_000
TARGETS = {"one plan": (1.5, 250.0, 400.0), f"{RUNS:,} runs": (10.0, 1000.0, 400.0)}
"""Limits of seconds, of MB of memory and of kB of the page."""


def measured(command: Sequence[str]) -> tuple[float, float, float]:
    """Return wall-clock seconds, processor seconds and peak MB of memory of a *command*."""
    begin = time.perf_counter()
    process = os.posix_spawn(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(process, 0)
    wall_s = time.perf_counter() - begin
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000.0


def write_runs(file: Path) -> None:
    """Write records of runs that differ in everything a report groups by."""
    chance = random.Random(1)
    records = []
    for number in range(RUNS):
        energy_kwh = chance.lognormvariate(3.0, 1.5)
        interval = {"low": energy_kwh, "median": 1.2 * energy_kwh, "high": 1.5 * energy_kwh}
        records.append(
            {
                "schema": "traincarbon/run/1",
                "run_id": f"run-{number:05d}",
                "project": f"project {number % 37}",
                "state": chance.choice(["finished", "finished", "failed", "killed"]),
                "started_at": f"{chance.randint(2024, 2026)}-{chance.randint(1, 12):02d}-15T10:00:00.000000Z",
                "duration_s": chance.uniform(60.0, 1e5),
                "accelerators": 8,
                "hw": chance.choice(["dgx-a100", "dgx-h100", "aws-p5.48xlarge"]),
                "energy_j": {"gpu": energy_kwh * 3.6e6},
                "how": {"gpu": "counter"},
                **dict.fromkeys(("facility_energy_kwh", "operational_kgco2e", "embodied_kgco2e", "cost_usd"), interval),
            }
        )
    file.write_text(json.dumps(records), encoding="utf-8")


def main() -> None:
    print(f"{'report on':16}{'s':>7}{'CPU s':>8}{'MB':>7}{'page kB':>9}   target")
    with tempfile.TemporaryDirectory() as folder:
        runs = Path(folder) / "runs.json"
        write_runs(runs)
        for number, (name, item) in enumerate(zip(TARGETS, (ROOT / "reports" / "mt-nlg-530b.toml", runs), strict=True)):
            page = Path(folder) / f"{number}.html"
            wall_s, cpu_s, most_mb = measured([CARBON, "report", str(item), "-o", str(page)])
            target_s, target_mb, target_kb = TARGETS[name]
            print(f"{name:16}{wall_s:7.2f}{cpu_s:8.2f}{most_mb:7.0f}{page.stat().st_size / 1000:9.0f}   {target_s:g} s, {target_mb:g} MB, {target_kb:g} kB")


if __name__ == "__main__":
    main()
