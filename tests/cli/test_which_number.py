"""The help of each command that prints numbers of a training says which of them to report to others."""

import click
import pytest

from traincarbon.cli import COMMANDS
from traincarbon.cli.lazy import LazyGroup

GROUP = LazyGroup("carbon", commands_help=COMMANDS)
OF_TRAININGS = ("estimate", "compare", "advise", "optimise", "sweep", "diff", "track", "report", "runs", "runs show", "runs export", "runs hours")


def help_of(words):
    command, context = GROUP, click.Context(GROUP, info_name="carbon")
    for word in words.split():
        command = command.get_command(context, word)
        context = command.context_class(command, info_name=word, parent=context)
    return " ".join(command.get_help(context).split())


@pytest.mark.parametrize("words", OF_TRAININGS)
def test_it_leads_to_the_statements_for_others(words):
    assert "carbon disclose" in help_of(words)


def test_disclose_names_every_reader_with_the_number():
    text = help_of("disclose")
    for part in ("AI Office, authorities", "your sustainability team", "readers of a paper", "grams of CO2e", "kg CO2e by scope"):
        assert part in text
