"""End carbon and other tools by a signal while they run a command: is there a result, does the command end too? Run it with ``make faults-peers``."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests"))

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
RUN_S, HANG_S, END_S = 2.0, 5.0, 7.0
COMMAND = ["sh", "-c", "echo > started; exec sleep 60"]


class Tool(NamedTuple):
    """A tool: its command line before the command, the pattern of the files that hold its result, and a word that stands in a result."""

    words: list[str]
    result: str
    word: str


class Fate(NamedTuple):
    """What became of one round."""

    result: bool
    left: bool
    hang: bool


def tools(peers: Path) -> dict[str, Tool]:
    """Return carbon and the tools that wrap a command, of those that the environment *peers* has."""
    folder = peers.resolve() / "bin"
    carbon = [sys.executable, "-m", "traincarbon", "track", "--store", "store", "--quiet", "--"]
    known = {
        "carbon track": Tool(carbon, "store/journals/*/*.jsonl", "interval"),
        "codecarbon monitor": Tool(
            [str(folder / "codecarbon"), "monitor", "--offline", "--country-iso-code", "USA", "--"], "emissions*.csv", "energy_consumed"
        ),
        "carbontracker": Tool([str(folder / "carbontracker"), "--log_dir", "logs"], "logs/*output*.log", "consumption"),
        "joules run": Tool([str(folder / "joules"), "run", "--no-track", "--out", "result.json", "--"], "result.json", "{"),
    }
    return {name: tool for name, tool in known.items() if Path(tool.words[0]).exists()}


def ended(tool: Tool, number: int) -> Fate:
    """Start a command with *tool*, signal the tool, and return what became of both."""
    from fates import MARK, processes
    from tracked import until

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mark = os.urandom(8).hex()
        env = {**os.environ, MARK: mark, "HOME": name, "XDG_DATA_HOME": str(folder / "data")}
        process = subprocess.Popen(
            [*tool.words, *COMMAND], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        if not until((folder / "started").exists, seconds=60.0):
            sys.exit(f"{tool.words[0]} does not start a command")
        time.sleep(RUN_S)
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(HANG_S)
        hang = process.poll() is None
        until(lambda: not sleeping(processes(f"{MARK}={mark}")), seconds=END_S)
        left = bool(sleeping(processes(f"{MARK}={mark}")))
        for pid in {*processes(f"{MARK}={mark}"), process.pid}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        return Fate(any(tool.word in file.read_text(encoding="utf-8", errors="replace") for file in folder.glob(tool.result)), left, hang)


def sleeping(pids: list[int]) -> list[int]:
    """Return those of *pids* that are the command."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep\x00"):
                found.append(pid)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="virtual environment with the other tools")
    parser.add_argument("--rounds", type=int, default=8, help="rounds of each tool and signal")
    options = parser.parse_args()
    found = tools(options.peers)
    rounds = [(name, how) for name in found for how in SIGNALS for _ in range(options.rounds)]
    run: Callable[[tuple[str, str]], Fate] = lambda pair: ended(found[pair[0]], getattr(signal, pair[1]))  # noqa: E731
    with ThreadPoolExecutor(4) as pool:
        fates = list(zip(rounds, pool.map(run, rounds), strict=True))
    print("| tool | signal to it | rounds | result on disk | command left running | hangs |\n|---|---|---:|---:|---:|---:|")
    for name in found:
        for how in SIGNALS:
            mine = [fate for pair, fate in fates if pair == (name, how)]
            print(
                f"| {name} | {how} | {len(mine)} | {sum(each.result for each in mine)} | {sum(each.left for each in mine)} | {sum(each.hang for each in mine)} |"
            )


if __name__ == "__main__":
    main()
