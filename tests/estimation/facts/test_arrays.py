"""The facts of an array of plans: each member gets those that it would get alone."""

import numpy as np
import pytest

from traincarbon.errors import CarbonError
from traincarbon.estimation.facts.arrays import combined, questions_of
from traincarbon.estimation.facts.gather import answer
from traincarbon.estimation.facts.question import Question
from traincarbon.estimation.plan import Plan
from traincarbon.uncertain import median_of


def test_one_server_at_home_has_no_switches_beside_two_that_have(shipped):
    plan = Plan(hw="dgx-a100", region="on-prem", params=7e9, tokens=1e9, servers=np.array([1.0, 2.0, 1.0]))
    (first, is_first), (second, is_second) = questions_of(plan)
    assert [first.is_one_server, second.is_one_server] == [False, True]
    assert [is_first.tolist(), is_second.tolist()] == [[False, True, False], [True, False, True]]
    both = combined(answer(first, shipped), answer(second, shipped), is_other=is_second)
    shares = [median_of(answer(question, shipped).value("network_share")) for question in (second, first, second)]
    assert median_of(both.value("network_share")).tolist() == shares
    assert shares[0] == 0.0 < shares[1]


def test_few_accelerators_are_those_of_each_member():
    plan = Plan(hw="a100", params=7e9, tokens=1e9, accelerators=np.array([8.0, 64.0, 4.0]))
    assert [question.few_accelerators for question, _ in questions_of(plan)] == [None, 4, 8]
    assert all(question == Question.of(Plan(hw="a100", accelerators=n)) for (question, _), n in zip(questions_of(plan), (64, 4, 8), strict=True))


def test_a_fact_that_only_some_plans_have_is_refused(shipped):
    known = answer(Question(hw="dgx-a100"), shipped)
    with pytest.raises(CarbonError, match="is known for some of the plans only") as caught:
        combined(known, answer(Question(hw="rtx-4070"), shipped), is_other=np.array([True, False]))
    assert caught.value.hint == "estimate them apart"
