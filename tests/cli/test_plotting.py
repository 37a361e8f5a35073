"""``--plot`` of every command writes one new page, and refuses a file that cannot be written before anything is computed."""

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.advise import command as advise
from traincarbon.cli.commands.estimate import command as estimate
from traincarbon.cli.plotting import check_plot, write_plot
from traincarbon.errors import CarbonError

ASKED = ["--params", "7e9", "--tokens", "1e12", "--hw", "dgx-a100", "--servers", "64"]
MOST_B = 1_500_000


@pytest.mark.parametrize(("command", "title"), [(estimate, "What to set aside"), (advise, "Alternatives to the plan")])
def test_the_page_is_new_and_small_and_stdout_is_as_without_it(command, title, tmp_path):
    file = tmp_path / "x.html"
    done = CliRunner().invoke(command, [*ASKED, "--plot", str(file)])
    assert done.exit_code == 0, done.exception
    text = file.read_text("utf-8")
    assert title in text
    assert len(text) < MOST_B
    assert done.stdout == CliRunner().invoke(command, ASKED).stdout
    assert f"plotted in {file}" in done.stderr
    before = text
    again = CliRunner().invoke(command, [*ASKED, "--plot", str(file)])
    assert isinstance(again.exception, CarbonError)
    assert file.read_text("utf-8") == before


def test_a_file_in_no_folder_is_refused_and_none_is_not(tmp_path):
    check_plot(None)
    with pytest.raises(CarbonError, match="cannot write"):
        check_plot(str(tmp_path / "none" / "x.html"))


def test_quiet_says_nothing(tmp_path, capsys):
    write_plot(str(tmp_path / "x.html"), title="T", lead=[], charts=[], quiet=True)
    assert capsys.readouterr().err == ""
