"""The scores are all emissions over the functional unit."""

import json

import pytest

from disclosure.conftest import UNKNOWN
from traincarbon.disclosure.formats.sci_ai import write


def test_the_scores_per_flop_token_and_parameters(disclosed):
    body = json.loads(write(disclosed())["sci-ai.json"])
    scores = {score["per"]: score["gco2e"]["median"] for score in body["scores"]}
    assert scores == pytest.approx({"FLOP": 1000.0 / 6e18, "training token": 1000.0 / 1e9, "billion parameters": 1000.0})
    assert body["operational_kgco2e"]["median"] == 0.8


def test_a_score_without_emissions_or_count_is_null_with_the_reason(disclosed, of_run):
    body = json.loads(write(disclosed(of_run(**UNKNOWN)))["sci-ai.json"])
    assert all(score["gco2e"] is None and "cannot be known" in score["why_unknown"] for score in body["scores"])
    body = json.loads(write(disclosed(of_run(tokens=None)))["sci-ai.json"])
    assert [score["gco2e"] is None for score in body["scores"]] == [False, True, False]
