"""How many servers are worth looking at, and the fewest that hold a training."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acme import PLAN, WORLD, fact, server
from traincarbon.errors import PlanError
from traincarbon.estimation.chain import estimate
from traincarbon.estimation.fields import MOST_COUNT
from traincarbon.estimation.server_counts import round_up, server_counts

hours = st.floats(1e-3, 1e12)
per_server = st.sampled_from([1.0, 4.0, 8.0, 16.0, 256.0])
held = st.floats(0.0, 1e6)


@pytest.mark.parametrize(
    ("number", "rounded"),
    [
        *((0.0, 1), (0.3, 1), (1.0, 1), (1.01, 2), (7.2, 8), (9.5, 10), (10.0, 10), (10.1, 12), (12.1, 15), (16.0, 16)),
        *((33.0, 40), (64.0, 64), (99.0, 100), (100.0, 100), (101.0, 120), (234.0, 240), (1010.0, 1200)),
    ],
)
def test_a_number_is_rounded_up_to_one_that_people_build(number, rounded):
    assert round_up(number) == rounded


@given(st.floats(0.0, 1e30))
def test_a_rounded_number_is_no_smaller_and_at_most_a_quarter_larger(number):
    rounded = round_up(number)
    assert number <= rounded * (1.0 + 1e-12)
    assert rounded <= max(1.25 * number, math.ceil(number), 1) * (1.0 + 1e-12)


@given(st.floats(0.0, 1e15), st.floats(0.0, 1e15))
def test_rounding_keeps_order_and_leaves_round_numbers_alone(one, other):
    low, high = sorted((one, other))
    assert round_up(low) <= round_up(high)
    assert round_up(round_up(high)) == round_up(high)


def test_the_counts_reach_from_a_year_to_weeks():
    # 2.18e6 h on 8 each: a year takes 31.1 servers, half of one 63.1, a quarter 126.2, a month 378.5
    assert server_counts(accelerator_hours_h=2.18e6, accelerator_count=8.0, fewest=152.0) == [19, 32, 64, 150, 400]
    # 1e6 h: a year takes 14.3 servers, half of one 28.9, a quarter 57.9, a month 173.6
    assert server_counts(accelerator_hours_h=1e6, accelerator_count=8.0, fewest=1.0) == [1, 15, 30, 60, 200]


@pytest.mark.parametrize("days", [365.0, 180.0, 90.0, 30.0, 14.0, 7.0, 1.0, 0.25])
def test_each_duration_that_people_plan_with_is_aimed_at(days):
    # it takes 100.1 of them, and the longer ones at most 100
    assert server_counts(accelerator_hours_h=100.1 * days * 24.0, accelerator_count=1.0, fewest=100.0)[1] == 120


def test_the_first_count_is_the_fewest_servers_that_hold_the_model():
    # 64 fill eight servers of 8, 65 need a ninth
    assert server_counts(accelerator_hours_h=1e6, accelerator_count=8.0, fewest=64.0)[0] == 8
    assert server_counts(accelerator_hours_h=1e6, accelerator_count=8.0, fewest=65.0) == [9, 15, 30, 60, 200]


def test_a_short_training_has_one_count():
    assert server_counts(accelerator_hours_h=1.0, accelerator_count=8.0, fewest=800.0) == [100]
    assert server_counts(accelerator_hours_h=1.0, accelerator_count=8.0, fewest=1.0) == [1]


@given(hours, per_server, held)
def test_there_are_at_most_five_counts_rising_from_the_fewest(accelerator_hours, each, fewest):
    counts = server_counts(accelerator_hours_h=accelerator_hours, accelerator_count=each, fewest=fewest)
    assert 1 <= len(counts) <= 5
    assert counts == sorted(set(counts))
    assert counts[0] == max(1, math.ceil(fewest / each))
    assert all(isinstance(count, int) for count in counts)


@given(hours, per_server)
def test_no_count_finishes_much_before_the_shortest_duration_aimed_at(accelerator_hours, each):
    counts = server_counts(accelerator_hours_h=accelerator_hours, accelerator_count=each, fewest=1.0)
    # a quarter of a day, but for rounding up by a quarter at most, and for a single server
    assert counts[-1] <= max(math.ceil(1.25 * accelerator_hours / each / 6.0), 1)


@pytest.fixture
def priced(make_database):
    return make_database({**WORLD, "servers/acme-box.toml": server(fact("price_usd", 80000))})


def test_an_estimate_knows_the_fewest_from_the_memory_of_its_chip(priced):
    # 1e9 × 16 B over 0.7 × 40e9 B
    assert estimate(database=priced, **PLAN).fewest_accelerators == pytest.approx(16e9 / 28e9)


def test_more_servers_finish_sooner_and_cost_in_proportion(priced):
    plan = {**PLAN, "params": 50e9, "tokens": 1e12}
    counts = estimate(database=priced, **plan).server_counts
    assert len(counts) == 5
    # 50e9 × 16 B over 28e9 B are 28.6 accelerators: four servers of eight
    assert counts[0] == 4
    answers = [estimate(database=priced, **plan, servers=count) for count in counts]
    durations = [answer.median("duration_s") for answer in answers]
    assert all(later < sooner for sooner, later in pairwise(durations))
    # each of eight costs 80,000 / 8, over 1 - 0.2 for the network: 12,500 an accelerator
    assert [answer.median("purchase_usd") for answer in answers] == pytest.approx([count * 100e3 for count in counts])


def test_fewer_servers_than_hold_the_model_are_warned_of(priced):
    plan = {**PLAN, "params": 50e9, "tokens": 2e12}
    text = "the training state does not fit in the memory of 3 × Acme Box: the figures are for 4, the fewest that hold it"
    short, enough = (estimate(database=priced, **plan, servers=count) for count in (3, 4))
    assert (short.warnings[0], short.fits, short.accelerators, short.stated_accelerators) == (text, False, 32.0, 24.0)
    assert (enough.fits, enough.accelerators) == (True, 32.0)
    assert short.duration_s == enough.duration_s
    assert not any("does not fit" in warning for warning in enough.warnings)


def test_a_strict_answer_refuses_what_does_not_fit(priced):
    with pytest.raises(PlanError, match="does not fit in the memory of 3 × Acme Box") as caught:
        estimate(database=priced, **{**PLAN, "params": 50e9, "tokens": 2e12}, servers=3, strict=True)
    assert caught.value.hint == "give 4 or more, or a smaller model"


def test_a_run_whose_hours_are_stated_has_fitted(priced):
    answer = estimate(database=priced, **{**PLAN, "params": 50e9, "tokens": 2e12}, servers=3, accelerator_hours=1e7)
    assert answer.accelerators == 24.0
    assert any("does not fit" in warning for warning in answer.warnings)


def test_of_an_array_only_the_plans_that_do_not_fit_get_more(priced):
    answer = estimate(database=priced, **{**PLAN, "params": np.array([1e9, 50e9]), "tokens": 2e12}, servers=3)
    assert answer.accelerators.tolist() == [24.0, 32.0]
    assert not answer.fits


def test_an_array_of_plans_has_no_list_of_counts(priced):
    assert estimate(database=priced, **{**PLAN, "params": np.array([1e9, 2e9])}).server_counts == []


def test_no_count_is_offered_that_a_plan_may_not_state(priced):
    assert server_counts(accelerator_hours_h=1e3, accelerator_count=8.0, fewest=1e13) == []
    for size in ({"params": 1e30}, {"tokens": 1e29}, {"params": 1e18, "tokens": 1e18}):
        answer = estimate(database=priced, **{**PLAN, **size})
        assert all(count * answer.facts.accelerator_count <= MOST_COUNT for count in answer.server_counts)
        for count in answer.server_counts:
            estimate(answer.plan, database=priced, servers=count)
