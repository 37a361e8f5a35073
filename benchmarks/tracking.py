"""Measure the cost of tracking: start-up, time to the first sample, processor time and memory while a command runs, and the slowdown of the command.

Run it with ``make tracking``. The library of ``tests/native/nvml_replay.c`` replays eight GPUs with counters; there is no panel and no summary.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests"))
CARBON = str(Path(sys.executable).parent / "carbon")
CLICK = [sys.executable, "-c", "import click"]
GPUS = 8
WORK = "import sys, time\nbegan = time.perf_counter()\nx = 1\nfor i in range(int(sys.argv[1])):\n    x = x * 1103515245 % 2147483647\nprint(time.perf_counter() - began)"
"""About a second of computation in one process."""


def environment(folder: Path, *options: str) -> dict[str, str]:
    from native.replay import build
    from native.replay import environment as replaying

    trace = folder / "trace"
    trace.write_text("\n".join([f"devices {GPUS}", "wave 0.5:100 0.5:500", "stagger 0.125", *options]) + "\n")
    settings = replaying(build(folder), trace, HOME=str(folder), CARBON_STORE=str(folder / "store"))
    return {name: value for name, value in settings.items() if name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}


class Took(NamedTuple):
    """What a command took."""

    wall_s: float
    first_s: float
    """Processor time of its first process."""
    all_s: float
    """Processor time of that and of all processes that it waited for."""


def took(command: Sequence[str], settings: dict[str, str]) -> Took:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=settings, cwd=settings["HOME"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # its counters are there until somebody waits for it
    wall_s, first_s = time.perf_counter() - began, cpu_s(process.pid)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Took(wall_s, first_s, used.ru_utime + used.ru_stime)


def start_up(settings: dict[str, str], peers: Path | None, runs: int) -> list[tuple[str, Took, list[float]]]:
    """Return for each tool what it takes around a command that does nothing, and the ratios of that to importing click, run by turns."""
    bare = {name: value for name, value in settings.items() if name != "NVML_REPLAY_TRACE"}
    commands = {"carbon track -- true": [CARBON, "track", "--", "true"], "the same, --quiet": [CARBON, "track", "--quiet", "--", "true"]}
    if peers is not None:
        commands["joules run -- true"] = [str(peers.resolve() / "bin" / "joules"), "run", "--no-track", "--", "true"]
        commands["codecarbon monitor -- true"] = [
            str(peers.resolve() / "bin" / "codecarbon"),
            "monitor",
            "--offline",
            "--country-iso-code",
            "USA",
            "--",
            "true",
        ]
    rows = []
    for name, command in commands.items():
        for each in (command, CLICK):
            took(each, bare)
        pairs = [(took(command, bare), took(CLICK, bare)) for _ in range(runs if "codecarbon" not in name else 3)]
        medians = Took(*(statistics.median(values) for values in zip(*(ours for ours, _ in pairs), strict=True)))
        rows.append((name, medians, [statistics.median(ours[at] / base[at] for ours, base in pairs) for at in range(len(Took._fields))]))
    return rows


def first_sample_s(settings: dict[str, str], runs: int) -> float:
    """Return the median time from the start of the command to the first reading of the GPUs."""
    found = []
    for number in range(runs):
        log = Path(settings["HOME"]) / f"log{number}"
        subprocess.run(
            [CARBON, "track", "--quiet", "--run-id", f"first{number}", "--", "sleep", "0.3"], env={**settings, "NVML_REPLAY_LOG": str(log)}, check=True
        )
        file = next(Path(settings["CARBON_STORE"]).glob(f"journals/first{number}/*.jsonl"))
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        interval = next(line for line in lines if line["kind"] == "interval")
        second_start = [line for line in lines if line["kind"] == "start"][1]
        found.append(second_start["mono_s"] - interval["from_s"])
    return statistics.median(found)


def beside(settings: dict[str, str], length_s: float) -> tuple[float, float]:
    """Return the share of a core and the memory that supervisor and metering process use while a command sleeps. [1, MiB]."""
    process = subprocess.Popen([CARBON, "track", "--quiet", "--", "sleep", str(length_s + 10.0)], env=settings, stdin=subprocess.DEVNULL)
    time.sleep(5.0)
    children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    ours = [process.pid, *(pid for pid in children if b"sidecar" in Path(f"/proc/{pid}/cmdline").read_bytes())]
    began_s, before = time.monotonic(), sum(map(cpu_s, ours))
    time.sleep(length_s)
    share = (sum(map(cpu_s, ours)) - before) / (time.monotonic() - began_s)
    memory = sum(resident_mib(pid) for pid in ours)
    process.terminate()
    process.wait()
    return share, memory


def cpu_s(pid: int) -> float:
    """Return the processor time of a process as its scheduler counts it, in nanoseconds rather than ticks. [s]."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def resident_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]) / 1024.0


def slowed(settings: dict[str, str], pairs: int) -> tuple[float, float]:
    """Return how much longer computation in a tracked command takes, and the standard error, from paired runs.

    The untracked runs have the same environment, because its size alone moves the stack of a process and makes Python up to 5 % faster or slower.
    """
    plain = [sys.executable, "-c", WORK, "12000000"]
    tell = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]

    def printed(command: Sequence[str], environ: dict[str, str]) -> str:
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout

    tracking = [CARBON, "track", "--quiet", "--"]
    kinds = (plain, json.loads(printed([*tracking, *tell], settings))), ([*tracking, *plain], settings)
    ratios = []
    for number in range(pairs):
        took = [0.0, 0.0]
        for kind in (number % 2, 1 - number % 2):
            took[kind] = float(printed(*kinds[kind]))
        ratios.append(took[1] / took[0] - 1.0)
    return statistics.median(ratios), 1.2533 * statistics.stdev(ratios) / len(ratios) ** 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="virtual environment with the other tools")
    parser.add_argument("--runs", type=int, default=20, help="pairs of runs for each line of the start-up table")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long processor time is measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = environment(folder)
        print("| start-up, over `import click` | time | processor time, first process | with those it waits for | s |\n|---|---:|---:|---:|---:|")
        for tool, medians, ratios in start_up(settings, options.peers, options.runs):
            print(f"| {tool} | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} | {medians.wall_s:.3f} |")
        print(f"\nFirst sample after the command was started: {first_sample_s(settings, options.runs) * 1e3:.0f} ms")
        share, memory = beside(settings, options.seconds)
        print(f"While a command sleeps, {GPUS} GPUs: {share:.3%} of a core, {memory:.1f} MiB resident in both processes")
        (folder / "uncounted").mkdir()
        share, _ = beside(environment(folder / "uncounted", "fail energy not_supported"), options.seconds)
        print(f"The same without counters: {share:.2%} of a core")
        slower, error = slowed(settings, 2 * options.runs)
        print(f"Computation in the command: {slower:+.2%} ± {error:.2%} slower")


if __name__ == "__main__":
    main()
