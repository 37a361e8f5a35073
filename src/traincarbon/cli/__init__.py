"""The ``carbon`` command: a table of commands, each imported when it is called."""

import os
import sys
from io import TextIOWrapper
from typing import NoReturn

from traincarbon.errors import CarbonError

COMMANDS = {
    "estimate": "What a training will take: time, money, energy, carbon and water.",
    "compare": "The same work on other hardware, in other regions, at other prices.",
    "advise": "Cheaper and cleaner ways to the same end, each with its evidence.",
    "optimise": "The best model within a budget, or the cheapest way to a loss.",
    "report": "One page for a budget review: plans, saved estimates and runs.",
    "validate": "How far estimates are from what real trainings reported.",
    "track": "Run a command and meter it: time, energy, CO2e and cost as it runs.",
    "calibrate": "Fit estimates to your own runs, and keep that under a name.",
    "runs": "What trainings really took: list, show, import, export, merge.",
    "bench": "Measure this machine, so that --hw this can be estimated on.",
    "doctor": "What can be metered here, what cannot, why, and how to allow it.",
    "db": "The hardware database: list, show, check, path.",
}
"""Command to the line that ``carbon --help`` shows; the module of the same name in ``commands`` holds it."""


def main() -> None:
    """Run the command line and leave with its exit code: 0, 1 for an error of ours, 2 for wrong usage."""
    sidecar = None
    if sys.argv[1:2] == ["track"]:
        from traincarbon.tracking.command.launch import EarlySidecar

        sidecar = EarlySidecar()  # the metering process starts while click is imported
    from traincarbon.cli.lazy import LazyGroup

    group = LazyGroup(
        "carbon",
        commands_help=COMMANDS,
        help="What a training run costs in time, money, energy, carbon and water.",
        epilog="Start with: carbon estimate --params 530e9 --tokens 270e9 --hw dgx-a100",
    )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        group(prog_name="carbon", standalone_mode=True, obj=sidecar)
    except CarbonError as error:
        _leave(str(error), error.hint)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left in the buffer has nowhere to go
        _leave(f"cannot write the output: {error.strerror or error}", "is the disk full?")


def _leave(message: str, hint: str) -> NoReturn:
    """Say what was wrong in one line, what to do in another, and leave with exit code 1."""
    lines = [f"error: {message}", f"hint: {hint}"] if hint else [f"error: {message}"]
    for line in lines:
        sys.stderr.write("".join(character if character.isprintable() else "�" for character in line) + "\n")
    sys.exit(1)
