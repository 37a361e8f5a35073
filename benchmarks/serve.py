"""Measure the web app against its targets: the first page, a keystroke, and a list of 100,000 runs. Run it with ``make bench-serve``."""

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from traincarbon.ledger.run import Run
from traincarbon.ledger.store import Ledger
from traincarbon.quantities import EnergySource

CARBON = str(Path(sys.executable).parent / "carbon")
FORM = "params=65.2B&tokens=1.4T&hw=dgx-a100-80gb&accelerators=2048"
ROUNDS = 15
_AT_ONCE = 5000


def make_store(folder: str, runs: int) -> None:
    """Write runs that differ in everything a list sorts and filters by, and index them."""
    chance = random.Random(1)
    with Ledger(folder) as ledger:
        for first in range(0, runs, _AT_ONCE):
            ledger.add([record(number, chance) for number in range(first, min(first + _AT_ONCE, runs))])
        ledger.index.refresh()


def record(number: int, chance: random.Random) -> Run:
    energy_kwh = chance.lognormvariate(3.0, 1.5)
    bounds = {"low": energy_kwh, "median": 1.2 * energy_kwh, "high": 1.5 * energy_kwh}
    return Run(
        run_id=f"run-{number:06d}",
        project=f"project {number % 37}",
        state=chance.choice(["finished", "finished", "failed", "killed"]),
        started_at=f"{chance.randint(2024, 2026)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}T10:00:00.000000Z",
        duration_s=chance.uniform(60.0, 1e5),
        accelerators=8,
        hw=chance.choice(["dgx-a100", "dgx-h100", "aws-p5.48xlarge"]),
        energy_j={"gpu": energy_kwh * 3.6e6},
        how={"gpu": EnergySource.COUNTER},
        missing={},
        versions={},
        counts={},
        facility_energy_kwh=bounds,
        operational_kgco2e=bounds,
        cost_usd=bounds,
    )


class App:
    """The app in a process of its own, as a user starts it."""

    def __init__(self, store: str) -> None:
        begin = time.perf_counter()
        self.process = subprocess.Popen([CARBON, "serve", "--port", "0", "--store", store, "--read-only", "--quiet"], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.start_s = time.perf_counter() - begin

    def ask(self, path: str, *, is_part: bool = False) -> float:
        """Return the milliseconds from the question to the last byte."""
        request = urllib.request.Request(self.url + path, headers={"HX-Request": "true"} if is_part else {})
        begin = time.perf_counter()
        with urllib.request.urlopen(request, timeout=300) as answer:
            answer.read()
        return 1e3 * (time.perf_counter() - begin)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--store", help="a store made before, which is kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = options.store or folder
        if not options.store or not Path(store, "journals").exists():
            begin = time.perf_counter()
            make_store(store, options.runs)
            print(f"made and indexed {options.runs:,} runs in {time.perf_counter() - begin:.0f} s")
        app = App(store)
        try:
            measure(app, options.runs)
        finally:
            app.stop()


def measure(app: App, runs: int) -> None:
    """Print how long the app takes for each question."""
    print(f"{'':44}{'median ms':>10}{'most':>8}   target")
    print(f"{'start, to the printed address':44}{1e3 * app.start_s:10.0f}{'':8}   1000 ms")
    print(f"{'first page, first time':44}{app.ask(''):10.0f}{'':8}   300 ms")
    app.ask("runs")  # opens the index and checks it
    for name, path, is_part, target in (
        ("first page", "", False, "300 ms"),
        ("keystroke to figures", f"plan?{FORM}", True, "50 ms"),
        (f"list of {runs:,} runs", "runs", False, "200 ms"),
        ("list, sorted by energy, page 900", "runs?sort=energy_kwh&page=900", True, "200 ms"),
        ("list, filtered by words", "runs?words=h100", True, "200 ms"),
        ("fleet", "fleet", False, ""),
    ):
        times = [app.ask(path, is_part=is_part) for _ in range(ROUNDS)]
        print(f"{name:44}{statistics.median(times):10.0f}{max(times):8.0f}   {target}")


if __name__ == "__main__":
    main()
