"""Disclosures are written whole, are the same when made twice, and invent nothing."""

import json
import socket
from dataclasses import replace

import pytest

from traincarbon.disclosure.disclose import disclose
from traincarbon.errors import CarbonError
from traincarbon.estimation.plan import Plan

FILES = {"eu-gpai.md", "eu-gpai.json", "cyclonedx.json", "spdx.json", "sci-ai.json", "ghg.csv", "model-card.md", "paper.md", "paper.tex", "boamps.json"}


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("the network is used")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("no_network")
def test_all_formats_of_a_run_are_written(run_of, tmp_path):
    made = disclose(run_of(), output=tmp_path / "statements")
    assert set(made.files) == FILES == {file.name for file in (tmp_path / "statements").iterdir()}
    assert made.disclosure.date == "2026-03-01"


def test_they_are_the_same_when_made_twice(run_of, shipped, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    plan = Plan(params=7e9, tokens=1e12, hw="dgx-a100")
    assert disclose(run_of(), plan, database=shipped).files == disclose(run_of(), plan, database=shipped).files
    assert disclose(plan, database=shipped).disclosure.date == "2026-01-01"


def test_existing_files_are_kept_unless_forced(run_of, tmp_path):
    (tmp_path / "ghg.csv").write_text("mine")
    with pytest.raises(CarbonError, match="already exists") as caught:
        disclose(run_of(), output=tmp_path)
    assert "--force" in caught.value.hint
    assert [file.name for file in tmp_path.iterdir()] == ["ghg.csv"]
    assert (tmp_path / "ghg.csv").read_text() == "mine"
    disclose(run_of(), output=tmp_path, formats=["ghg"], force=True)
    assert (tmp_path / "ghg.csv").read_text().startswith("subject,")


@pytest.mark.parametrize("value", ["0", "-1", "nan", "1e400", "many", 0.0, float("inf"), 10**400])
def test_impossible_amounts_are_refused(run_of, value):
    for name in ("task_tokens", "original_flop"):
        with pytest.raises(CarbonError):
            disclose(run_of(), **{name: value})


def test_nothing_to_disclose_is_refused(tmp_path):
    with pytest.raises(CarbonError, match="nothing to disclose") as refused:
        disclose(store=tmp_path)
    assert "--all" not in str(refused.value.hint)


def test_every_number_of_every_json_is_finite(run_of, shipped):
    for content in disclose(run_of(facility_energy_kwh=None), Plan(params=7e9, tokens=1e12, hw="h100"), database=shipped).files.values():
        assert "NaN" not in content
        assert "Infinity" not in content


def test_the_result_is_json(run_of):
    made = disclose(run_of(), formats=["paper"], model="m", provider="p")
    stated = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    assert (stated["schema"], stated["model"], stated["provider"], set(stated["files"])) == ("traincarbon/disclosure/1", "m", "p", {"paper.md", "paper.tex"})


def test_texts_of_a_run_cannot_control_a_terminal_or_turn_the_reading_direction(run_of):
    evil = "x\x1b[31m\u009b\u202ey"
    run = replace(run_of(), run_id=evil, project=evil, hw=evil, notes=(evil,), versions={evil: evil})
    for name, content in disclose(run).files.items():
        assert not {"\x1b", "\u009b", "\u202e"} & set(content), name
