"""What faults do to carbon and to other tools that wrap a command: the rounds of faults.py, for each tool that can be put through them.

Run it with ``make faults-peers``. Only carbon has journals that several processes write and an index; of the others, what they keep is damaged instead (see peer_damage.py).
"""

import argparse
import contextlib
import itertools
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "tests"), str(HERE.parent)]

from peer_tools import OURS, Result, Tool, tools  # noqa: E402  beside this file

HELD_S, LONGEST_S, LEFT_S, START_S = 5.0, 60.0, 7.0, 120.0
BOARDS, BOARD_W, TRAINING_S = 2, 300.0, 2.5
KILLED = list(itertools.product(("tool", "command"), ("SIGKILL", "SIGTERM", "SIGINT", "SIGSTOP")))
MOST_WRONG = 0.2
"""Share of the energy of a run without a fault by which one with a fault may differ: some tools look twice a second only."""
EXPLAINS = re.compile(r"(?i)(gpu|nvml|nvidia|device|energy)[^\n]*(fail|error|not |no |cannot|could|unable|lost|gap|miss|unknown|assum|answer)|metered_s")


class Failure(NamedTuple):
    """How one round failed; nothing of it is so in a good one."""

    no_result: bool = False
    wrong_energy: bool = False
    exit_code: bool = False
    traceback: bool = False
    left: bool = False
    held: bool = False


HEADS = ("no result", "wrong energy, unsaid", "wrong exit code", "traceback", "command left running", "held back > 5 s")


class Ended(NamedTuple):
    """How a tool ended: its exit code, None if it had to be killed; what it said; how long before its command began, and how long after it that took."""

    code: int | None
    said: str
    before_s: float
    after_s: float


class Place:
    """A folder in which a tool runs, with boards that a library replays; the trace begins *begins_s* from now."""

    def __init__(self, folder: Path, library: Path, *lines: str, begins_s: float = 0.0) -> None:
        from fates import MARK
        from native.replay import environment

        self.folder, self.mark = folder, f"{MARK}={os.urandom(8).hex()}"
        trace = folder / "trace"
        trace.write_text("\n".join([f"wave 1:{BOARD_W}", f"origin {time.monotonic() + begins_s}", *(lines or (f"devices {BOARDS}",))]) + "\n")
        smi = folder / "nvidia-smi"  # codecarbon looks for the command before it uses the library
        smi.write_text("#!/bin/sh\nexit 0\n")
        smi.chmod(0o755)
        self.env = environment(library, trace, PATH=f"{folder}{os.pathsep}{os.environ['PATH']}", HOME=str(folder), XDG_DATA_HOME=str(folder / "data"))
        self.env = {name: value for name, value in self.env.items() if name not in ("PYTHONPATH", "CUDA_VISIBLE_DEVICES")} | {MARK: self.mark.partition("=")[2]}

    def start(self, tool: Tool, name: str, script: str) -> "subprocess.Popen[bytes]":
        """Start a shell script under the tool."""
        with (self.folder / f"{name}.said").open("wb") as said:
            words = tool.command(name, ["sh", "-c", script])
            return subprocess.Popen(words, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True)

    def said(self, name: str) -> str:
        """Return what the tool said."""
        return (self.folder / f"{name}.said").read_text(errors="replace")

    def end(self) -> bool:
        """End all processes that are left, and return whether the command was among them."""
        from fates import processes
        from tracked import until

        until(lambda: not sleeping(processes(self.mark)), seconds=LEFT_S)
        is_left = bool(sleeping(processes(self.mark)))
        if not is_left:
            until(lambda: not processes(self.mark), seconds=LEFT_S)
        for pid in processes(self.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return is_left


def sleeping(pids: list[int]) -> list[int]:
    """Return those of *pids* that are the command."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep\x00"):
                found.append(pid)
    return found


def killed(tool: Tool, library: Path, number: int) -> Failure:
    """Kill, interrupt or stop the tool or its command at a random moment."""
    from tracked import until

    who, how = KILLED[number % len(KILLED)]
    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name), library)
        process = place.start(tool, "run", f"echo $$ > pid; mv pid started; exec sleep {2 if how == 'SIGSTOP' else 60}")
        if not until((place.folder / "started").exists, seconds=START_S):
            process.kill()
            place.end()
            return Failure(no_result=True, held=True)
        time.sleep(random.Random(number).uniform(0.0, 1.2))
        pid = process.pid if who == "tool" else int((place.folder / "started").read_text())
        os.kill(pid, getattr(signal, how))
        began_s = time.monotonic()
        if how == "SIGSTOP":
            time.sleep(0.15)
            os.kill(pid, signal.SIGCONT)
            began_s += 2.0
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(HELD_S + max(began_s - time.monotonic(), 0.0))
        is_held, code = process.poll() is None, process.poll()
        is_left = place.end()
        process.wait()
        is_wrong = code is not None and (code == 0) != (how == "SIGSTOP")
        return Failure(not tool.results(place.folder), False, is_wrong, "Traceback" in place.said("run"), is_left and who == "tool", is_held)


def measured(tool: Tool, library: Path, *lines: str, begins_s: float = 0.0) -> tuple[Ended, list[Result]]:
    """Run a command of a known length that exits with 7 under a tool, and return how that ended and what it measured."""
    with tempfile.TemporaryDirectory() as name:
        place, started_s = Place(Path(name), library, *lines, begins_s=begins_s), time.time()
        process = place.start(tool, "run", f"date +%s.%N > began; sleep {TRAINING_S}; date +%s.%N > ended; exit 7")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LONGEST_S)
        code, now_s = process.poll(), time.time()
        process.kill()
        process.wait()
        place.end()
        began_s, ended_s = (float(file.read_text()) if file.exists() else now_s for file in (place.folder / "began", place.folder / "ended"))
        return Ended(code, place.said("run"), began_s - started_s, now_s - ended_s), tool.results(place.folder)


class Usual(NamedTuple):
    """What a tool does without a fault: how long it takes to start a command, the power that it measures, and the lines that it writes."""

    start_s: float
    power_w: float
    lines: frozenset[str]


def usual_of(tool: Tool, library: Path) -> Usual:
    """Return what a tool does without a fault."""
    ended, (found,) = measured(tool, library)
    return Usual(ended.before_s, (found.energy_j or 0.0) / found.duration_s, without_numbers(ended.said + "\n" + found.text))


def without_numbers(text: str) -> frozenset[str]:
    """Return the lines of a text without its numbers, by which lines that come every time are recognised."""
    return frozenset(re.sub(r"[0-9a-f]*\d[\w.:-]*", "#", line) for line in text.splitlines())


def failed_driver(tool: Tool, library: Path, usual: Usual, lines: Sequence[str], boards: int) -> Failure:
    """Fail one call of NVML while a tool measures a command."""
    ended, results = measured(tool, library, *lines, begins_s=usual.start_s)
    is_held = ended.code is None or ended.after_s > HELD_S
    outcome = Failure(exit_code=ended.code not in (7, None), traceback="Traceback" in ended.said, held=is_held)
    if not results:
        return outcome._replace(no_result=True)
    found = results[0]
    energy_j = usual.power_w * found.duration_s * (boards > 0)
    is_off = abs((found.energy_j or 0.0) - energy_j) > MOST_WRONG * max(energy_j, 1.0)
    new = without_numbers(ended.said + "\n" + found.text) - usual.lines
    return outcome._replace(wrong_energy=is_off and not any(EXPLAINS.search(line) for line in new))


def crowd(tool: Tool, library: Path, rounds: int) -> list[Failure]:
    """Start many commands under a tool at once in one folder."""
    from tracked import until

    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name), library)
        processes = [place.start(tool, f"run{number}", f"sleep 1; date +%s.%N > ended{number}; exit 7") for number in range(rounds)]
        until(lambda: all(process.poll() is not None for process in processes), seconds=START_S + LONGEST_S)
        codes = [process.poll() for process in processes]
        for process in processes:
            process.kill()
            process.wait()
        place.end()
        n_found = len(tool.results(place.folder))
        said = [place.said(f"run{number}") for number in range(rounds)]
        return [
            Failure(number >= n_found, False, codes[number] not in (7, None), "Traceback" in said[number], False, codes[number] is None)
            for number in range(rounds)
        ]


def damaged(tool_name: str, python: Path, rounds: int) -> tuple[int, int]:
    """Return in how many rounds damage of what a tool keeps lost something without a word, and in how many it ended in a traceback."""
    script = str(HERE.parent / "peer_damage.py")
    done = subprocess.run([str(python), script, tool_name, str(rounds)], capture_output=True, text=True, check=True)
    lost, tracebacks = map(int, done.stdout.strip().splitlines()[-1].split())
    return lost, tracebacks


def tried(pool: ThreadPoolExecutor, trials: Sequence[Callable[[], Failure]]) -> list[Failure]:
    """Return how each trial failed; what was late is tried again alone, as a busy machine holds every process back, and the second outcome counts."""
    found = list(pool.map(lambda trial: trial(), trials))
    return [trial() if first.held or first.left else first for first, trial in zip(found, trials, strict=True)]


def row(kind: str, name: str, found: Sequence[Failure], took_s: float) -> str:
    """Return a line of the table."""
    counts = [str(sum(each[at] for each in found)) for at in range(len(HEADS))]
    return f"| {kind} | {name} | {len(found)} | {' | '.join(counts)} | {took_s:.0f} |"


def main() -> None:
    from nvml_faults import faults

    from native.replay import build

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="virtual environment with the other tools")
    parser.add_argument("--every", type=int, default=1, help="do every so many rounds only")
    parser.add_argument("--at-once", type=int, default=4, help="rounds at the same time")
    options = parser.parse_args()
    every, found = max(options.every, 1), tools(options.peers)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts this in the background ignores it, and so would the tools
    print(f"| fault | tool | rounds | {' | '.join(HEADS)} | took, s |\n|---|---|---:|{'---:|' * len(HEADS)}---:|", flush=True)
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(options.at_once) as pool:
        library = build(Path(name))
        cases = list(faults())[::every]

        def timed(kind: str, tool_name: str, make: Callable[[], list[Failure]]) -> None:
            began_s = time.monotonic()
            print(row(kind, tool_name, make(), time.monotonic() - began_s), flush=True)

        for tool_name, tool in found.items():
            kills = [partial(killed, tool, library, number) for number in range(max(200 // every, len(KILLED)))]
            timed("kill, interrupt or stop one process", tool_name, partial(tried, pool, kills))
        for tool_name, tool in found.items():
            timed("trackers at once in one folder", tool_name, partial(crowd, tool, library, max(64 // every, 1)))
        for tool_name, tool in found.items():
            usual = usual_of(tool, library)
            failing = [partial(failed_driver, tool, library, usual, case.lines, case.boards) for case in cases]
            timed("faults of NVML", tool_name, partial(tried, pool, failing))
    for tool_name, kept in {"codecarbon": "emissions.csv", "carbontracker": "logs"}.items():
        lost, tracebacks = damaged(tool_name, options.peers / "bin" / "python", max(1000 // every, 1))
        print(f"\ndamaged {kept} of {tool_name}, {max(1000 // every, 1)} rounds: {lost} lost without a word, {tracebacks} tracebacks", flush=True)
    print(f"\nDamaged journals and indexes of {OURS}: make faults. joules reads nothing back.")


if __name__ == "__main__":
    main()
