"""The regions and hardware shown are those that the plan could use."""

import pytest

from traincarbon.reporting.plan_variants import hardware_options, in_regions, on_hardware, region_options, varied_plan


def test_hardware_outside_clouds_is_shown_in_well_known_countries(ask, shipped):
    found = [choice.id for choice in region_options(ask(region="US-VA"), shipped)]
    assert {"SE", "FR", "US", "PL"} <= set(found)
    assert found[-1] == "US-VA"


def test_hardware_of_a_cloud_is_shown_in_its_own_regions_from_clean_to_dirty(ask, shipped):
    found = region_options(ask(hw="aws-p5.48xlarge", region="us-east-1"), shipped)
    assert all(choice.id.startswith("aws:") for choice in found)
    assert len(found) <= 13
    totals = [each.answer.median("total_kgco2e") for each in in_regions(ask(hw="aws-p5.48xlarge", region="us-east-1"), shipped, found)]
    assert totals == sorted(totals)
    assert totals[-1] > 4 * totals[0]


def test_the_plans_own_place_and_hardware_are_marked(ask, shipped):
    answer = ask(region="france")
    assert [each.option.id for each in in_regions(answer, shipped, region_options(answer, shipped)) if each.is_own] == ["FR"]
    assert [each.option.id for each in on_hardware(answer, shipped, hardware_options(answer, shipped)) if each.is_own] == ["dgx-a100"]


def test_other_hardware_is_of_the_same_operator_and_one_for_each_accelerator(ask, shipped):
    found = [choice.id for choice in hardware_options(ask(hw="aws-p4d.24xlarge"), shipped)]
    assert all(id.startswith("aws-") for id in found)
    assert "aws-p5.48xlarge" in found
    assert len({shipped.product("servers", id).keys["accelerator"] for id in found}) == len(found)


def test_a_bare_accelerator_is_compared_with_accelerators(ask, shipped):
    found = [choice.id for choice in hardware_options(ask(hw="a100-sxm4-80gb"), shipped)]
    assert "h100-sxm5-80gb" in found
    assert all(shipped.product("accelerators", id) for id in found)


def test_a_plan_goes_elsewhere_with_as_many_accelerators(ask, shipped):
    answer = ask(servers=18)
    assert varied_plan(answer, hw="dgx-gb200").accelerators == 144.0
    assert varied_plan(ask(), hw="dgx-gb200").accelerators is None
    for each in on_hardware(answer, shipped, hardware_options(answer, shipped)):
        assert each.answer.accelerators == 144.0


def test_what_lacks_the_plans_number_format_is_left_out(ask, shipped):
    answer = ask(hw="dgx-h100", precision="fp8")
    assert "dgx-a100" not in {each.option.id for each in on_hardware(answer, shipped, hardware_options(answer, shipped))}


@pytest.mark.parametrize("fields", [{}, {"hw": "acme-one-40gb"}])
def test_a_small_database_has_few_options(make_database, fields):
    from acme import PLAN, WORLD
    from traincarbon.estimation.chain import estimate

    database = make_database(WORLD)
    answer = estimate(**{**PLAN, **fields}, database=database)
    assert [choice.id for choice in region_options(answer, database)] == ["FR", "US"]
    assert [choice.id for choice in hardware_options(answer, database)] == [answer.facts.hardware.id]
