"""Every field of a plan is an option by the same name, and what is typed wins over the file."""

import re

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from traincarbon.cli.commands.estimate import command
from traincarbon.cli.commands.optimise import command as optimise_command
from traincarbon.cli.options import SECTIONS, read_plan
from traincarbon.errors import PlanError
from traincarbon.estimation.plan_fields import CHOICES, FIELDS


def test_every_field_of_a_plan_is_an_option_by_the_same_name():
    options = {option.name: option for option in command.params if isinstance(option, click.Option)}
    for name, field in FIELDS.items():
        assert options[name].opts == [f"--{spelling.replace('_', '-')}" for spelling in (name, *field.aliases)]
        assert field.help in options[name].help


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_is_offered_and_taken_in_any_case(name):
    (option,) = [option for option in command.params if option.name == name]
    assert tuple(option.type.choices) == CHOICES[name]
    assert not option.type.case_sensitive


def test_options_win_over_the_plan_file(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text('params = 7e9\ntokens = 1e12\nhw = "h100"\n', encoding="utf-8")
    plan = read_plan(str(file), {"tokens": "2T", "hw": None, "servers": None})
    assert plan.to_dict() == {"params": 7e9, "tokens": 2e12, "hw": "h100"}


def test_a_plan_file_that_is_a_folder_is_refused(tmp_path):
    with pytest.raises(PlanError, match="cannot read"):
        read_plan(str(tmp_path), {})


@pytest.mark.parametrize(("option", "typed", "offered"), [("--hw", "dgx-a", "dgx-a100"), ("--region", "us-ea", "us-east-1"), ("--kind", "fi", "finetune")])
def test_the_shell_completes_ids_and_choices(option, typed, offered):
    completions = ShellComplete(command, {}, "carbon", "_CARBON_COMPLETE").get_completions([option], typed)
    assert offered in [completion.value for completion in completions]


def test_another_database_is_named_by_db(tmp_path):
    done = CliRunner().invoke(command, ["--params", "7B", "--tokens", "1T", "--hw", "h100", "--db", str(tmp_path / "none")])
    assert "no folder" in str(done.exception)


def test_every_field_of_a_plan_stands_in_one_section_of_the_help():
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted(FIELDS)


@pytest.mark.parametrize(("asked", "first", "last"), [(command, next(iter(SECTIONS)), "Options"), (optimise_command, "Options", list(SECTIONS)[-1])])
def test_the_help_shows_each_option_once_what_matters_first(asked, first, last):
    text = CliRunner().invoke(asked, ["--help"], terminal_width=100).output
    titles = [line[:-1] for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert (titles[0], titles[-1], len(titles)) == (first, last, 1 + len(SECTIONS))
    options = text[text.index(f"{first}:") :]
    for option in asked.params:
        if isinstance(option, click.Option):
            assert len(re.findall(rf"^  (?:-., )?{option.opts[0]}[ ,]", options, re.MULTILINE)) == 1


@pytest.mark.parametrize("typed", ["", ",", " , "])
def test_an_empty_axis_is_refused(typed):
    done = CliRunner().invoke(optimise_command, ["--hw", typed, "--budget-usd", "1e6"])
    assert (done.exit_code, "it is empty" in done.output) == (2, True)
