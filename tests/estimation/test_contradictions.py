"""Fields of a plan that contradict each other, or that mean nothing without another."""

import pytest

from traincarbon.errors import PlanError
from traincarbon.estimation.contradictions import shown
from traincarbon.estimation.plan import Plan
from traincarbon.estimation.plan_fields import FIELDS
from traincarbon.uncertain import Uncertain


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"params": 7e9, "tokens": 1e9, "epochs": 3}, "epochs need samples or audio_hours"),
        ({"hours": 3, "days": 1}, "hours and days exclude each other"),
        ({"mfu": 0.4, "hours": 3}, "mfu and hours exclude each other"),
        ({"flop": 1e20, "teacher_params": 1e9}, "flop and teacher_params exclude each other"),
        ({"flop_per_sample": 1e9}, "flop_per_sample needs samples"),
        ({"image_size": 224, "samples": 10}, "image_size needs patch_size"),
        ({"patch_size": 16}, "patch_size needs image_size"),
        ({"params": 7e9, "frozen_params": 8e9}, "frozen_params 8e+09 exceed params 7e+09"),
    ],
)
def test_fields_that_exclude_or_need_each_other_say_so(stated, message):
    with pytest.raises(PlanError) as caught:
        Plan(**stated)
    assert caught.value.hint
    assert str(caught.value) == message


def test_every_pair_of_fields_that_exclude_each_other_is_refused_with_a_hint():
    from traincarbon.estimation import contradictions

    for one, other, hint in contradictions._EXCLUSIVE:
        assert {one, other} <= FIELDS.keys()
        with pytest.raises(PlanError) as caught:
            Plan(**dict.fromkeys((one, other), 1.0))
        assert (str(caught.value), caught.value.hint) == (f"{one} and {other} exclude each other", hint)


def test_a_number_is_shown_by_its_median_and_shortly():
    assert shown(7e9) == "7e+09"
    assert shown(Uncertain(8.0, {"x": 0.1})) == "8"
    assert len(shown("x" * 100)) <= 41
