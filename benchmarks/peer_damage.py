"""Damage the results that other tools keep, at random, and let them read or continue them. Run it with the Python of the tools.

Usage: python benchmarks/peer_damage.py codecarbon|carbontracker ROUNDS

Prints how many rounds lost something without a word, and how many ended in a traceback.
"""

import contextlib
import csv
import io
import logging
import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from damage import changed

RUNS = 5


def continued_csv(folder: Path, chance: random.Random) -> bool:
    """Damage codecarbon's emissions.csv and let it add a run, as ``codecarbon monitor`` does: are the new row and all rows that were not damaged there?

    Return whether one is lost, unsaid.
    """
    from codecarbon.core.util import suppress
    from codecarbon.external.logger import logger
    from codecarbon.output_methods.emissions_data import EmissionsData
    from codecarbon.output_methods.file import FileOutput

    def row(name: str) -> EmissionsData:
        values = {
            field.name: name if field.name == "run_id" else 1.5 if field.type in (float, "float") else 1 if field.type in (int, "int") else "x"
            for field in fields(EmissionsData)
        }
        return EmissionsData(**values)

    said = io.StringIO()
    logger.handlers[:] = [logging.StreamHandler(said)]
    output = FileOutput("emissions.csv", str(folder))
    for number in range(RUNS):
        output.out(row(f"run-{number}"), None)
    file = folder / "emissions.csv"
    file.write_bytes(changed(file.read_bytes(), chance))
    sound = {line for line in file.read_text(errors="replace").splitlines() if line.count(",") == len(fields(EmissionsData)) - 1 and "run-" in line}
    logger.setLevel(logging.ERROR)  # as `codecarbon monitor` has it
    with suppress(Exception):  # as the tracker, when it stops
        output.out(row("run-new"), None)
    kept = [path.read_text(errors="replace") for path in folder.iterdir()]
    rows = list(csv.DictReader(io.StringIO(file.read_text(errors="replace"))))
    is_there = any(one.get("run_id") == "run-new" for one in rows) and all(any(line in text.splitlines() for text in kept) for line in sound)
    return not is_there and not said.getvalue()


def parsed_logs(folder: Path, chance: random.Random) -> bool:
    """Damage one of carbontracker's logs and let it read all: must the others be as before, and is what is missing said? Return whether something is lost, unsaid."""
    from carbontracker import parser

    for number in range(RUNS):
        name = f"{number}_2026-11-30T04000{number}Z_carbontracker"
        (folder / f"{name}.log").write_text(LOG)
        (folder / f"{name}_output.log").write_text(OUTPUT)
    before = {entry["output_filename"]: str(entry["actual"]) for entry in parser.parse_all_logs(str(folder))}
    victim = folder / chance.choice(sorted(path.name for path in folder.iterdir() if "2_2026" in path.name))
    victim.write_bytes(changed(victim.read_bytes(), chance))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        after = {entry["output_filename"]: str(entry["actual"]) for entry in parser.parse_all_logs(str(folder))}
    return any(after.get(name) != actual for name, actual in before.items()) and not said.getvalue()


LOG = """2026-11-30 04:06:15 - carbontracker version 2.4.7
2026-11-30 04:06:16 - The following components were found: GPU with device(s) NVIDIA H100 80GB HBM3.
2026-11-30 04:06:16 - Monitoring thread started.
2026-11-30 04:06:19 - Epoch 1:
2026-11-30 04:06:19 - Duration: 0:00:02.51
2026-11-30 04:06:19 - Average power usage (W) for gpu: 300.0
2026-11-30 04:06:19 - Monitoring thread ended.
"""
OUTPUT = """2026-11-30 04:06:19 - CarbonTracker:
Actual consumption:
\tTime:\t0:00:03
\tEnergy:\t0.000369662035 kWh
\tCO2eq:\t0.164499605795 g
\tThis is equivalent to:
\t0.001540258481 km travelled by car
2026-11-30 04:06:19 - CarbonTracker: Finished monitoring.
"""


def main(tool: str, rounds: int) -> None:
    action: Callable[[Path, random.Random], bool] = {"codecarbon": continued_csv, "carbontracker": parsed_logs}[tool]
    lost = tracebacks = 0
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            try:
                lost += action(Path(folder), random.Random(number))
            except Exception as error:  # noqa: BLE001  that is what is counted
                tracebacks += 1
                print(f"round {number}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
    print(lost, tracebacks)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
