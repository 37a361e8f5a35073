"""``carbon calculator``: the page, written whole or not at all."""

import json

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.calculator import command
from traincarbon.errors import CarbonError


@pytest.fixture
def made(tmp_path):
    file = tmp_path / "calculator.html"
    return file, CliRunner().invoke(command, ["-o", str(file), "--json"])


def test_a_page_is_written_and_json_says_how_large_it_is(made):
    file, done = made
    assert done.exit_code == 0, done.exception
    assert json.loads(done.stdout) == {"file": str(file), "size_b": file.stat().st_size}
    assert done.stderr == ""
    again = CliRunner().invoke(command, ["-o", str(file)])
    assert isinstance(again.exception, CarbonError)
