"""Steps of a training while the sink of its metrics is blocked: ``python benchmarks/blocked_sink.py [SECONDS]``, 60 by default.

Each step waits for 10 ms. A process of the sink that is stopped (SIGSTOP) takes nothing, as one does whose server hangs.
The training has no sink, then one that works, then one that is blocked for all of the time; the order is repeated.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STEP_S = 0.01
ROUNDS = 2
TRAINING = """
import sys, time
print("started", flush=True)
until_s, took = time.monotonic() + float(sys.argv[1]), []
while time.monotonic() < until_s:
    began_s = time.perf_counter()
    time.sleep(float(sys.argv[2]))
    took.append(time.perf_counter() - began_s)
print(*took)
"""


def sink_below(pid: int) -> int | None:
    """Return the process of a sink among the descendants of *pid*."""
    parents, sinks = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if b"sinks.main" in (folder / "cmdline").read_bytes():
                sinks.append(int(folder.name))
        except (OSError, ValueError):
            continue
    for sink in sinks:
        above = sink
        while above in parents and above != pid:
            above = parents[above]
        if above == pid:
            return sink
    return None


def steps_s(seconds: float, *, has_sink: bool, is_blocked: bool) -> list[float]:
    """Return how long each step took."""
    with tempfile.TemporaryDirectory() as folder:
        sink = ["--prometheus", "127.0.0.1:0"] if has_sink else []
        command = [sys.executable, "-m", "traincarbon", "track", "--quiet", "--interval", "1", "--store", folder, *sink, "--"]
        training = [sys.executable, "-S", "-c", TRAINING, str(seconds), str(STEP_S)]
        with subprocess.Popen([*command, *training], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            found = None
            while has_sink and found is None:
                time.sleep(0.1)
                found = sink_below(process.pid)
            if found is not None and is_blocked:
                os.kill(found, signal.SIGSTOP)
            took = [float(word) for word in process.stdout.readline().split()]
            if found is not None and is_blocked:
                os.kill(found, signal.SIGKILL)
        return took


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    cases = {"no sink": (False, False), "a sink": (True, False), "a blocked sink": (True, True)}
    took: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, (has_sink, is_blocked) in cases.items():
            took[name] += steps_s(seconds, has_sink=has_sink, is_blocked=is_blocked)
    for name, each in took.items():
        p99 = statistics.quantiles(each, n=100)[98]
        print(
            f"{name}: {len(each)} steps, median {statistics.median(each) * 1e3:.3f} ms, mean {statistics.fmean(each) * 1e3:.3f} ms, 99 % below {p99 * 1e3:.2f} ms"
        )


if __name__ == "__main__":
    main()
