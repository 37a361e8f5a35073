"""Help fits the screen, and an example can be copied from it as it stands."""

import shlex

import click
import pytest

from traincarbon.cli import COMMANDS
from traincarbon.cli.help_format import line_within
from traincarbon.cli.lazy import LazyGroup

EXAMPLES = (
    'carbon report plan.toml -o plan.html --budget 5e6 --approver "Head of research"',
    "carbon serve --root-path /user/ada/proxy/8765 --allow-host jupyter.example.org",
    "carbon track --plan plan.toml --max-kwh 50 -- torchrun train.py",
    "carbon compare --params 70B --tokens 2T --hw p4d,p5 --region us-east-1,sweden",
)
UNBREAKABLE = ("JobID,State,Start,ElapsedRaw,NNodes,AllocTRES,ConsumedEnergyRaw",)
"""Words of examples that are longer than a narrow screen."""


def contexts(command, parent=None, name="carbon"):
    """Yield the context of a command and of those below it."""
    context = command.context_class(command, info_name=name, parent=parent)
    yield context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from contexts(command.get_command(context, each), context, each)


@pytest.mark.parametrize("room", [38, 58, 78])
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_in_several_lines_is_the_same_command(example, room):
    lines = line_within(example, room)
    assert all(len(line) <= room for line in lines)
    assert shlex.split("\n".join(lines).replace("\\\n", " ")) == shlex.split(example)


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_the_help_of_every_command_fits_the_screen(columns):
    for context in contexts(LazyGroup("carbon", commands_help=COMMANDS)):
        context.terminal_width = columns
        for line in context.get_help().splitlines():
            assert len(line) <= columns or any(word in line for word in UNBREAKABLE), (context.command_path, line)
