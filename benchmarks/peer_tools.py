"""The tools that wrap a command, carbon and others, and what each wrote about it."""

import csv
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

J_PER_KWH = 3.6e6
OURS = "carbon track"


class Result(NamedTuple):
    """What a tool wrote about one command: the energy of the GPUs, how long it ran, and all of its text."""

    energy_j: float | None
    duration_s: float
    text: str


class Tool(NamedTuple):
    """A tool.

    Attributes:
        words: Its command line before the command; NAME stands for the name of a run.
        results: What it wrote into a folder, one for each command.
    """

    words: list[str]
    results: Callable[[Path], list[Result]]

    def command(self, name: str, words: list[str]) -> list[str]:
        """Return the command line that runs *words* under the tool."""
        return [*(word.replace("NAME", name) for word in self.words), *words]


def tools(peers: Path) -> dict[str, Tool]:
    """Return carbon and the tools of the environment *peers*."""
    folder = peers.resolve() / "bin"
    carbon = [sys.executable, "-m", "traincarbon", "track", "--store", "store", "--quiet", "--"]
    known = {
        OURS: Tool(carbon, _of_carbon),
        "codecarbon monitor": Tool([str(folder / "codecarbon"), "monitor", "--offline", "--country-iso-code", "USA", "--"], _of_codecarbon),
        "carbontracker": Tool([str(folder / "carbontracker"), "--log_dir", "logs"], _of_carbontracker),
        "joules run": Tool([str(folder / "joules"), "run", "--no-track", "--no-cpu", "--out", "NAME.json", "--"], _of_joules),
    }
    return {name: tool for name, tool in known.items() if Path(tool.words[0]).exists()}


def _of_carbon(folder: Path) -> list[Result]:
    from traincarbon.ledger.store import Ledger

    with Ledger(folder / "store") as ledger:
        return [Result(run.energy_j["gpu"], run.duration_s, json.dumps(run.to_dict(), indent=0)) for run in ledger.runs()]


def _of_codecarbon(folder: Path) -> list[Result]:
    found = []
    for file in folder.glob("emissions*.csv"):
        with file.open(encoding="utf-8", errors="replace", newline="") as stream:
            for row in csv.DictReader(stream):
                try:
                    found.append(Result(float(row["gpu_energy"]) * J_PER_KWH, float(row["duration"]), ""))
                except (KeyError, TypeError, ValueError):  # a row that another process has torn
                    continue
    return found


def _of_carbontracker(folder: Path) -> list[Result]:
    found = []
    for file in folder.glob("logs/*_output.log"):
        said = file.read_text(encoding="utf-8", errors="replace")
        if "Actual consumption" not in said:
            continue
        texts = [each.read_text(encoding="utf-8", errors="replace") for each in file.parent.glob(file.name.replace("_output.log", "*.log"))]
        power = re.search(r"Average power usage \(W\) for gpu: ([\d.]+)", "\n".join(texts))
        clock = re.search(r"Duration: (\d+):(\d+):([\d.]+)", "\n".join(texts))
        duration_s = sum(float(part) * unit for part, unit in zip(clock.groups(), (3600, 60, 1), strict=True)) if clock else 0.0
        found.append(Result(float(power[1]) * duration_s if power else None, duration_s, "\n".join(texts)))
    return found


def _of_joules(folder: Path) -> list[Result]:
    found = []
    for file in folder.glob("*.json"):
        try:
            report = json.loads(file.read_text(encoding="utf-8", errors="replace"))
        except ValueError:
            continue
        gpus = [device["energy_j"] for device in report["devices"] if device["kind"] == "gpu"]
        found.append(Result(float(sum(gpus)) if gpus else None, report["duration_s"], json.dumps(report, indent=0)))
    return found
