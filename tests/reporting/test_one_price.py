"""The same choice has the same price in an estimate, a comparison, advice, an optimum and a report."""

import pytest

from traincarbon.estimation.chain import estimate
from traincarbon.estimation.plan import Plan
from traincarbon.explore.advise import advise
from traincarbon.explore.compare import compare
from traincarbon.explore.compared_results import COST
from traincarbon.explore.optimise import optimise
from traincarbon.reporting.currency import USD
from traincarbon.reporting.plan_variants import Option, hardware_options, in_regions, on_hardware
from traincarbon.reporting.sections.breakdown import wholes
from traincarbon.reporting.sections.summary import cards_of
from traincarbon.reporting.view import EstimateView

PLANS = {
    "cluster": Plan(params=70e9, tokens=2e12, hw="dgx-h100", servers=64, region="sweden", start="2026-06"),
    "cloud": Plan(params=7e9, tokens=1e12, hw="aws-p5.48xlarge", servers=16, region="aws:us-east-1"),
    "old": Plan(params=7e9, tokens=1e12, hw="dgx-a100", servers=32, start="2021"),
    "home": Plan(params=1e9, tokens=1e10, hw="rtx-4090", accelerators=2, region="home"),
    "bought": Plan(params=7e9, tokens=1e12, hw="dgx-b200", servers=16, purchase_price=450e3),
}


@pytest.mark.parametrize("money", ["rent", "own"])
@pytest.mark.parametrize("name", PLANS)
def test_a_choice_has_one_price_in_every_command(shipped, name, money):
    plan = PLANS[name]
    answer = estimate(plan, database=shipped)
    usd = answer[COST[money]]
    if usd is None:
        pytest.skip("nobody rents it out")
    assert compare(plan, money=money, database=shipped).options[0].results["cost_usd"] == usd
    advice = advise(plan, money=money, database=shipped)
    assert advice.results["cost_usd"] == usd
    best = optimise(plan.__replace__(params=None, tokens=None), budget_usd=usd.median, money=money, database=shipped).best
    assert best.results["cost_usd"] == estimate(best.plan, database=shipped)[COST[money]]
    place = answer.facts.place
    regions = [] if place is None else in_regions(answer, shipped, [Option(place.id, place.name)])
    assert [region.answer[COST[money]] for region in regions] == [usd] * len(regions)


def test_owning_instead_of_renting_costs_what_the_estimate_says(shipped):
    plan = PLANS["cluster"].__replace__(tokens=15e12)
    answer = estimate(plan, database=shipped)
    (own,) = [found for found in advise(plan, money="rent", database=shipped).alternatives if found.id == "own"]
    assert own.results["cost_usd"] == answer["tco_usd"]
    largest = max(answer.ownership_usd.values()) / answer.median("tco_usd")
    assert f"total cost of ownership: hardware, less its resale {100 * largest:.0f} %; " in own.how


@pytest.mark.parametrize("name", PLANS)
def test_the_lines_of_ownership_add_up_to_it_in_every_answer(shipped, name):
    answer = estimate(PLANS[name], database=shipped)
    assert sum(answer.ownership_usd.values()) == pytest.approx(answer.median("tco_usd"))
    assert answer.to_dict()["ownership_usd"] == answer.ownership_usd
    assert (answer.ownership_usd["staff_usd"] == 0.0) is (name == "home")


def test_what_cannot_be_bought_has_no_lines(shipped):
    assert estimate(params=7e9, tokens=1e10, hw="tpu-v5p", database=shipped).ownership_usd == {}


@pytest.mark.parametrize("name", PLANS)
def test_the_report_shows_that_price_and_splits_it_into_its_lines(shipped, name):
    answer = estimate(PLANS[name], database=shipped)
    view = EstimateView.of(answer)
    (split,) = [whole for whole in wholes(view) if whole.name == "tco_usd"]
    assert sum(part.value for part in split.parts) == pytest.approx(answer.median("tco_usd"))
    first = cards_of(view, USD)[0]
    assert first.name == ("tco_usd" if answer["rent_usd"] is None else "rent_usd")
    if first.name == "rent_usd":
        assert first.remark == f"ownership: {USD.amount(answer.median('tco_usd'), '$')}"


def test_hardware_in_the_report_costs_what_a_comparison_says(shipped):
    answer = estimate(PLANS["cluster"], database=shipped)
    variants = on_hardware(answer, shipped, hardware_options(answer, shipped))
    assert len(variants) > 1
    for variant in variants:
        assert variant.answer["tco_usd"] == compare(variant.answer.plan, money="own", database=shipped).options[0].results["cost_usd"]
