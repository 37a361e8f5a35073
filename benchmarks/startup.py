"""Measure how long whole processes take to start, compared with a minimal process. Run it with ``make bench``.

Each command runs alternately with its baseline, so that other load slows both. The ratio is the median of the pairs.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(sys.executable).parent
PASS = [sys.executable, "-c", "pass"]
CLICK = [sys.executable, "-c", "import click"]
ESTIMATE = ["estimate", "--params", "530e9", "--tokens", "270e9", "--hw", "dgx-a100"]
CARBON = str(HERE / "carbon")

OURS = (
    ("carbon estimate", [CARBON, *ESTIMATE], "import click", CLICK, 1.6),
    ("the same, with layout", [CARBON, *ESTIMATE, "--servers", "280"], "import click", CLICK, 2.5),
    ("carbon db list", [CARBON, "db", "list"], "import click", CLICK, 2.0),
    ("carbon db show h100", [CARBON, "db", "show", "h100"], "import click", CLICK, 2.0),
    ("carbon db show lumi", [CARBON, "db", "show", "lumi"], "import click", CLICK, 2.0),
    ("carbon --help", [CARBON, "--help"], "import click", CLICK, 1.2),
    ("import traincarbon", [sys.executable, "-c", "import traincarbon"], "pass", PASS, 1.5),
)
PEERS = ("codecarbon", "joules")


def seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=True)
    return time.perf_counter() - start


def paired(command: Sequence[str], baseline: Sequence[str], runs: int) -> tuple[float, float]:
    """Return the median time of *command* and the median of its ratio to *baseline*."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for each in (command, baseline):
        seconds(each, environment)
    pairs = [(seconds(command, environment), seconds(baseline, environment)) for _ in range(runs)]
    return statistics.median(ours for ours, _ in pairs), statistics.median(ours / base for ours, base in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="pairs of runs for each line")
    parser.add_argument("--peers", type=Path, help="virtual environment with the other tools")
    options = parser.parse_args()

    lines = list(OURS)
    for peer in PEERS if options.peers else ():
        command = options.peers / "bin" / peer
        if command.exists():
            lines.append((f"{peer} --help", [str(command), "--help"], "import click", CLICK, None))
        else:
            print(f"{peer}: not installed")
    print(f"{'process':24}{'ms':>8}{'ratio':>8}  {'over':14}{'target':>8}")
    for name, command, over, baseline, target in lines:
        took, ratio = paired(command, baseline, options.runs)
        print(f"{name:24}{took * 1e3:8.1f}{ratio:8.2f}  {over:14}{f'{target:.1f}' if target else '':>8}")


if __name__ == "__main__":
    main()
