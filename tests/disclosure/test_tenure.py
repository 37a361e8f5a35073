"""Who owns the hardware follows from what is stated, then from cost, bill and plan, then from the cloud."""

from dataclasses import replace

import pytest

from traincarbon.disclosure.tenure import Tenure, holding_of_plan, holding_of_run, parse_tenure
from traincarbon.errors import CarbonError
from traincarbon.ledger.bills import Billed

ON_AWS, NOWHERE = "aws:eu-west-3", "FR"


@pytest.mark.parametrize(
    ("fields", "region", "expected"),
    [
        ({}, NOWHERE, (None, "", False)),
        ({}, ON_AWS, (True, "AWS", True)),
        ({"hw": "aws-p5.48xlarge"}, NOWHERE, (True, "AWS", True)),
        ({"hw": "no such hardware"}, "alcf:aurora", (None, "", False)),
        ({"plan": {"rent_price": 2.0}}, NOWHERE, (True, "", False)),
        ({"plan": {"purchase_price": 2e5}}, ON_AWS, (False, "", False)),
        ({"plan": {"purchase_price": 2e5, "rent_price": 2.0}}, NOWHERE, (None, "", False)),
    ],
)
def test_a_run(run_of, shipped, fields, region, expected):
    assert holding_of_run(run_of(**fields), region=region, database=shipped) == expected


def test_the_cost_of_a_record_and_a_bill_tell_it(run_of, shipped):
    run = run_of()
    assert holding_of_run(replace(run, cost_basis="rent"), region=NOWHERE, database=shipped).is_rented
    assert holding_of_run(replace(run, cost_basis="electricity and a share of the purchase"), region=ON_AWS, database=shipped) == (False, "", False)
    billed = Billed(usd=10.0, by_tag_usd=10.0, by_resource_usd=0.0, charges=1, first_day="2026-03-01", last_day="2026-03-01")
    assert holding_of_run(replace(run, billed=billed), region=NOWHERE, database=shipped).is_rented


def test_what_the_user_states_comes_first(run_of, shipped):
    assert holding_of_run(run_of(), region=ON_AWS, database=shipped, stated=Tenure.OWNED) == (False, "", False)
    assert holding_of_plan({"purchase_price": 1.0}, hw="", region=ON_AWS, database=shipped, stated=Tenure.RENTED) == (True, "AWS", False)


def test_a_plan_without_facts_has_no_cloud():
    assert holding_of_plan({}, hw="aws-p5.48xlarge", region=ON_AWS, database=None) == (None, "", False)


@pytest.mark.parametrize("text", ["leased", "", "x" * 400])
def test_another_word_is_refused(text):
    with pytest.raises(CarbonError) as refused:
        parse_tenure(text)
    assert refused.value.hint == "one of owned, rented"
    assert len(str(refused.value)) < 100
