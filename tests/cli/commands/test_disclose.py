"""``carbon disclose`` writes the statements about runs and plans."""

import json

from click.testing import CliRunner

from traincarbon.cli.commands.disclose import command


def run(*words):
    return CliRunner().invoke(command, words, catch_exceptions=False)


def test_one_format_is_printed():
    done = run("reports/bert-large.toml", "--as", "hf")
    assert done.exit_code == 0
    assert done.stdout.startswith("---\nco2_eq_emissions:\n")


def test_formats_are_written_into_a_folder(tmp_path):
    done = run("reports/bert-large.toml", "--as", "ghg,paper", "--as", "spdx", "-o", str(tmp_path / "new"))
    assert done.exit_code == 0
    assert {file.name for file in (tmp_path / "new").iterdir()} == {"ghg.csv", "paper.md", "paper.tex", "spdx.json"}
    assert "not known: " in done.stderr


def test_json_has_all():
    done = run("reports/bert-large.toml", "--json", "--original-flop", "1e22", "--task-tokens", "1M")
    stated = json.loads(done.stdout)
    assert stated["schema"] == "traincarbon/disclosure/1"
    assert len(stated["files"]) == 10
    assert "1,000,000 tokens" in stated["files"]["eu-gpai.md"]
