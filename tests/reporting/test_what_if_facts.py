"""The facts of every combination are there, each number once; number formats and rental terms change what depends on them."""

import pytest

from traincarbon.estimation.chain import estimate
from traincarbon.reporting.plan_variants import Option, varied_plan
from traincarbon.reporting.what_if_facts import INPUTS, OF_PRECISION, Choices, as_pair, facts_data
from traincarbon.uncertain import Uncertain


def made(answer, database, *, precisions=("", "fp16", "fp8"), rents=("", "spot")):
    options = [[Option(id, id) for id in ids] for ids in (("", "dgx-h100"), ("", "france"), ("", "2024"), rents, precisions)]
    return facts_data(answer, database, Choices(*options))


def value(data, row, at):
    place = data["rows"][row][at]
    return None if place < 0 else data["pool"][place]


def test_a_combination_has_the_facts_of_its_plan(ask, shipped):
    answer = ask(servers=64)
    data, _ = made(answer, shipped)
    assert len(data["settings"]) == 8
    hardware, place, rents = data["settings"]["1|1|0"]
    there = estimate(varied_plan(answer, hw="dgx-h100", region="france"), database=shipped)
    row = [*data["rows"][hardware], *data["rows"][place]]
    for at, name in enumerate(INPUTS):
        expected = there.facts.given(name)
        assert (None if row[at] < 0 else data["pool"][row[at]]) == (None if expected is None else as_pair(expected.value)), name
    spot = estimate(varied_plan(answer, hw="dgx-h100", region="france", rent="spot"), database=shipped)
    assert value(data, rents, 1) == as_pair(spot.facts.given("rent_price").value)


def test_a_number_format_that_no_hardware_has_is_no_choice(ask, shipped):
    data, choices = made(ask(servers=64), shipped, precisions=("", "fp8", "fp4"))
    assert [each.id for each in choices.precisions] == ["", "fp8"]
    assert set(data["precise"]) == {"1|fp8"}
    fp8 = estimate(varied_plan(ask(servers=64), hw="dgx-h100", precision="fp8"), database=shipped)
    assert value(data, data["precise"]["1|fp8"], OF_PRECISION.index("mfu")) == as_pair(fp8.facts.given("mfu").value)


def test_the_format_that_the_plan_states_holds_for_every_hardware(ask, shipped):
    data, _ = made(ask(servers=64, precision="fp16"), shipped, precisions=("", "fp8"))
    assert data["precisions"] == ["fp16", "fp8"]
    assert {"0|fp16", "1|fp16", "1|fp8"} == set(data["precise"])


@pytest.mark.parametrize(("given", "pair"), [(None, None), (2.0, [2.0]), (Uncertain(2.0, {"a": 0.1}), [2.0, {"a": 0.1}])])
def test_a_number_is_its_median_with_its_spreads(given, pair):
    assert as_pair(given) == pair
