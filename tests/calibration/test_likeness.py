import pytest

from traincarbon.calibration.likeness import family_of_job, is_like
from traincarbon.estimation.plan import Plan


@pytest.mark.parametrize(("params", "other", "like"), [(1e9, 1e9, True), (1e9, 3.9e9, True), (3.9e9, 1e9, True), (1e9, 4.1e9, False), (4.1e9, 1e9, False)])
def test_models_of_like_size_are_a_factor_of_four_apart_at_most(params, other, like):
    assert is_like(params, other) is like


def test_a_mixture_of_experts_is_a_family_of_its_own():
    assert family_of_job(Plan(params="47B", active_params="13B", kind="finetune")) == "moe decoder finetune"
