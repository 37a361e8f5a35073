"""``carbon db refresh``, ``export`` and ``check --stale``: keep facts up to date, and hand them on."""

import json

import pytest
from click.testing import CliRunner

from traincarbon.cli.commands.db import command
from traincarbon.errors import CarbonError

EDITION = "google-2026-region-carbon"
HEAD = "Google Cloud Region,Location,Google CFE,Grid carbon intensity (gCO2eq / kWh)\n"


def run(*words):
    return CliRunner().invoke(command, list(words))


@pytest.fixture
def edition(shipped, tmp_path):
    """Return a file of Google's intensities in which that of us-east4 differs from ours."""
    rows = {
        row["zone"].removeprefix("gcp:"): row["intensity_gco2e_per_kwh"]
        for row in shipped.all_rows("grid")
        if row["source"] == EDITION and row["boundary"] == "provider"
    }
    file = tmp_path / "2025.csv"
    file.write_text(HEAD + "".join(f"{name},Somewhere,0.5,{value}\n" for name, value in {**rows, "us-east4": "350"}.items()))
    return str(file)


def test_the_command_shows_the_changes_and_writes_them_only_when_asked(edition, tmp_path):
    folder = tmp_path / "facts"
    asked = ("refresh", "google-regions", edition, "--dated", "2025", "--db", str(folder))
    folder.mkdir()
    shown = run(*asked)
    assert (shown.exit_code, list(folder.iterdir())) == (0, [])
    assert "+gcp:us-east4,2025,350,direct,provider," in shown.stdout
    assert "0 added, 1 changed" in shown.stderr
    assert "nothing is written yet: --apply writes it" in shown.stderr
    answer = json.loads(run(*asked, "--apply", "--json").stdout)
    assert (answer["applied"], answer["changed"][0]["row"]["intensity_gco2e_per_kwh"]) == (True, "350")
    assert (folder / "grid.csv").read_text().splitlines()[1].startswith("gcp:us-east4,2025,350,")
    assert "Nothing to write." in run(*asked).stderr


def test_without_a_file_the_address_is_named_and_nothing_is_read(monkeypatch):
    monkeypatch.setattr("urllib.request.urlopen", None)
    refused = run("refresh", "owid").exception
    assert isinstance(refused, CarbonError)
    assert "ourworldindata.org" in str(refused)
    assert "--online" in refused.hint


@pytest.mark.parametrize("name", ["facts.json", "facts.parquet"])
def test_facts_are_exported_into_a_new_file_of_either_format(name, tmp_path):
    file = tmp_path / name
    assert run("export", "-o", str(file)).exit_code == 0
    assert file.stat().st_size > 100_000
    assert isinstance(run("export", "-o", str(file)).exception, CarbonError), "it exists"
    assert isinstance(run("export", "-o", str(tmp_path / "facts.xlsx")).exception, CarbonError)


def test_what_is_out_of_date_is_listed_by_table_and_ends_with_1():
    shown = run("check", "--stale")
    assert isinstance(shown.exception, CarbonError)
    assert shown.exception.hint == "newer ones: carbon db refresh"
    assert "grids have nothing newer than 24 months" in " ".join(shown.stdout.split())
    tables = json.loads(run("check", "--stale", "--json").stdout)
    assert tables["prices"]["most_months"] == 6
