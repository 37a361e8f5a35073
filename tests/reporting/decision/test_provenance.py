"""The page says how often intervals were right, how old its prices are, and of what plan it is."""

import re
from pathlib import Path

from traincarbon.database.edition import Edition
from traincarbon.reporting.decision.provenance import (
    coverage,
    coverage_sentence,
    fingerprint,
    is_calibrated,
    made_sentence,
    price_sentence,
    scope_sentence,
    today,
)
from traincarbon.reporting.ghg import accounts_of
from traincarbon.reporting.view import EstimateView

FACTS = Edition("2026-11-30", "1f9a3c07", has_own=False)
ACCURACY = (Path(__file__).parents[3] / "docs" / "accuracy.md").read_text("utf-8")


def test_the_coverage_is_that_of_the_accuracy_page():
    for name, counted in coverage().items():
        table = ACCURACY.partition(f"### {name}\n")[2].partition("\n### ")[0]
        n, percent = re.search(r"^\| all \| (\d+) \|.*\| (\d+) % \|(?: [\d.]+ \|){3}$", table, re.MULTILINE).groups()
        assert (counted.published, round(100.0 * counted.inside / counted.published)) == (int(n), int(percent))


def test_the_coverage_is_not_stated_at_another_level(ask):
    answer = ask()
    view = EstimateView.of(answer)
    assert f"of {coverage()['accelerator_hours_h'].published} published trainings" in coverage_sentence(view, answer)
    assert coverage_sentence(view._replace(level=0.8), answer) == ""


def test_the_market_based_figure_is_stated_where_the_plan_has_contracts(ask):
    for fields, is_stated in (
        ({}, False),
        ({"carbon_intensity": 100.0}, False),
        ({"market_intensity": 20.0}, True),
        ({"region": "france", "market_intensity": 20.0}, True),
    ):
        answer = ask(**fields)
        words = scope_sentence(accounts_of(EstimateView.of(answer), answer))
        assert ("market-based not stated" not in words) is is_stated
        assert ("location-based" in words) is ("carbon_intensity" not in fields)


def test_the_price_has_its_provider_and_its_date(ask):
    answer = ask(hw="aws-p4d.24xlarge", region="us-east-1")
    assert answer.quotes[0].date in price_sentence(answer)
    assert "aws" in price_sentence(answer)
    assert price_sentence(ask(rent_price=2.0)) == ""
    assert price_sentence(None) == ""


def test_another_plan_has_another_fingerprint(ask):
    one, other = EstimateView.of(ask()), EstimateView.of(ask(tokens=2e12))
    assert fingerprint(one) == fingerprint(EstimateView.of(ask()))
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one) in made_sentence(one, FACTS)
    assert "not calibrated to your own runs" in made_sentence(one, FACTS)
    assert "facts 2026-11-30 (1f9a3c07)" in made_sentence(one, FACTS)
    assert "saved with other facts" in made_sentence(one, None)


def test_the_date_can_be_set_so_that_a_page_can_be_made_again(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert today() == "1970-01-02"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", today())


def test_a_plan_is_calibrated_where_the_estimate_took_a_calibration(ask):
    view = EstimateView.of(ask())
    calibrated = view._replace(steps=(*view.steps, view.steps[0]._replace(name="mfu_calibration")))
    assert not is_calibrated(view)
    assert is_calibrated(calibrated)
    assert ", calibrated to your own runs." in made_sentence(calibrated, FACTS)
