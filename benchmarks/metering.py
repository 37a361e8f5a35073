"""Measure the error of GPU meters, compared with the exact integral of the power that a replaying NVML reports. Prints the table in docs/metering.md.

Each tool meters a sleep in real time, in its own process, with the same traces. Its result is compared with the integral between
the start and the end of the sleep. Tools that are not installed in the peers' environment are listed.
"""

import argparse
import ctypes
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests"))
GPUS = 8
TRACES = {
    "constant": ["wave 1:300"],
    "square, 1 s": ["wave 0.5:100 0.5:500"],
    "50 ms bursts": ["wave 0.05:600 0.45:100"],
    "training steps": ["wave 0.31:450 0.08:180 0.02:90"],
    f"{GPUS} GPUs": [f"devices {GPUS}", "wave 0.5:100 0.5:500", "stagger 0.125"],
}
MODES = {"counter": [], "counter, refreshed every 100 ms": ["refresh 0.1"], "no counter": ["fail energy not_supported"]}
BEGIN = "import json, sys, time\nseconds = float(sys.argv[1])\n"
END = "\nprint('RESULT', json.dumps([energy_j, began_s, ended_s]))\n"
OURS = "carbon track"
SLEEPER = "sleeper"
CODECARBON = """
from codecarbon import OfflineEmissionsTracker
tracker = OfflineEmissionsTracker(country_iso_code="USA", save_to_file=False, log_level="critical")
tracker.start()
began_s = time.monotonic()
time.sleep(seconds)
ended_s = time.monotonic()
tracker.stop()
energy_j = tracker._total_gpu_energy.kWh * 3.6e6
"""
ZEUS = """
from zeus.monitor import ZeusMonitor
monitor = ZeusMonitor()
monitor.begin_window("all", sync_execution=False)
began_s = time.monotonic()
time.sleep(seconds)
ended_s = time.monotonic()
energy_j = monitor.end_window("all", sync_execution=False).total_energy
"""
CARBONTRACKER = """
from carbontracker.tracker import CarbonTracker
tracker = CarbonTracker(epochs=2, epochs_before_pred=0, monitor_epochs=2, components="gpu", verbose=0)
tracker.epoch_start()
began_s = time.monotonic()
time.sleep(seconds)
ended_s = time.monotonic()
tracker.epoch_end()
from carbontracker import constants
energy_j = float(tracker.tracker.total_energy_per_epoch().sum()) * 3.6e6 / constants.PUE_2023
"""
CHILD = """
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
int main(int n, char **words) {
    double began = now(), s = atof(words[n - 1]);
    struct timespec t = {(time_t)s, (long)((s - (time_t)s) * 1e9)};
    nanosleep(&t, 0);
    printf("CHILD [%.6f, %.6f]\\n", began, now());
    return 0;
}
"""
"""A command that starts immediately, for tools that meter a command instead of Python code."""


class Job(NamedTuple):
    """One tool on one trace."""

    tool: str
    mode: str
    trace: str
    seconds: float


class Result(NamedTuple):
    """The error of a tool, and the processor time and memory it used."""

    error: float | None
    cpu_s: float = 0.0
    rss_mib: float = 0.0
    why: str = ""


class Bench:
    """The library, the traces and the environments of the tools."""

    def __init__(self, folder: Path, peers: Path | None) -> None:
        from native.replay import build

        self.folder = folder
        self.library = build(folder)
        self.origin_s = time.monotonic()
        self.one_at_a_time = threading.Lock()
        for mode, options in MODES.items():
            for trace, waves in TRACES.items():
                self.trace(mode, trace).write_text("\n".join([f"origin {self.origin_s}", *waves, *options]) + "\n")
        smi = folder / "nvidia-smi"  # codecarbon looks for the command before it uses the library
        smi.write_text("#!/bin/sh\nexit 0\n")
        smi.chmod(0o755)
        python = str(peers / "bin" / "python") if peers else ""
        scripts = {"codecarbon": (python, CODECARBON), "zeus": (python, ZEUS), "carbontracker": (python, CARBONTRACKER)}
        source, child = folder / "child.c", folder / SLEEPER
        source.write_text(CHILD)
        subprocess.run(["cc", "-o", child, source], check=True)
        carbon = str(Path(sys.executable).parent / "carbon")
        self.commands = {OURS: [carbon, "track", "--quiet", "--json", "--store", "OUT", "--", str(child)]}
        self.commands |= {tool: [runner, "-c", BEGIN + body + END] for tool, (runner, body) in scripts.items() if runner}
        if peers and (peers / "bin" / "joules").exists():
            self.commands["joules"] = [str(peers / "bin" / "joules"), "run", "--no-cpu", "--no-track", "--out", "OUT", "--", str(child)]

    def trace(self, mode: str, trace: str) -> Path:
        return self.folder / f"{mode}-{trace}".replace(" ", "_").replace(",", "")

    def run(self, job: Job) -> Result:
        from native.replay import environment

        place = Path(tempfile.mkdtemp(dir=self.folder))
        out, said = place / "out", place / "said"
        command = [str(out) if word == "OUT" else word for word in self.commands[job.tool]]
        settings = environment(self.library, self.trace(job.mode, job.trace), PATH=f"{self.folder}{os.pathsep}{os.environ['PATH']}", HOME=str(place))
        settings.pop("PYTHONPATH", None)
        with said.open("w") as stream:
            process = subprocess.Popen([*command, str(job.seconds)], env=settings, cwd=place, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
            cpu_s, rss_mib = waited_for(process.pid)
        text = said.read_text(errors="replace")
        found = answer(text, out)
        if found is None:
            return Result(None, why=next((line for line in reversed(text.splitlines()) if line.strip()), "says nothing")[:100])
        energy_j, began_s, ended_s = found
        with self.one_at_a_time:
            exact_j = self.exact_j(job, began_s, ended_s)
        return Result(energy_j / exact_j - 1.0, cpu_s, rss_mib)

    def exact_j(self, job: Job, began_s: float, ended_s: float) -> float:
        """Return the integral over all GPUs of the trace, from the library in this process."""
        os.environ["NVML_REPLAY_TRACE"] = str(self.trace(job.mode, job.trace))
        library = ctypes.CDLL(str(self.library))
        library.replay_energy_j.restype = ctypes.c_double
        library.replay_energy_j.argtypes = [ctypes.c_uint, ctypes.c_double, ctypes.c_double]
        gpus = GPUS if "GPUs" in job.trace else 1
        library.replay_reset()
        library.nvmlInitWithFlags(0)
        return sum(library.replay_energy_j(gpu, began_s - self.origin_s, ended_s - self.origin_s) for gpu in range(gpus))


def waited_for(pid: int) -> tuple[float, float]:
    """Wait for a process; return the processor time and the peak memory of it and its descendants, without the metered command."""
    rss_mib, cpu_s = 0.0, 0.0
    while True:
        done, _, used = os.wait4(pid, os.WNOHANG)
        if done:
            return max(cpu_s, used.ru_utime + used.ru_stime), rss_mib
        members = family(pid)
        rss_mib = max(rss_mib, sum(resident_mib(each) for each in members))
        cpu_s = max(cpu_s, sum(cpu_of(each) for each in members))  # also of processes that are never waited for
        time.sleep(0.2)


def cpu_of(pid: int) -> float:
    """Return the processor time that a process has used. [s]."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """Return the process and its descendants."""
    try:
        children = [int(each) for task in Path(f"/proc/{pid}/task").iterdir() for each in (task / "children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(descendant for child in children for descendant in family(child))]


def resident_mib(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024.0 if "VmRSS" in status and f"\t{SLEEPER}\n" not in status else 0.0


def answer(text: str, out: Path) -> tuple[float, float, float] | None:
    """Return the energy that a tool reports, and when its sleep began and ended."""
    lines = {line.split()[0]: line.partition(" ")[2] for line in text.splitlines() if line.startswith(("RESULT ", "CHILD "))}
    if "RESULT" in lines:
        energy_j, began_s, ended_s = json.loads(lines["RESULT"])
        return energy_j, began_s, ended_s
    if "CHILD" in lines and out.is_dir():
        began_s, ended_s = json.loads(lines["CHILD"])
        record = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
        return record["energy_j"]["gpu"], began_s, ended_s
    if "CHILD" in lines and out.exists():
        began_s, ended_s = json.loads(lines["CHILD"])
        return _joules(json.loads(out.read_text())), began_s, ended_s
    return None


def _joules(report: dict) -> float:
    """Return the energy of the GPUs in the report of joules."""
    return float(sum(device["energy_j"] for device in report["devices"] if "gpu" in device["kind"].lower()))


def jobs(tools: list[str], seconds: list[float], repeats: int) -> Iterator[Job]:
    for length_s in seconds:
        for mode in MODES:
            for trace in TRACES:
                for tool in tools:
                    yield from [Job(tool, mode, trace, length_s)] * repeats


def table(results: dict[Job, list[Result]], tools: list[str], seconds: float) -> list[str]:
    """Return the errors in per cent as a Markdown table: the median of the amounts, the largest in brackets where it is another."""
    lines = [f"| {seconds:g} s, error in % | {' | '.join(TRACES)} |", f"|---|{'---:|' * len(TRACES)}"]
    for mode in MODES:
        for tool in tools:
            cells = [cell(results[Job(tool, mode, trace, seconds)]) for trace in TRACES]
            lines.append(f"| {tool}: {mode} | {' | '.join(cells)} |")
    return lines


def cell(found: list[Result]) -> str:
    errors = [abs(each.error) * 100.0 for each in found if each.error is not None]
    if not errors:
        return "fails"
    signs = {each.error > 0.0 for each in found if each.error is not None}
    sign = "" if len(signs) > 1 or max(errors) < 0.005 else "+" if signs == {True} else "−"
    middle, most = rounded(statistics.median(errors)), rounded(max(errors))
    return f"{sign if float(middle) else ''}{middle}" + (f" ({most})" if most != middle else "")


def rounded(percent: float) -> str:
    return f"{percent:.2f}" if percent < 9.995 else f"{percent:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, help="virtual environment with the other tools")
    parser.add_argument("--seconds", type=float, action="append", help="length of a run; default 30 and 3")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each tool on each trace")
    parser.add_argument(
        "--at-once", type=int, default=6, help="runs of the greatest length at the same time; fewer of shorter ones, because they sleep for less of their time"
    )
    options = parser.parse_args()
    lengths = options.seconds or [30.0, 3.0]

    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.peers.resolve() if options.peers else None)
        tools = list(bench.commands)
        todo = list(jobs(tools, lengths, options.repeats))
        greedy = [job for job in todo if job.tool == "zeus" and job.mode == "no counter"]  # it polls without pause
        results: dict[Job, list[Result]] = {job: [] for job in todo}
        for length_s in lengths:
            calm = [job for job in todo if job not in greedy and job.seconds == length_s]
            with ThreadPoolExecutor(max(round(options.at_once * length_s / max(lengths)), 1)) as pool:
                for job, result in zip(calm, pool.map(bench.run, calm), strict=True):
                    results[job].append(result)
        for job in greedy[:: options.repeats]:
            results[job].append(bench.run(job))
    for length_s in lengths:
        print("\n".join(table(results, tools, length_s)), end="\n\n")
    print("| whole process, 8 GPUs | CPU, s | resident, MiB |\n|---|---:|---:|")
    for mode in MODES:
        for tool in tools:
            found = [each for each in results[Job(tool, mode, f"{GPUS} GPUs", lengths[0])] if each.error is not None]
            if found:
                print(f"| {tool}: {mode} | {statistics.median(each.cpu_s for each in found):.2f} | {max(each.rss_mib for each in found):.0f} |")
    for job, found in results.items():
        for why in {each.why for each in found if each.error is None}:
            print(f"{job.tool}, {job.mode}, {job.trace}, {job.seconds:g} s: {why}", file=sys.stderr)


if __name__ == "__main__":
    main()
