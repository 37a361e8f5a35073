"""The ``carbon`` command: a table of commands, each imported when it is called."""

import os
import sys
from io import TextIOWrapper
from typing import NoReturn

from traincarbon.errors import CarbonError

COMMANDS = {
    "estimate": "Estimate time, money, energy, carbon and water of a training run.",
    "compare": "Compare hardware, regions and prices for the same work.",
    "diff": "Tell what a change of plans costs, for a pull request.",
    "advise": "Find cheaper and cleaner ways to the same goal, with evidence.",
    "sweep": "Estimate a grid of plans into a file of Parquet.",
    "optimise": "Find the best model for a budget, or the cheapest way to a loss.",
    "report": "Write a one-page report for a budget review.",
    "calculator": "Write a page that computes estimates offline, in any browser.",
    "serve": "Plan, compare and watch trainings in a browser on this machine.",
    "disclose": "State energy and CO2e as regulators, buyers and papers ask.",
    "validate": "Compare estimates with what real training runs reported.",
    "track": "Run a command and measure its time, energy, CO2e and cost.",
    "calibrate": "Fit the model to your own runs and save it as a calibration.",
    "runs": "List, show, import, export and merge recorded runs.",
    "bench": "Benchmark this machine so you can plan on it with --hw this.",
    "doctor": "Show what can be measured here, what cannot, and how to fix it.",
    "mcp": "Answer agents over the Model Context Protocol, read-only.",
    "db": "List, show and check the hardware database.",
}
"""Command to its line in ``carbon --help``; its code is the module of the same name in ``commands``."""


def main() -> None:
    """Run the command line and exit with 0, with 1 for a :class:`CarbonError`, or with 2 for wrong usage."""
    sidecar = None
    if sys.argv[1:2] == ["track"]:
        from traincarbon.tracking.command.launch import EarlySidecar

        sidecar = EarlySidecar()  # start the metering process while click is being imported
    from traincarbon.cli.lazy import LazyGroup
    from traincarbon.terminal_text import color_choice

    group = LazyGroup(
        "carbon",
        commands_help=COMMANDS,
        help="Tell what a training run costs in time, money, energy, carbon and water.",
        epilog="Start with: carbon estimate --params 530e9 --tokens 270e9 --hw dgx-a100",
    )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        group(prog_name="carbon", standalone_mode=True, obj=sidecar, color=color_choice())
    except CarbonError as error:
        _leave(str(error), error.hint)
    except OSError as error:
        if error.filename is not None:  # what is printed has no name
            _leave(f"cannot use {error.filename!r}: {error.strerror}", "is it there, is it yours, and is the disk not full?")
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the buffer cannot be written
        _leave(f"cannot write the output: {error.strerror or error}", "is the disk full?")


def _leave(message: str, hint: str) -> NoReturn:
    """Print what was wrong in one line and what to do in another, and exit with 1."""
    from traincarbon.formatting import clean
    from traincarbon.terminal_text import bold, is_styled, worse

    is_plain = not is_styled(2)
    for word, style, text in (("error", worse, message), ("hint", bold, hint)):
        if text:
            sys.stderr.write(f"{word if is_plain else style(word)}: {clean(text)}\n")
    sys.exit(1)
