"""The ``carbon`` command: a table of commands, each imported when it is called."""

import sys

from traincarbon.cli.lazy import LazyGroup
from traincarbon.errors import CarbonError

COMMANDS = {
    "estimate": "What a training will take: time, money, energy, carbon and water.",
    "validate": "How far estimates are from what real trainings reported.",
    "db": "The hardware database: list, show, check, path.",
}
"""Command to the line that ``carbon --help`` shows; the module of the same name in ``commands`` holds it."""


def main() -> None:
    """Run the command line and leave with its exit code: 0, 1 for an error of ours, 2 for wrong usage."""
    group = LazyGroup(
        "carbon",
        commands_help=COMMANDS,
        help="What a training run costs in time, money, energy, carbon and water.",
        epilog="Start with: carbon estimate --params 530e9 --tokens 270e9 --hw dgx-a100",
    )
    try:
        group(prog_name="carbon")
    except CarbonError as error:
        sys.stdout.flush()
        sys.stderr.write(f"error: {error}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        sys.exit(1)
